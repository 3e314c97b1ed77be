"""How strongly layers respond: Figure 7 of He et al. 2015, and the scales of BN beside it.

The response of a 3×3 layer is what the paper takes: its output after BN, before rectification
and addition. Where BN does not follow a convolution directly (the last one of a pre-activated
block, or one whose BN stands after the addition), it is the convolution's own output: what the
block adds to the shortcut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from resnet.nets.net import Net
from resnet.nets.vocabulary import Block


@dataclass
class Moments:
    """Mean and sum of squared deviations of `count` numbers so far, in double precision."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, x: Tensor) -> None:
        """Take in all numbers of `x` (Chan et al.'s merging: no large sums that cancel)."""
        x = x.detach().double()
        count, mean = x.numel(), float(x.mean())
        squares = float((x - mean).square().sum())
        away, total = mean - self.mean, self.count + count
        self.squares += squares + away**2 * self.count * count / total
        self.mean += away * count / total
        self.count = total

    @property
    def std(self) -> float:
        """The standard deviation of all numbers (divided by their count, not one less)."""
        return (self.squares / self.count) ** 0.5


def responding(net: Net) -> list[nn.Module]:
    """The modules whose outputs are the responses of the 3×3 layers, from input to output.

    BN where it directly follows the layer, else the layer itself. A 3×3 stem is the first.
    """
    return [bn or conv for conv, bn in _followed(net) if conv.kernel_size == (3, 3)]


@torch.no_grad()
def response_stds(net: Net, batches: Iterable[tuple[Tensor, Any]]) -> list[float]:
    """The standard deviation of each 3×3 layer's responses, from input to output.

    Over all images, channels and positions, in the net's present mode: evaluation mode uses the
    running statistics of BN.

    Args:
        net: any net of the suite but torchvision's.
        batches: (images [B, 3, H, W], anything).
    """
    modules = responding(net)
    moments = [Moments() for _ in modules]

    def hook(number: int) -> Any:
        # Read at once: the rectification that follows may overwrite the output.
        return lambda _module, _inputs, output: moments[number].add(output)

    hooks = [module.register_forward_hook(hook(i)) for i, module in enumerate(modules)]
    try:
        for x, _ in batches:
            net(x)
    finally:
        for each in hooks:
            each.remove()
    return [one.std for one in moments]


def scales(net: Net) -> list[float]:
    """The mean |γ| of each BN on the path of the 3×3 and 1×1 layers, from input to output.

    Without the BN of projection shortcuts, which lies beside that path.
    """
    return [float(bn.weight.detach().abs().mean()) for bn in _norms(net)]


def _norms(net: Net) -> Iterator[nn.BatchNorm2d]:
    if isinstance(getattr(net, "bn1", None), nn.BatchNorm2d):
        yield net.bn1  # type: ignore[misc]
    for block in net.blocks:
        yield from (bn for _, bn in _pairs(block) if bn is not None)
    if isinstance(getattr(net, "norm", None), nn.BatchNorm2d):
        yield net.norm  # type: ignore[misc]


def _followed(net: Net) -> Iterator[tuple[nn.Conv2d, nn.Module | None]]:
    """Each convolution with the BN that takes its output and nothing else, or None."""
    if hasattr(net, "conv1"):
        yield net.conv1, net.bn1  # type: ignore[misc]
    for block in net.blocks:
        convs, norms = map(list, zip(*_pairs(block), strict=True))
        placement = block.style.placement if isinstance(block, Block) else "original"
        if placement == "full-preact":  # a BN stands before its convolution
            norms = [*norms[1:], None]
        elif placement == "bn-after-addition":
            norms[-1] = None
        yield from zip(convs, norms, strict=True)


def _pairs(block: nn.Module) -> list[tuple[Any, Any]]:
    return block.layers if isinstance(block, Block) else [(block.conv1, block.bn1)]
