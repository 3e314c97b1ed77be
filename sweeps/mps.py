"""Several processes on one GPU at the same time, through NVIDIA's Multi-Process Service (MPS).

Without it a GPU takes its processes one after the other, in slices of time, and nets as small as
those of CIFAR-10 leave most of it idle in each. The service runs for as long as the workers do, in
a folder of its own, and changes no setting of the GPU. Where it is missing, or somebody runs one
already, nothing happens.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

CONTROL = "nvidia-cuda-mps-control"
SWITCH = "RESNET_MPS"  # set it to 0 where the service is not wanted
PIPE, LOG = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
QUIET: dict[str, Any] = {"capture_output": True, "timeout": 10.0}  # seconds


@contextmanager
def shared_gpu(wanted: bool = True) -> Iterator[bool]:
    """While the context lasts, processes that start share the GPU; whether they do.

    Some systems offer no service, or refuse it: the processes then take turns, as ever.
    """
    control = shutil.which(CONTROL)
    if PIPE in os.environ or not wanted or control is None or os.environ.get(SWITCH) == "0":
        yield wanted and PIPE in os.environ
        return
    with tempfile.TemporaryDirectory(prefix="mps-", ignore_cleanup_errors=True) as folder:
        there = {PIPE: folder, LOG: folder}
        started = _started(control, there)
        if started:
            os.environ.update(there)
        try:
            yield started
        finally:
            if started:
                for name in there:
                    os.environ.pop(name, None)
                _end(control, there)


def _started(control: str, there: dict[str, str]) -> bool:
    environment = {**os.environ, **there}
    # The service numbers the GPUs that it sees anew: it must see all that its clients may name.
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    try:
        if subprocess.run([control, "-d"], env=environment, **QUIET).returncode:
            return False
        # A daemon says nothing of what its server will do: ask for one before anybody needs it.
        _tell(control, there, f"start_server -uid {os.getuid()}")
        if _tell(control, there, "get_server_list").strip():
            return True
    except (OSError, subprocess.TimeoutExpired):
        pass
    _end(control, there)
    return False


def _end(control: str, there: dict[str, str]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        _tell(control, there, "quit")


def _tell(control: str, there: dict[str, str], what: str) -> str:
    environment = {**os.environ, **there}
    done = subprocess.run([control], input=f"{what}\n", env=environment, text=True, **QUIET)
    return done.stdout
