"""What a surface's numbers say of its shape: curvature and minima, on the grid alone.

Li et al. 2018 speak of nearly convex and of chaotic surfaces, and look at the ratio of the most
negative curvature to the most positive one. The statistics here are ours.
"""

import numpy as np


def curvatures(losses: np.ndarray) -> np.ndarray:
    """The two principal curvatures [Y − 2, X − 2, 2], the lower first, at each inner point.

    Args:
        losses: [Y, X], on a grid of equal steps; curvatures are per step squared.
    """
    f = losses
    xx = f[1:-1, 2:] - 2 * f[1:-1, 1:-1] + f[1:-1, :-2]
    yy = f[2:, 1:-1] - 2 * f[1:-1, 1:-1] + f[:-2, 1:-1]
    xy = (f[2:, 2:] - f[2:, :-2] - f[:-2, 2:] + f[:-2, :-2]) / 4
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return np.stack([middle - half, middle + half], axis=-1)


def negative_share(losses: np.ndarray) -> float:
    """How much of the curvature is negative, in percent: 0 for a convex surface.

    At each inner point of the grid, the negative principal curvatures over all, by magnitude;
    then the mean over points, so that steep places count no more than flat ones. A saddle as
    steep one way as the other has 50, a concave surface 100. Points beside a loss that is not
    finite, and points without curvature, are left out; NaN where nothing is left.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        found = curvatures(losses.astype(np.float64))
        total = np.abs(found).sum(-1)
        known = np.isfinite(total) & (total > 0)
    if not known.any():
        return float("nan")
    negative = np.where(found < 0, -found, 0.0).sum(-1)
    return float(100 * np.mean(negative[known] / total[known]))


def minima(losses: np.ndarray) -> int:
    """Inner points of [Y, X] (or [X]) that lie below each of their 8 (or 2) neighbours."""
    f = np.where(np.isfinite(losses), losses, np.inf)
    inner = tuple(slice(1, -1) for _ in f.shape)
    lowest = np.ones(f[inner].shape, bool)
    for shift in np.ndindex(*(3,) * f.ndim):
        if any(s != 1 for s in shift):
            beside = tuple(slice(s, n - 2 + s) for s, n in zip(shift, f.shape, strict=True))
            lowest &= f[inner] < f[beside]
    return int(lowest.sum())
