"""Kernels of our own for CIFAR-sized nets, in bfloat16: the step, and the test.

A basic block that trains is six kernels forward and eleven backward, where PyTorch's own take about
fifty; one that is tested is two, or three where it is pre-activated. They need Triton, which comes
with PyTorch for CUDA; without it, or for other nets, nothing changes.
"""

from __future__ import annotations

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

    possible = fusible(net)
    if possible:
        fuse(net)
    return possible


def _knows(device: torch.device) -> bool:
    if device.type != "cuda":
        return True  # Triton's interpreter, for tests
    return not torch.version.hip and torch.cuda.get_device_capability(device) >= AMPERE
