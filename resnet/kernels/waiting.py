"""Kernels that are launched before the one ahead of them ends, and wait inside.

Hopper's programmatic launch: the launch of a kernel, a microsecond or more, hides behind the end of
the one before. Every kernel here waits before it reads or writes what others use, so no bit
changes. `RESNET_EARLY=0` leaves it out, 1 asks for it whatever the GPU.
"""

from __future__ import annotations

import os
from typing import Any

import torch
import triton
import triton.language as tl
from triton import knobs
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

HOPPER = (9, 0)  # the first GPUs that can
SWITCH = "RESNET_EARLY"


def early() -> bool:
    """Whether kernels should be launched early here."""
    asked = os.environ.get(SWITCH)
    if asked is not None or knobs.runtime.interpret or not torch.cuda.is_available():
        return asked == "1"
    return not torch.version.hip and torch.cuda.get_device_capability() >= HOPPER


EARLY = tl.constexpr(early())
LAUNCH: dict[str, Any] = {"launch_pdl": True} if EARLY.value else {}


@triton.jit
def wait():
    """Wait for the kernel ahead; then the next may be launched."""
    if EARLY:
        gdc_wait()
        gdc_launch_dependents()
