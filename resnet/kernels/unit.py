"""Convolution, BN, addition and ReLU as one differentiable function: by block, and for the stem."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from resnet.kernels import convolution, normalisation
from resnet.kernels.kept import keep, kept
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


class Original(Function):
    """relu(BN(conv(… relu(BN(conv(x))) …)) + x), or with another shortcut, or with none."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        shortcut: Tensor | None,
        layers: Any,
        below: Receipt | None,
        receipt: Receipt,
        *learned: Tensor,
    ) -> Tensor:
        """x [N, C, H, W], what is added, pairs of a convolution and the BN behind it, and weights.

        Added is nothing, x (by option A where shapes differ) or a map [N, C', H/stride, W/stride].
        `below` came with x, where this block alone reads it; `receipt` goes with what is returned.
        """
        made, read = [], x
        for conv, bn in layers[:-1]:
            made.append(unit(read, conv, bn))
            read = made[-1].out
        conv, bn = layers[-1]
        made.append(unit(read, conv, bn, shortcut))
        receipt.issue(made[-1])
        ctx.below, ctx.receipt = below, receipt
        ctx.itself, ctx.added = shortcut is x, shortcut is not None
        keep(ctx, x, [conv for conv, _ in layers], made)
        return made[-1].out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x, of a shortcut that is not x, and of the weights."""
        x, convs, made = kept(ctx)
        dy, *norm, handed = through(g, made.pop(), ctx.receipt, hand=ctx.added)
        learned: list[Tensor] = []
        for conv, of in zip(reversed(convs[1:]), reversed(made), strict=True):
            dy, dw, *before = conv.through(dy, of)
            learned, norm = [dw, *norm, *learned], before
        straight, beside = (handed, None) if ctx.itself else (None, handed)
        dx, dw = convs[0].into(dy, x, straight, ctx.below)
        return dx, beside, None, None, None, dw, *norm, *learned


def last(x: Tensor) -> Tensor:
    """The map in bfloat16, a pixel's channels together."""
    return x.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)
