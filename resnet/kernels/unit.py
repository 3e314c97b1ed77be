"""Convolution, BN, addition and ReLU as one differentiable function: by block, and for the stem."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from resnet.kernels import convolution, normalisation
from resnet.kernels.normalised import Normalised, Receipt
from resnet.kernels.side import SIDE


def unit(x: Tensor, conv: nn.Conv2d, bn: nn.BatchNorm2d, added: Tensor | None = None) -> Normalised:
    """relu(BN(conv(x)) + added), without a gradient of its own."""
    y, sums = convolution.forward(x, conv.weight, conv.stride[0])
    return normalisation.forward(y, sums, bn, added)


def through(
    g: Tensor, of: Normalised, receipt: Receipt, hand: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Back through ReLU, addition and BN: gradients of y, BN's weight and bias, what was added."""
    sums = receipt.redeem(g)
    if sums is not None:
        return normalisation.backward(g, sums, of, masked=True, hand=hand)
    g = last(g)
    return normalisation.backward(g, normalisation.reduced(g, of), of, masked=False, hand=hand)


class Stem(Function):
    """relu(BN(conv(x))) of images, which need no gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, conv: Any, bn: Any, receipt: Receipt, *learned: Tensor
    ) -> Tensor:
        """x float32 [N, 3, H, W] to bfloat16 [N, C, H, W]; `learned` are the three weights."""
        of = unit(x, conv, bn)
        receipt.issue(of)
        ctx.save_for_backward(x, of.y, of.out, of.stats, conv.weight)
        ctx.stride, ctx.receipt = conv.stride[0], receipt
        return of.out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the three weights."""
        x, y, out, stats, weight = ctx.saved_tensors
        dy, d_scale, d_shift, _ = through(g, Normalised(y, out, stats), ctx.receipt)
        dw = SIDE.gradient(dy, x, weight, ctx.stride)
        return None, None, None, None, dw, d_scale, d_shift


class Basic(Function):
    """relu(BN(conv(relu(BN(conv(x))))) + shortcut): x itself, by option A, a map, or nothing."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shortcut: Tensor | None,
        block: Any,
        below: Receipt | None,
        receipt: Receipt,
        *learned: Tensor,
    ) -> Tensor:
        """x [N, C, H, W], what is added, six weights.

        Added is nothing, x (by option A where shapes differ) or a map [N, C', H/stride, W/stride].
        `below` came with x, where this block alone reads it; `receipt` goes with what is returned.
        """
        (conv1, bn1), (conv2, bn2) = block.layers
        first = unit(x, conv1, bn1)
        second = unit(first.out, conv2, bn2, shortcut)
        receipt.issue(second)
        ctx.strides, ctx.below, ctx.receipt = (conv1.stride[0], conv2.stride[0]), below, receipt
        ctx.itself, ctx.added = shortcut is x, shortcut is not None
        maps = (x, first.y, first.out, first.stats, second.y, second.out, second.stats)
        ctx.save_for_backward(*maps, conv1.weight, conv2.weight)
        return second.out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, of a shortcut that is not x, and of the six weights."""
        x, y1, out1, stats1, y2, out2, stats2, weight1, weight2 = ctx.saved_tensors
        one, two = Normalised(y1, out1, stats1), Normalised(y2, out2, stats2)
        dy, *learned2, handed = through(g, two, ctx.receipt, hand=ctx.added)
        dw2 = SIDE.gradient(dy, out1, weight2, ctx.strides[1])
        g, sums = convolution.backward(dy, weight2, ctx.strides[1], out1, below=one)
        dy, *learned1, _ = normalisation.backward(g, sums, one, masked=True, hand=False)
        dw1 = SIDE.gradient(dy, x, weight1, ctx.strides[0])
        below = None if ctx.below is None else ctx.below.of(x)
        straight, beside = (handed, None) if ctx.itself else (None, handed)
        dx, sums = convolution.backward(dy, weight1, ctx.strides[0], x, straight, below)
        if below is not None:
            ctx.below.settle(dx, sums)
        return dx, beside, None, None, None, dw1, *learned1, dw2, *learned2


def last(x: Tensor) -> Tensor:
    """The map in bfloat16, a pixel's channels together."""
    return x.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
