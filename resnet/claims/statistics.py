"""Statistics on numbers a seed: pure functions on arrays, scipy's wherever scipy has one.

Intervals are Student's: with two or three seeds the bootstrap cannot see the spread, for it draws
from as many values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]
POWER = 0.8
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided confidence interval, all in the unit of the values."""

    estimate: float
    low: float
    high: float
    level: float


def finite(values: ArrayLike, least: int) -> Array:
    """The values [n] as floats; ValueError unless all are finite and n >= `least`."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < least or not np.isfinite(array).all():
        raise ValueError(f"needs a vector of {least} or more finite values, got {values!r}")
    return array


def t_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Student's t interval of the mean of `values` [n >= 2], one a seed.

    Identical values give an interval without width: the limit, not a claim of certainty.
    """
    array = finite(values, least=2)
    mean = float(array.mean())
    if np.ptp(array) == 0:
        return Interval(float(array[0]), float(array[0]), float(array[0]), level)
    low, high = stats.ttest_1samp(array, 0.0).confidence_interval(level)
    return Interval(mean, float(low), float(high), level)


def bonferroni(level: float, parts: int) -> float:
    """The level of each of `parts` intervals that hold together with probability >= `level`."""
    return 1.0 - (1.0 - level) / parts


def power(distance: float, sd: float, n: Array, level: float = 0.95) -> Array:
    """The chance [len(n)] that a t interval of n seeds ends short of `distance` from its mean.

    `distance` from the true mean to the margin and `sd` of one seed's number, in the same unit;
    by the noncentral t distribution.
    """
    critical = stats.t.ppf((1 + level) / 2, n - 1)
    return np.asarray(stats.nct.sf(critical, n - 1, distance / sd * np.sqrt(n)), dtype=np.float64)


def seeds_needed(
    distances: Sequence[float], sd: float, level: float = 0.95, chance: float = POWER
) -> int | None:
    """The fewest seeds (>= 2) whose interval clears every margin with that chance.

    `distances` are from the mean to each margin: one, or two where the mean lies between them.
    None where no number of seeds would (the mean lies on or within a margin), or more than
    `MOST_SEEDS`. Taken from an observed `sd` of few seeds it is a rough guide.
    """
    if min(distances) <= 0:
        return None
    if sd == 0:
        return 2
    n = np.arange(2, MOST_SEEDS + 1, dtype=np.float64)
    missed = sum(1 - power(distance, sd, n, level) for distance in distances)
    enough = np.flatnonzero(1 - missed >= chance)
    return int(n[enough[0]]) if enough.size else None
