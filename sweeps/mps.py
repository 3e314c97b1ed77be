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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resnet.runs.spec import RunSpec

CONTROL = "nvidia-cuda-mps-control"
SWITCH = "RESNET_MPS"  # set it to 0 where the service is not wanted
PIPE, LOG = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
QUIET: dict[str, Any] = {"capture_output": True, "timeout": 10.0}  # seconds

# Plain and residual nets of 20 to 110 layers in bfloat16, ten at a time on an H200, against one
# after another: 1.8 times the steps a second (benchmarks/NOTES.md). More at a time give no more.
AT_ONCE, GAIN = 8, 1.8
EACH = 8 * 2**30  # bytes that a run may need: 2.3 GiB were seen there, twice that in float32
DEEPEST = 200  # layers; the activations of 1202 fill a GPU


def offered() -> bool:
    """Whether processes here can share a GPU."""
    if PIPE in os.environ:
        return True
    return shutil.which(CONTROL) is not None and os.environ.get(SWITCH) != "0"


def room(specs: Sequence[RunSpec], memory: int) -> int:
    """How many of these runs should share a GPU with so many bytes, if nobody says."""
    from resnet.nets import depth

    large = any(spec.recipe.photographs or depth(spec.net) > DEEPEST for spec in specs)
    return 1 if large or not offered() else max(1, min(AT_ONCE, memory // EACH))


@contextmanager
def shared_gpu(wanted: bool = True) -> Iterator[bool]:
    """While the context lasts, processes that start share the GPU; whether they do.

    Some systems offer no service, or refuse it: the processes then take turns, as ever.
    """
    control = shutil.which(CONTROL)
    if not wanted or not offered() or PIPE in os.environ or control is None:
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
