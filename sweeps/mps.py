"""Several processes on one GPU at the same time, through NVIDIA's Multi-Process Service (MPS).

Without it a GPU takes its processes one after the other, in slices of time, and nets as small as
those of CIFAR-10 leave most of it idle in each. The service runs for as long as the workers do, in
a folder of its own, and changes no setting of the GPU. Where it is missing, or somebody runs one
already, nothing is started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resnet.runs.spec import RunSpec

CONTROL = "nvidia-cuda-mps-control"
SWITCH = "RESNET_MPS"  # set it to 0 where the service is not wanted
PIPE, LOG = "CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"
USUAL = Path("/tmp/nvidia-mps/control")  # where every process looks for a service by itself
VISIBLE = "CUDA_VISIBLE_DEVICES"
QUIET: dict[str, Any] = {"capture_output": True, "timeout": 10.0}  # seconds

# Plain and residual nets in bfloat16 on an H200 got 1.88 times the steps a second of one after
# another by cuDNN's kernels, ten at a time, and 1.64 by our own, eight at a time
# (benchmarks/NOTES.md).
AT_ONCE, GAIN, GAIN_OWN = 8, 1.8, 1.6
EACH = 8 * 2**30  # bytes that a run may need: 2.3 GiB a run were seen there, the rest is caution
LARGEST = 200  # layers' worth of work, as ResNet-110 has 126: nothing larger was tried side by side


def offered() -> bool:
    """Whether processes here may be able to share a GPU."""
    if os.environ.get(SWITCH) == "0":
        return False
    return _somebodys() or shutil.which(CONTROL) is not None


def room(specs: Sequence[RunSpec], memory: int) -> int:
    """How many of these runs should share a GPU with so many bytes, if nobody says."""
    from resnet.planning.estimate import layers

    large = any(spec.recipe.photographs or layers(spec) > LARGEST for spec in specs)
    return 1 if large or not offered() else max(1, min(AT_ONCE, memory // EACH))


@contextmanager
def shared_gpu(wanted: bool = True) -> Iterator[bool]:
    """While the context lasts, processes that start share the GPU; whether they do.

    Some systems offer no service, or refuse it: the processes then take turns, as ever.
    """
    if not wanted or not offered() or _somebodys():
        yield wanted and offered()
        return
    with tempfile.TemporaryDirectory(prefix="mps-", ignore_cleanup_errors=True) as folder:
        there = {PIPE: folder, LOG: folder}
        keeper = None
        try:
            started = _started(there)
            if started:
                keeper = _keeper(there)
                os.environ.update(there)
            yield started
        finally:
            for name in there:
                if os.environ.get(name) == folder:
                    del os.environ[name]
            with suppress(OSError, subprocess.TimeoutExpired):
                _tell(there, "quit") if keeper is None else keeper.communicate(timeout=10.0)


def _somebodys() -> bool:
    """Whether a service runs already that this process would use."""
    return PIPE in os.environ or USUAL.exists()


def _started(there: dict[str, str]) -> bool:
    environment = {**os.environ, **there}
    if not environment.get(VISIBLE, "").startswith(("GPU-", "MIG-")):
        # Plain numbers are counted anew by the service: it must see all that clients may name.
        environment.pop(VISIBLE, None)
    try:
        if subprocess.run([CONTROL, "-d"], env=environment, **QUIET).returncode:
            return False
        # A daemon says nothing of what its server will do: ask for one before anybody needs it.
        _tell(there, f"start_server -uid {os.getuid()}")
        return bool(_tell(there, "get_server_list").strip())
    except (OSError, subprocess.TimeoutExpired):
        return False


def _keeper(there: dict[str, str]) -> subprocess.Popen[bytes]:
    """What ends the service when this process ends, even by kill -9: its input ends then."""
    words = f"cat >/dev/null; echo quit | {CONTROL}"
    none = subprocess.DEVNULL
    return subprocess.Popen(
        ["/bin/sh", "-c", words],
        env={**os.environ, **there},
        stdin=subprocess.PIPE,
        stdout=none,
        stderr=none,
        start_new_session=True,
    )


def _tell(there: dict[str, str], what: str) -> str:
    environment = {**os.environ, **there}
    done = subprocess.run([CONTROL], input=f"{what}\n", env=environment, text=True, **QUIET)
    return done.stdout
