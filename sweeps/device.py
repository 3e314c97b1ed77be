"""The device that a process trains on, its share of the cores, and whether it is still of use."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from resnet.errors import first_line
from sweeps.source import Unfit

UNFIT = 4  # exit status of a rank whose node has a GPU that cannot be used


def chosen(device: str, say: Callable[[str], None]) -> str:
    """The device to train on; of "any", the CPU where no GPU was dealt to this process.

    Unfit where one was, and is there, and CUDA cannot use it. A scheduler may deal out GPUs that
    no machine has, as tests let it: then `say` is told that the CPU trains.
    """
    import torch

    if device != "any":
        return device
    if torch.cuda.is_available():
        return "cuda"
    dealt = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    if dealt.isdigit() or dealt.startswith(("GPU-", "MIG-")):
        where, number = f"on {socket.gethostname()}", int(dealt) if dealt.isdigit() else 0
        if len(_gpus()) > number:
            raise Unfit(f"{where}: GPU {dealt} was dealt out and CUDA cannot use it: {_why()}")
        say(f"{where}: GPU {dealt} was dealt out and there is none: training on the CPU")
    return "cpu"


def _gpus() -> list[Path]:
    """The driver's files, which are there even where CUDA or the service in front of it fails."""
    return list(Path("/dev").glob("nvidia[0-9]*"))


def _why() -> str:
    import torch

    try:
        torch.cuda.init()
    except (AssertionError, RuntimeError) as error:
        return first_line(error)
    return "it sees no device"


def dead(device: str) -> bool:
    """Whether nothing works on the device any more, until the process is another.

    An illegal address or a fault of the GPU stays with the process that met it. That there was
    too little memory does not.
    """
    import torch

    if device != "cuda":
        return False
    try:
        torch.cuda.synchronize()
    except RuntimeError:
        return True
    return False


def keep_to_share(threads: int | None, device: str) -> None:
    """Let this process, one of several on its node, take no more than its share of the cores.

    It sees its own GPU alone, and cannot tell how many others there are.
    """
    import torch

    from resnet.data.imagenet.loader import ENV, threads_for

    if threads and device == "cpu":
        torch.set_num_threads(threads)
    elif threads:
        os.environ[ENV] = str(threads_for(device, threads))
