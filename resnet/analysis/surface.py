"""The loss as a function of one or two numbers: where to look, and what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from resnet.analysis.directions import Direction
from resnet.training.step import means, scores

Batches = Sequence[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Grid:
    """The points of a surface: all pairs of `xs` and `ys`, numbered row by row, x fastest."""

    xs: tuple[float, ...]
    ys: tuple[float, ...] = (0.0,)

    def __len__(self) -> int:
        return len(self.xs) * len(self.ys)

    def at(self, number: int) -> tuple[float, float]:
        """The point of that number."""
        row, column = divmod(number, len(self.xs))
        return self.xs[column], self.ys[row]


def steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """`count` numbers from `low` to `high`, both exact, and 0 exact where it is in the middle."""
    half, last = (low + high) / 2, max(count - 1, 1)
    inner = (half + (high - low) * (2 * k - last) / (2 * last) for k in range(1, last))
    return (low, *inner, high) if count > 1 else (half,)


def moved(centre: Mapping[str, Tensor], first: Direction, second: Direction | None = None
          ) -> Callable[[float, float], Direction]:  # fmt: skip
    """θ + x·d₁ + y·d₂ as a function of (x, y); at (0, 0) it is θ itself."""

    def at(x: float, y: float) -> Direction:
        if second is None:
            return {name: p + x * first[name] for name, p in centre.items()}
        return {name: p + x * first[name] + y * second[name] for name, p in centre.items()}

    return at


def between(start: Mapping[str, Tensor], end: Mapping[str, Tensor]
            ) -> Callable[[float, float], Direction]:  # fmt: skip
    """(1 − x)·start + x·end: at 0 and at 1 the two themselves, bit for bit."""
    return lambda x, _y: {name: (1 - x) * p + x * end[name] for name, p in start.items()}


@torch.no_grad()
def score(net: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[float, float]:
    """Mean loss (nats) and error (percent) of the net, in the mode that it is in."""
    found = means(torch.stack([scores(net(x), y) for x, y in batches]).sum(0))
    return found["loss"], found["error"]


@torch.no_grad()
def put(net: nn.Module, values: Mapping[str, Tensor]) -> None:
    """Set the net's parameters; its buffers stay."""
    for name, p in net.named_parameters():
        p.copy_(values[name])


def with_batch_statistics(net: nn.Module) -> nn.Module:
    """The net in evaluation mode, but with BN that normalises by each batch's own statistics.

    Running statistics belong to the weights that they were gathered with; far from those, the
    loss with them says nothing. They are neither read nor changed.
    """
    net.eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.train()
            module.track_running_stats = False
    return net
