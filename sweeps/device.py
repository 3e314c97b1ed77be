"""The device that a process trains on, its share of the cores, and whether it is still of use."""

from __future__ import annotations

import os


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
