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

CONTROL = "nvidia-cuda-mps-control"
PIPE, LOG = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
PATIENCE = 10.0  # seconds that the service gets to start, and to end


@contextmanager
def shared_gpu(wanted: bool = True) -> Iterator[bool]:
    """While the context lasts, processes that start share the GPU; whether they do.

    Some systems offer no service, or refuse it: the processes then take turns, as ever.
    """
    control = shutil.which(CONTROL)
    if not wanted or control is None or PIPE in os.environ:
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
        done = subprocess.run([control, "-d"], env=environment, **_quiet())
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _end(control: str, there: dict[str, str]) -> None:
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run([control], input=b"quit\n", env={**os.environ, **there}, **_quiet())


def _quiet() -> dict:
    return {"capture_output": True, "timeout": PATIENCE}
