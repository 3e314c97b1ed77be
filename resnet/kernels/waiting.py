"""Kernels that are launched before the one ahead of them ends, and wait inside.

Hopper's programmatic launch: the launch of a kernel, a microsecond or more, hides behind the end of
the one before. Every kernel here waits before it reads or writes what others use.
"""

from __future__ import annotations

import os
from typing import Any

import triton
import triton.language as tl
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

EARLY = tl.constexpr(os.environ.get("RESNET_EARLY") == "1")
LAUNCH: dict[str, Any] = {"launch_pdl": True} if EARLY.value else {}


@triton.jit
def wait():
    """Wait for the kernel ahead; then the next may be launched."""
    if EARLY:
        gdc_wait()
        gdc_launch_dependents()
