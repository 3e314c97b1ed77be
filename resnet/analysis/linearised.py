"""A residual net around one batch, and the gradient along each of its paths (Veit et al. 2016).

Each of n blocks is passed through its residual branch F or through its shortcut, so there are 2ⁿ
paths from the loss back to the input. A path's length is the number of branches on it: binomial
over all paths. With activations and normalisation held at what one forward pass through the whole
net left them at, the gradient of the loss is exactly the sum of what comes along all paths.

Gradients here are those of each image's own loss at what enters the first block, in evaluation
mode: normalisation uses its running statistics, so that no image depends on another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet.analysis.chain import Chain
from resnet.errors import UserError

Vjp = Callable[[Tensor], Tensor]
"""From the gradient at what leaves a block to the gradient at what enters it."""


@dataclass(frozen=True)
class Ways:
    """One block, linearised: the gradient through its branch alone, and its shortcut alone."""

    branch: Vjp
    shortcut: Vjp


@dataclass(frozen=True)
class Linearised:
    """A net around one batch.

    Attributes:
        loss: gradient of each image's loss at what leaves the last block [B, C, H, W].
        blocks: from input to output.
    """

    loss: Tensor
    blocks: tuple[Ways, ...]

    def along(self, path: Sequence[int]) -> Tensor:
        """The gradient at the input along one path: `path` holds the blocks whose F it takes."""
        taken, gradient = set(path), self.loss
        for place in reversed(range(len(self.blocks))):
            ways = self.blocks[place]
            gradient = (ways.branch if place in taken else ways.shortcut)(gradient)
        return gradient

    def by_length(self) -> Iterator[Tensor]:
        """The sum over all paths of each length 0, 1, …, n: no sampling.

        Of the paths from a block on, those of length k go through its branch and have k − 1 after
        it, or through its shortcut and have k: n² passes through a block in place of n · 2ⁿ⁻¹.
        """
        sums = [self.loss]
        for ways in reversed(self.blocks):
            straight = [ways.shortcut(g) for g in sums]
            around = [ways.branch(g) for g in sums]
            middle = [a + b for a, b in zip(straight[1:], around[:-1], strict=True)]
            sums = [straight[0], *middle, around[-1]]
        yield from sums


def linearise(net: nn.Module, x: Tensor, y: Tensor) -> Linearised:
    """`net` around images x [B, 3, H, W] with labels y [B].

    Raises:
        UserError: for a net whose blocks are not F plus a shortcut.
    """
    chain = Chain(net)
    for block in chain.blocks:
        if getattr(block, "downsample", None) is None or block.mix is not None:
            raise UserError(f"net '{chain.net.name}': its blocks are not F(x) + shortcut(x)")
    with torch.no_grad():
        *entering, leaving = chain.activations(x)
    leaving = leaving.requires_grad_()
    with torch.enable_grad():
        loss = F.cross_entropy(chain.net.head(leaving), y, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, leaving)
        blocks = zip(chain.blocks, entering, strict=True)
        return Linearised(gradient, tuple(_ways(block, inside) for block, inside in blocks))


def _ways(block: Any, x: Tensor) -> Ways:
    conv, norm = block.layers[-1]
    after = block.style.placement in ("full-preact", "bn-after-addition")
    return Ways(
        branch=_vjp(block, x, without=block.downsample),
        shortcut=_vjp(block, x, without=conv if after else norm),
    )


def _vjp(block: Any, x: Tensor, without: nn.Module) -> Vjp:
    """Through all of the block but what comes out of `without`, whose value stays."""
    entering = x.detach().requires_grad_()
    with constant(without):
        leaving = block(entering)
    if not leaving.requires_grad:  # nothing but padding of what is cut
        return lambda gradient: torch.zeros_like(entering)

    def back(gradient: Tensor) -> Tensor:
        return torch.autograd.grad(leaving, entering, gradient, retain_graph=True)[0]

    return back


@contextmanager
def constant(module: nn.Module) -> Iterator[None]:
    """Let no gradient through the module's output."""
    handle = module.register_forward_hook(lambda _module, _inputs, output: output.detach())
    try:
        yield
    finally:
        handle.remove()
