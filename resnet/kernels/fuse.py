"""Nets that train and are tested through the kernels of this package, made so in place."""

from __future__ import annotations

from dataclasses import fields
from functools import reduce

import torch
from torch import Tensor, nn

from resnet.kernels import convolution, evaluation
from resnet.kernels.evaluation import evaluated
from resnet.kernels.normalised import Receipt
from resnet.kernels.preactivated import activated, preactivated
from resnet.kernels.unit import Original, Stem, last
from resnet.nets.net import ResNet
from resnet.nets.plans import Style
from resnet.nets.vocabulary import Block

# Channels that a convolution of this size may read and write.
CHANNELS = {3: (16, 32, 64), 1: (16, 32, 64, 128, 256)}


class FusedBlock(Block):
    """A block that trains, and is evaluated in bfloat16, through the kernels."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] to [N, C', H/stride, W/stride]."""
        if self.training:
            return self._trained(x)
        return self._evaluated(last(x)) if low(x) else super().forward(x)

    def _trained(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _evaluated(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _straight(self, x: Tensor) -> Tensor | None:
        """What is added at the end: nothing, x itself (the kernels know option A), or a map."""
        if isinstance(self.downsample, nn.Sequential):
            return last(self.downsample(x))
        return None if self.downsample is None else x


class FusedOriginal(FusedBlock):
    """A block of He et al. 2015."""

    def _trained(self, x: Tensor) -> Tensor:
        given, x = x, last(x)
        straight = self._straight(x)
        learned = [p for pair in self.layers for m in pair for p in m.parameters()]
        receipt = Receipt()
        reads = below(given, x, straight)
        out = Original.apply(x, straight, self.layers, reads, receipt, *learned)
        out.receipt = receipt
        return out

    def _evaluated(self, x: Tensor) -> Tensor:
        *inner, (conv, bn) = self.layers
        active = reduce(lambda active, pair: evaluated(active, *pair), inner, x)
        return evaluated(active, conv, bn, self._straight(x))


class FusedPreactivated(FusedBlock):
    """A block of He et al. 2016: full pre-activation."""

    def _trained(self, x: Tensor) -> Tensor:
        given, x, layers = x, last(x), self.layers
        (conv1, bn1), *others = layers
        if self.projects and bn1 is not None:  # the projection reads the activated map too
            x, layers = activated(x, bn1), [(conv1, None), *others]
        straight = self._straight(x)
        return preactivated(x, straight, layers, below(given, x, straight))

    def _evaluated(self, x: Tensor) -> Tensor:
        convs, norms = zip(*self.layers, strict=True)
        active = x if norms[0] is None else evaluation.activated(x, norms[0])
        straight = self._straight(active if self.projects else x)
        for conv, bn in zip(convs[:-1], norms[1:], strict=True):
            active = evaluated(active, conv, bn)
        return convolution.forward(active, convs[-1].weight, convs[-1].stride[0], straight)[0]


class FusedResNet(ResNet):
    """A net whose stem, and activation before the head, run through the kernels too."""

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

    def head(self, x: Tensor) -> Tensor:
        """The last activation where the blocks have none, pooling, classifier."""
        if self.norm is None or not (self.training or low(x)):
            return super().head(x)
        x = activated(x, self.norm) if self.training else evaluation.activated(x, self.norm)
        return self.fc(x.mean((2, 3)))


def below(given: Tensor, x: Tensor, straight: Tensor | None) -> Receipt | None:
    """The receipt that came with a block's input `given`, if its function alone reads that as x."""
    alone = straight is None or straight is x
    return getattr(given, "receipt", None) if alone else None


def low(x: Tensor) -> bool:
    """Whether bfloat16 is asked for, and no gradient: else a net is evaluated as PyTorch does."""
    kind = x.device.type
    asked = torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) is torch.bfloat16
    return asked and not torch.is_grad_enabled()


BLOCKS = {"original": FusedOriginal, "full-preact": FusedPreactivated}


def fuse(net: nn.Module) -> None:
    """Let `net` run through the kernels: its state dict stays as it is, and so does its evaluation
    in float32, or where a gradient is needed."""
    net.__class__ = FusedResNet
    for block in net.blocks:  # type: ignore[union-attr]
        block.__class__ = BLOCKS[block.style.placement]


def fusible(net: nn.Module) -> bool:
    """Whether the kernels are written for this net: of CIFAR's sizes, as in He et al. 2015, or with
    full pre-activation as in He et al. 2016."""
    if type(net) is not ResNet or net.maxpool is not None or net.placement not in BLOCKS:
        return False
    return net.conv1.out_channels in CHANNELS[3] and all(_known(block) for block in net.blocks)


SEEN = frozenset(
    {"unit", "shortcut", "placement", "v1", "groups", "base_width"}
    | {"se", "stochastic_depth", "active", "dropout"}
)
"""The fields of `Style` that are looked at here: a net that differs in another is not ours."""


def _known(block: nn.Module) -> bool:
    if type(block) is not Block or not _plain(block.style):
        return False
    norms = all(bn is None or type(bn) is nn.BatchNorm2d for _, bn in block.layers)
    bare = block.se is None and block.mix is None and block.chance is None
    return norms and bare and block.survival == 1 and all(_narrow(conv) for conv, _ in block.layers)


def _plain(style: Style) -> bool:
    """Whether nothing is set that the kernels were not written with in mind."""
    unseen = (field for field in fields(style) if field.name not in SEEN)
    return all(getattr(style, field.name) == field.default for field in unseen)


def _narrow(conv: nn.Conv2d) -> bool:
    known = CHANNELS.get(conv.kernel_size[0], ())
    return conv.groups == 1 and conv.in_channels in known and conv.out_channels in known
