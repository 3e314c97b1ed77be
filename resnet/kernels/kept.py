"""What a block's forward pass keeps, and how its backward pass goes through each convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from resnet.kernels import convolution, normalisation
from resnet.kernels.normalised import Normalised, Receipt
from resnet.kernels.side import SIDE


@dataclass(frozen=True)
class Convolution:
    """A convolution on the way back: dy is the gradient of what it made."""

    weight: Tensor
    stride: int

    def through(
        self, dy: Tensor, of: Normalised, straight: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """On through the BN and ReLU whose map it read: gradients of what that BN read, of its
        own weights, and of BN's weight and bias. `straight` reaches what BN read beside it."""
        dw = SIDE.gradient(dy, of.out, self.weight, self.stride)
        g, sums = convolution.backward(dy, self.weight, self.stride, of.out, below=of)
        dx, scale, shift, _ = normalisation.backward(g, sums, of, masked=True, straight=straight)
        return dx, dw, scale, shift

    def into(
        self, dy: Tensor, x: Tensor, straight: Tensor | None, below: Receipt | None
    ) -> tuple[Tensor, Tensor]:
        """Gradients of the block's input x, with `straight` on top, and of its own weights.

        With the receipt `below` that of x is handed on through the ReLU that made x.
        """
        dw = SIDE.gradient(dy, x, self.weight, self.stride)
        of = None if below is None else below.of(x)
        dx, sums = convolution.backward(dy, self.weight, self.stride, x, straight, of)
        if below is not None:
            below.settle(dx, sums)
        return dx, dw


def keep(ctx: Any, x: Tensor, convs: Sequence[nn.Conv2d], made: Sequence[Normalised]) -> None:
    """For the way back: a block's input, its convolutions, and what BN has made in between."""
    ctx.strides = [conv.stride[0] for conv in convs]
    maps = [part for of in made for part in (of.y, of.out, of.stats)]
    ctx.save_for_backward(x, *(conv.weight for conv in convs), *maps)


def kept(ctx: Any) -> tuple[Tensor, list[Convolution], list[Normalised]]:
    """What `keep` was given."""
    x, *rest = ctx.saved_tensors
    n = len(ctx.strides)
    convs = [Convolution(*pair) for pair in zip(rest[:n], ctx.strides, strict=True)]
    return x, convs, [Normalised(*rest[i : i + 3]) for i in range(n, len(rest), 3)]
