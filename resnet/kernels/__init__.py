"""Kernels of our own for CIFAR-sized nets, in bfloat16: the step, and the test.

A basic block that trains is six kernels forward and eleven backward, where PyTorch's own take about
fifty; one that is tested is two, or three where it is pre-activated. They need Triton, which comes
with PyTorch for CUDA, and a C compiler; without them, or for other nets, nothing changes.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec

import torch
from torch import nn

AMPERE = (8, 0)  # the first GPUs that multiply matrices in bfloat16; AMD's were never tried
IMAGE = 32  # pixels that height and width must be a multiple of, so that rows divide evenly


def fuse_where_possible(net: nn.Module, size: tuple[int, int]) -> bool:
    """Let `net` run by these kernels on images of `size` if they know how; whether they do."""
    device = next(net.parameters()).device
    if find_spec("triton") is None or any(side % IMAGE for side in size) or not _knows(device):
        return False
    from resnet.kernels.fuse import fuse, fusible

    possible = fusible(net) and _starts(device)
    if possible:
        fuse(net)
    return possible


def _knows(device: torch.device) -> bool:
    if device.type != "cuda":
        return True  # Triton's interpreter, for tests
    return not torch.version.hip and torch.cuda.get_device_capability(device) >= AMPERE


@cache
def _starts(device: torch.device) -> bool:
    """Whether our kernels start on `device`: tried once, and why not is told once, on stderr."""
    if device.type != "cuda":
        return True
    from resnet.kernels.trial import launch

    try:
        launch(device)
    except Exception as error:  # a compiler's, the driver's, Triton's own
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"PyTorch's kernels are used, for our own do not start here: {why}", file=sys.stderr)
        return False
    return True
