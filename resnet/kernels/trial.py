"""A launch for trial: Triton needs a C compiler at first use, and the driver must take its code."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import skip_init

from resnet.kernels.evaluation import evaluated
from resnet.kernels.unit import last


def launch(device: torch.device) -> None:
    """Start one of our kernels, which CIFAR's nets need anyway; raises what it takes amiss."""
    conv = skip_init(nn.Conv2d, 16, 16, 3, padding=1, bias=False, device=device)  # draws nothing
    nn.init.zeros_(conv.weight)
    conv = conv.to(memory_format=torch.channels_last)
    bn = nn.BatchNorm2d(16, device=device)
    evaluated(last(torch.zeros(1, 16, 32, 32, device=device)), conv, bn)
