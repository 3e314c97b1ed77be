"""Pre-activated blocks and the last activation as differentiable functions (He et al. 2016).

Between blocks there is a map that no ReLU has seen; the convolution that writes it also sums what
the next BN wants to know of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from resnet.kernels import convolution, normalisation
from resnet.kernels.normalised import Normalised, Receipt
from resnet.kernels.side import SIDE
from resnet.kernels.unit import last, unit


class Preactivated(Function):
    """conv(relu(BN(conv(relu(BN(x)))))) + shortcut: x itself, by option A, a map, or nothing."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        sums: Tensor | None,
        shortcut: Tensor | None,
        layers: Any,
        below: Receipt | None,
        *learned: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The map [N, C', H/stride, W/stride] and its statistics, by parts of rows.

        x is [N, C, H, W] with its statistics in `sums`, or activated already: then there are none,
        and the first of `layers`, pairs of a convolution and the BN before it, has no BN. `below`
        came with x, where this block alone reads it.
        """
        (conv1, bn1), (conv2, bn2) = layers
        one = None if sums is None else normalisation.forward(x, sums, bn1)
        active = x if one is None else one.out
        two = unit(active, conv1, bn2)
        out, found = convolution.forward(two.out, conv2.weight, conv2.stride[0], shortcut)
        ctx.mark_non_differentiable(found)
        ctx.strides, ctx.below = (conv1.stride[0], conv2.stride[0]), below
        ctx.itself, ctx.beside = shortcut is x, shortcut is not None and shortcut is not x
        first = (x,) if one is None else (one.y, one.out, one.stats)
        ctx.save_for_backward(conv1.weight, conv2.weight, two.y, two.out, two.stats, *first)
        return out, found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, _: Any) -> tuple[Tensor | None, ...]:
        """Gradients of x, of a shortcut that is not x, and of the weights."""
        weight1, weight2, *second = ctx.saved_tensors[:5]
        two, first = Normalised(*second), ctx.saved_tensors[5:]
        one, active = (Normalised(*first), first[1]) if len(first) > 1 else (None, first[0])
        g = last(g)
        dw2 = SIDE.gradient(g, two.out, weight2, ctx.strides[1])
        behind, sums = convolution.backward(g, weight2, ctx.strides[1], two.out, below=two)
        dy, *learned2, _ = normalisation.backward(behind, sums, two, masked=True)
        dw1 = SIDE.gradient(dy, active, weight1, ctx.strides[0])
        straight, back = g if ctx.itself else None, (dy, weight1, ctx.strides[0], active)
        if one is None:
            below = None if ctx.below is None else ctx.below.of(active)
            dx, sums = convolution.backward(*back, straight, below)
            if below is not None:
                ctx.below.settle(dx, sums)
            learned1: list[Tensor | None] = []
        else:
            behind, sums = convolution.backward(*back, below=one)
            dx, *learned1, _ = normalisation.backward(
                behind, sums, one, masked=True, straight=straight
            )
        beside = g if ctx.beside else None
        return dx, None, beside, None, None, dw1, *learned1, dw2, *learned2


class Activated(Function):
    """relu(BN(x))."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sums: Tensor, bn: Any, *learned: Tensor) -> Tensor:
        """x [N, C, H, W] with its statistics; `learned` are BN's weight and bias."""
        of = normalisation.forward(x, sums, bn)
        ctx.save_for_backward(of.y, of.out, of.stats)
        return of.out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of x and of BN's weight and bias."""
        of, g = Normalised(*ctx.saved_tensors), last(g)
        dx, *learned, _ = normalisation.backward(g, normalisation.reduced(g, of), of, masked=False)
        return dx, None, None, *learned


def activated(x: Tensor, bn: nn.BatchNorm2d) -> Tensor:
    """relu(BN(x)) with the statistics of this batch, which a block has left with its map."""
    return Activated.apply(x, statistics(x), bn, *bn.parameters())


def preactivated(x: Tensor, shortcut: Tensor | None, layers: Any, below: Receipt | None) -> Tensor:
    """A block's map, which bears its statistics."""
    learned = [p for pair in layers for m in pair if m is not None for p in m.parameters()]
    sums = None if layers[0][1] is None else statistics(x)
    out, found = Preactivated.apply(x, sums, shortcut, layers, below, *learned)
    out.statistics = found
    return out


def statistics(x: Tensor) -> Tensor:
    """Of a map, as `convolution.forward` gives them: those it bears, or an image a part."""
    found = getattr(x, "statistics", None)
    if found is not None:
        return found
    rows = x.detach().flatten(2).float()
    mean = rows.mean(2)
    return (
        torch.stack([mean, (rows - mean[..., None]).square().sum(2)]).transpose(1, 2).contiguous()
    )
