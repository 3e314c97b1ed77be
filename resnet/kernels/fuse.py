"""Nets that train and are tested through the kernels of this package, made so in place."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from resnet.kernels.evaluation import evaluated
from resnet.kernels.normalised import Receipt
from resnet.kernels.unit import Basic, Stem, last
from resnet.nets.net import ResNet
from resnet.nets.vocabulary import Block

CHANNELS = (16, 32, 64)


class FusedBlock(Block):
    """A basic block that trains, and is evaluated in bfloat16, through the kernels."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C', H/stride, W/stride]."""
        if not self.training:
            return self._evaluated(last(x)) if low(x) else super().forward(x)
        below, x = getattr(x, "receipt", None), last(x)
        straight = self._straight(x)
        if straight is not None and straight is not x:
            below = None  # the shortcut reads x too
        learned = [p for pair in self.layers for m in pair for p in m.parameters()]
        receipt = Receipt()
        out = Basic.apply(x, straight, self, below, receipt, *learned)
        out.receipt = receipt
        return out

    def _evaluated(self, x: Tensor) -> Tensor:
        (conv1, bn1), (conv2, bn2) = self.layers
        return evaluated(evaluated(x, conv1, bn1), conv2, bn2, self._straight(x))

    def _straight(self, x: Tensor) -> Tensor | None:
        """What is added at the end: nothing, x itself (the kernels know option A), or a map."""
        if isinstance(self.downsample, nn.Sequential):
            return last(self.downsample(x))
        return None if self.downsample is None else x


class FusedResNet(ResNet):
    """A net whose stem runs through the kernels too."""

    def stem(self, x: Tensor) -> Tensor:
        """The first convolution with BN and ReLU."""
        if not self.training and not low(x):
            return super().stem(x)
        x = x.contiguous(memory_format=torch.channels_last)
        if not self.training:
            return evaluated(x, self.conv1, self.bn1)
        learned, receipt = (self.conv1.weight, *self.bn1.parameters()), Receipt()
        out = Stem.apply(x, self.conv1, self.bn1, receipt, *learned)
        out.receipt = receipt
        return out


def low(x: Tensor) -> bool:
    """Whether bfloat16 is asked for, and no gradient: else a net is evaluated as PyTorch does."""
    kind = x.device.type
    asked = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) is torch.bfloat16
    return asked and not torch.is_grad_enabled()


def fuse(net: nn.Module) -> None:
    """Let `net` run through the kernels: its state dict stays as it is, and so does its evaluation
    in float32, or where a gradient is needed."""
    net.__class__ = FusedResNet
    for block in net.blocks:  # type: ignore[union-attr]
        block.__class__ = FusedBlock


def fusible(net: nn.Module) -> bool:
    """Whether the kernels are written for this net: basic blocks of He et al. 2015, CIFAR sizes."""
    if type(net) is not ResNet or net.maxpool is not None or net.placement != "original":
        return False
    return net.conv1.out_channels in CHANNELS and all(_basic(block) for block in net.blocks)


def _basic(block: nn.Module) -> bool:
    if type(block) is not Block or block.style.unit != "basic":
        return False
    norms = all(type(bn) is nn.BatchNorm2d for _, bn in block.layers)
    wide = all(c.in_channels in CHANNELS and c.out_channels in CHANNELS for c, _ in block.layers)
    bare = block.se is None and block.mix is None and block.chance is None
    return norms and wide and bare and block.survival == 1
