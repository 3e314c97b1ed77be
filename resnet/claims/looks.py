"""Seeds bought only while they are needed: a group-sequential design with a stated error rate.

Verdicts are looked at after each wave of seeds, and each look could err. So the error rate `alpha`
is spent over the looks (Lan & DeMets 1983), and each look's t interval is widened to what it may
spend. The usual boundaries assume a known spread; with three or five seeds that is far off, so
these are calibrated on simulated t statistics, whose joint law depends on the waves alone. The
intervals hold at all looks together (repeated confidence intervals, Jennison & Turnbull 1989):
whatever is decided on them, whenever one stops, errs at a rate of at most `alpha` a claim.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from resnet.claims.statistics import Array
from resnet.errors import UserError, unknown
from resnet.randomness import generator

if TYPE_CHECKING:
    import pandas as pd

PATHS = 400_000


def pocock(alpha: float, t: float) -> float:
    """Error spent by the fraction `t` of the seeds: about evenly (Lan & DeMets 1983)."""
    return alpha * math.log(1 + (math.e - 1) * t)


def obrien_fleming(alpha: float, t: float) -> float:
    """Error spent by the fraction `t` of the seeds: nearly all at the end (Lan & DeMets 1983)."""
    return float(2 * stats.norm.sf(stats.norm.isf(alpha / 2) / math.sqrt(t)))


SPENDING: dict[str, Callable[[float, float], float]] = {
    "pocock": pocock,
    "obrien-fleming": obrien_fleming,
}


@dataclass(frozen=True)
class Design:
    """When to look: the seeds an arm has after each wave, the last being the budget.

    `alpha` is the two-sided error rate of one claim over all looks. Pocock's spending is the
    default, for effects that dwarf the noise: at four standard deviations it stops after 3.6 seeds
    on average, O'Brien and Fleming's after 4.9, whose first look can hardly stop. At 1.2 standard
    deviations it finds 67 %, theirs 80 %, a fixed design of eight seeds 83 %.
    """

    waves: tuple[int, ...] = (3, 5, 8)
    alpha: float = 0.05
    spending: str = "pocock"

    def __post_init__(self) -> None:
        if not self.waves or min(self.waves) < 2 or list(self.waves) != sorted(set(self.waves)):
            raise UserError(f"waves must grow, from 2 seeds or more: got {self.waves}")
        if not 0 < self.alpha < 0.5:
            raise UserError(f"alpha must lie between 0 and 0.5: got {self.alpha}")
        if self.spending not in SPENDING:
            raise unknown("spending of the error rate", self.spending, SPENDING)

    @property
    def budget(self) -> int:
        """The most seeds an arm gets."""
        return self.waves[-1]

    def seeds(self, n: int) -> int:
        """How many of `n` seeds may be looked at: those beyond the budget may not."""
        return min(n, self.budget)

    def level(self, n: int, parts: int) -> float:
        """The level of each of `parts` t intervals at the look on `n` seeds.

        Where runs failed, `n` falls between waves: the look is then taken to stand for its wave.
        """
        looks = (*(wave for wave in self.waves if wave < n), n)
        spend = SPENDING[self.spending]
        spent = tuple(spend(self.alpha, look / self.budget) / parts for look in looks)
        return 1 - 2 * float(stats.t.sf(critical_values(looks, spent)[-1], n - 1))


@lru_cache
def critical_values(looks: tuple[int, ...], spent: tuple[float, ...]) -> tuple[float, ...]:
    """The |t| that each look must exceed, so that under no effect the share `spent` has by then.

    `looks`: seeds at each look; `spent`: cumulative two-sided error rate at each look.
    """
    t = np.abs(null_statistics(looks))
    alive, values = np.ones(PATHS, dtype=bool), []
    for k, total in enumerate(spent):
        stop = total - (spent[k - 1] if k else 0.0)
        share = stop * PATHS / alive.sum()
        values.append(float(np.quantile(t[k, alive], 1 - share)))
        alive &= t[k] <= values[-1]
    return (float(stats.t.isf(spent[0] / 2, looks[0] - 1)), *values[1:])


def null_statistics(looks: tuple[int, ...], paths: int = PATHS, seed: int = 0) -> Array:
    """One-sample t statistics [looks, paths] at each look along paths of normal values, mean 0."""
    random = generator(seed, "sequential", *looks)
    total, squares, before, rows = np.zeros(paths), np.zeros(paths), 0, []
    for look in looks:
        more = look - before
        shift = random.standard_normal(paths)
        total = total + math.sqrt(more) * shift
        # The sum of squares of a wave: that of its mean, and chi-square about it.
        squares = squares + shift**2 + (random.chisquare(more - 1, paths) if more > 1 else 0.0)
        variance = (squares - total**2 / look) / (look - 1)
        rows.append(total / np.sqrt(look * variance))
        before = look
    return np.stack(rows)


def looked_at(runs: pd.DataFrame, design: Design | None = None) -> Design | None:
    """The design with every look that is on record of `runs`; None where there was but one.

    Whoever takes a run whose seed was bought after a look takes the look with it: a report made
    later, another experiment that shares the run.
    """
    waves = set(design.waves if design else ())
    for text in runs["waves"].dropna().unique() if "waves" in runs else ():
        waves |= {int(wave) for wave in str(text).split(",")}
    return replace(design or Design(), waves=tuple(sorted(waves))) if waves else None
