"""Our kernels compile for the GPUs they are meant for, and fit into them: no GPU is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton")

KIB = 1024
# Compute capability: shared memory that a program may take (CUDA C++ programming guide).
SHARED = {"86": 99 * KIB, "90": 227 * KIB}
NETS = ("resnet8", "preact-resnet14", "preact-resnet20-bottleneck")
KERNELS = {
    *("_convolve", "_settle", "_apply", "_reduce", "_settle_backward", "_apply_backward"),
    *("_parts", "_sum", "_evaluate", "_activate"),
}


@pytest.mark.parametrize("capability", list(SHARED))
def test_kernels_compile_and_fit(tmp_path: Path, capability: str) -> None:
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path)}
    words = [sys.executable, "-m", "tests.compiled_kernels", capability, *NETS]
    told = subprocess.run(
        words, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert not told.returncode, told.stderr[-2000:]
    kernels = json.loads(told.stdout)
    assert {name for name, _ in kernels} == KERNELS
    assert max(shared for _, shared in kernels) <= SHARED[capability]
