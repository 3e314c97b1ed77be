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
from resnet.kernels.kept import keep, kept
from resnet.kernels.normalised import Normalised, Receipt
from resnet.kernels.unit import last, unit


class Preactivated(Function):
    """conv(relu(BN(… conv(relu(BN(x))) …))) + x, or with another shortcut, or with none."""

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
        convs, norms = zip(*layers, strict=True)
        made = [] if sums is None else [normalisation.forward(x, sums, norms[0])]
        active = made[0].out if made else x
        for conv, bn in zip(convs[:-1], norms[1:], strict=True):
            made.append(unit(active, conv, bn))
            active = made[-1].out
        out, found = convolution.forward(active, convs[-1].weight, convs[-1].stride[0], shortcut)
        ctx.mark_non_differentiable(found)
        ctx.set_materialize_grads(False)  # else zeros would be made for it in every pass
        ctx.below, ctx.active = below, sums is None
        ctx.itself, ctx.beside = shortcut is x, shortcut is not None and shortcut is not x
        keep(ctx, x, convs, made)
        return out, found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor | None, _: None) -> tuple[Tensor | None, ...]:
        """Gradients of x, of a shortcut that is not x, and of the weights; none of no gradient."""
        if g is None:
            return (None,) * len(ctx.needs_input_grad)
        x, convs, made = kept(ctx)
        dy = g = last(g)
        learned: list[Tensor] = []
        for conv in reversed(convs[1:]):
            dy, *found = conv.through(dy, made.pop())
            learned = [*found, *learned]
        straight = g if ctx.itself else None
        if ctx.active:
            dx, *found = convs[0].into(dy, x, straight, ctx.below)
        else:
            dx, *found = convs[0].through(dy, made.pop(), straight)
        beside = g if ctx.beside else None
        return dx, None, beside, None, None, *found, *learned


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
