"""What a trained net loses when blocks are deleted or swapped (Veit et al. 2016, section 4).

A deleted block is replaced by its shortcut. In a net without shortcuts the input of a deleted
layer goes on as it is; where the shape changes, as option A would hand it on (every second pixel,
zeros for missing channels), since the paper does not say what it did there. All of this happens
to the trained net, in evaluation mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from resnet.analysis import orders
from resnet.analysis.chain import Batches, Chain, errors

if TYPE_CHECKING:
    from resnet.analysis.measure import Measured, Trained

DRAWS = 5
BATCH = {"cpu": 50, "cuda": 250}  # on a CPU so few that a layer's activations stay in the cache


@dataclass(frozen=True)
class Lesions:
    """Test errors in percent of one net, whole and with lesions.

    Attributes:
        whole: of the net as trained.
        chance: of guessing.
        single: with one block deleted, by place.
        reshaping: the places whose blocks change the shape, where the net downsamples.
        random: (k, draw, error) with k random blocks deleted.
        shuffled: (swaps, draw, Kendall's τ, error) with pairs of like blocks swapped.
    """

    whole: float
    chance: float
    single: tuple[float, ...]
    reshaping: tuple[int, ...]
    random: tuple[tuple[int, int, float], ...]
    shuffled: tuple[tuple[int, int, float, float], ...]

    def values(self) -> dict[str, float]:
        """Columns of the table of runs; those that are not defined for this net are left out."""
        ten = orders.scaled(orders.VEIT_TEN, len(self.single))
        found: dict[str, float | None] = {
            "lesion_ten_error": mean(error for k, _, error in self.random if k == ten),
            "lesion_correlation": spearman(
                [0, *(k for k, _, _ in self.random)], [self.whole, *(e for *_, e in self.random)]
            ),
            "shuffle_correlation": self._shuffles(),
        }
        known = {name: value for name, value in found.items() if value is not None}
        return self._rises() | known

    def _shuffles(self) -> float | None:
        """Spearman's ρ of error and τ; None for so few values of τ that it is 1 by chance."""
        taus = [1.0, *(tau for _, _, tau, _ in self.shuffled)]
        if len({round(tau, 6) for tau in taus}) < orders.FEWEST:
            return None
        return spearman(taus, [self.whole, *(e for *_, e in self.shuffled)])

    def _rises(self) -> dict[str, float]:
        """What deleting one block costs; nothing where all of them change the shape."""
        ordinary = [e for place, e in enumerate(self.single) if place not in self.reshaping]
        if not ordinary:
            return {}
        rise, room = median(ordinary) - self.whole, self.chance - self.whole
        found = {"lesion_median_rise": rise}
        if room >= 1:
            found["lesion_chance_share"] = 100 * rise / room
        if self.reshaping:
            rises = [self.single[place] - self.whole for place in self.reshaping]
            found["lesion_downsampling_excess"] = mean(rises) - rise
        return found

    def rows(self, step: int) -> tuple[tuple[int, str, float], ...]:
        """(step, key, value) for the history of the run: places, counts and draws in the keys."""
        found = {"lesion_whole": self.whole, "lesion_chance": self.chance}
        found |= {f"lesion/{place:04d}": error for place, error in enumerate(self.single)}
        found |= {f"lesion_reshapes/{place:04d}": 1.0 for place in self.reshaping}
        found |= {f"lesion_random/{k:04d}/{draw}": error for k, draw, error in self.random}
        for k, draw, tau, error in self.shuffled:
            found |= {f"shuffle_tau/{k:04d}/{draw}": tau, f"shuffle_error/{k:04d}/{draw}": error}
        return tuple((step, key, value) for key, value in found.items())


def lesions(run: Trained) -> Measured:
    """The measure: all lesions of a trained run, on its recipe's test images."""
    from resnet.analysis.measure import Measured

    found = lesion(run.net(), tested(run.pipeline, run.data.test), run.classes, run.spec.seed)
    return Measured(found.values(), found.rows(run.spec.recipe.steps))


def tested(pipeline: Any, split: Any) -> Batches:
    """The test images in batches whose activations, of all blocks, fit in memory together."""
    usual = BATCH[torch.device(pipeline.device).type]
    return pipeline.test(split, getattr(pipeline, "test_batch", usual))


def lesion(net: nn.Module, batches: Batches, classes: int, seed: int = 0) -> Lesions:
    """Delete each block in turn, then random ones, then swap pairs: everything of `Lesions`.

    Args:
        net: a net of the suite's own, in evaluation mode.
        batches: images [B, 3, H, W] and labels [B], on the net's device.
        classes: how many there are, for the level of chance.
        seed: of the random deletions and swaps.

    Raises:
        UserError: for a net that is not made of the suite's blocks.
    """
    chain = Chain(net)
    n, groups = len(chain), chain.alike
    single = [orders.without(n, [place]) for place in range(n)]
    draws = [(k, draw) for k in orders.counts(n) for draw in range(DRAWS)]
    random = [orders.deletion(n, k, seed, draw) for k, draw in draws]
    shuffled = [orders.shuffle(n, groups, k, seed, draw) for k, draw in draws if groups]
    found = errors(chain, batches, [orders.intact(n), *single, *random, *shuffled])
    by_draw = list(zip(draws, found[1 + n :], strict=False))
    by_tau = zip(draws, shuffled, found[1 + n + len(draws) :], strict=False)
    return Lesions(
        whole=found[0],
        chance=100 * (1 - 1 / classes),
        single=tuple(found[1 : n + 1]),
        reshaping=chain.reshaping,
        random=tuple((k, draw, error) for (k, draw), error in by_draw),
        shuffled=tuple((*draw, orders.kendall(order), error) for draw, order, error in by_tau),
    )


def spearman(x: Sequence[float], y: Sequence[float]) -> float | None:
    """Spearman's rank correlation; None where one side is constant."""
    if len(set(x)) < 2 or len(set(y)) < 2:
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic)
