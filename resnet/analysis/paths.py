"""How much of the gradient comes along paths of which length (Veit et al. 2016, section 5).

As there: for each length k, paths are drawn that go through the residual branches of k random
blocks and through the shortcuts of all others; the forward pass is that of the whole net; the
norm of the gradient is taken at what enters the first block. What paths of one length contribute
is their number times their mean norm. Beside it stands the norm of their sum, which needs no
drawing (`Linearised.by_length`): lower, as far as paths cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, log10
from statistics import mean
from typing import TYPE_CHECKING

from torch import Tensor, nn

from resnet.analysis.linearised import Linearised, linearise
from resnet.analysis.orders import scaled
from resnet.randomness import generator

if TYPE_CHECKING:
    from resnet.analysis.measure import Measured, Trained

IMAGES, DRAWS = 64, 20
SHORT = (5, 17)
"""Veit et al. 2016: paths of so many of 54 blocks carry nearly all of the gradient."""


def counts(n: int) -> list[int]:
    """How many of the 2ⁿ paths through `n` blocks have length 0, 1, …, n."""
    return [comb(n, k) for k in range(n + 1)]


def short(n: int) -> range:
    """The lengths 5 to 17 of 54, for a net of `n` blocks in proportion, to the nearest whole."""
    return range(scaled(SHORT[0], n), scaled(SHORT[1], n) + 1)


@dataclass(frozen=True)
class Paths:
    """Gradients at the input by length of path 0, 1, …, n.

    Attributes:
        magnitude: norm along one path, mean over paths and images.
        together: norm of the sum over all paths of the length, mean over images.
    """

    magnitude: tuple[float, ...]
    together: tuple[float, ...]

    @property
    def blocks(self) -> int:
        """How many blocks the net has: the length of the longest path."""
        return len(self.magnitude) - 1

    @cached_property
    def shares(self) -> list[float]:
        """Percent of the sum of all paths' norms that each length contributes."""
        parts = [n * norm for n, norm in zip(counts(self.blocks), self.magnitude, strict=True)]
        return [100 * part / sum(parts) for part in parts] if sum(parts) else [0.0] * len(parts)

    def values(self) -> dict[str, float]:
        """Columns of the table of runs; none where no gradient arrives."""
        if not sum(self.shares):
            return {}
        length = sum(k * share / 100 for k, share in enumerate(self.shares))
        known = [(k, log10(norm)) for k, norm in enumerate(self.magnitude) if norm > 0]
        found = {
            "short_path_share": sum(self.shares[k] for k in short(self.blocks)),
            "path_length": 100 * length / self.blocks,
        }
        return found | ({"path_decay": slope(known)} if len(known) > 1 else {})

    def rows(self, step: int) -> tuple[tuple[int, str, float], ...]:
        """(step, key, value) for the history of the run: the length stands in the key."""
        columns = {
            "path_gradient": self.magnitude,
            "path_share": self.shares,
            "path_sum": self.together,
        }
        return tuple(
            (step, f"{name}/{k:04d}", value)
            for name, values in columns.items()
            for k, value in enumerate(values)
        )


def paths(run: Trained) -> Measured:
    """The measure: at initialisation and at the end, on the first training images."""
    from resnet.analysis.measure import Measured

    x, y = next(iter(run.pipeline.test(run.data.train, IMAGES)))
    last = run.spec.recipe.steps
    found = {step: sample(run.net(step), x, y, run.spec.seed) for step in (0, last)}
    rows = (row for step, of_step in found.items() for row in of_step.rows(step))
    return Measured(found[last].values(), tuple(rows))


def sample(net: nn.Module, x: Tensor, y: Tensor, seed: int = 0, draws: int = DRAWS) -> Paths:
    """Gradients by length of path, of a residual net in evaluation mode.

    Args:
        net: as it was trained, or was initialised.
        x: images [B, 3, H, W].
        y: labels [B].
        seed: of the paths drawn.
        draws: paths a length; all, where there are no more than that.

    Raises:
        UserError: for a net whose blocks are not F plus a shortcut.
    """
    around = linearise(net, x, y)
    lengths = range(len(around.blocks) + 1)
    drawn = tuple(
        mean(_norm(around.along(p)) for p in _draw(around, k, seed, draws)) for k in lengths
    )
    return Paths(drawn, tuple(_norm(total) for total in around.by_length()))


def _draw(around: Linearised, k: int, seed: int, draws: int) -> list[list[int]]:
    """Paths of length `k`, by counter; each once where there are fewer than `draws`."""
    from itertools import combinations

    n = len(around.blocks)
    if comb(n, k) <= draws:
        return [list(path) for path in combinations(range(n), k)]
    return [generator(seed, "path", n, k, d).permutation(n)[:k].tolist() for d in range(draws)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line through (x, y), of which there are two or more."""
    x, y = (mean(values) for values in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def _norm(gradient: Tensor) -> float:
    """The norm of each image's gradient [B, C, H, W], mean over images.

    In double precision: along long paths gradients are so small that float32 loses their squares.
    """
    return float(gradient.flatten(1).double().norm(dim=1).mean())
