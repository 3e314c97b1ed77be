"""Loss surfaces as filled contours, several panels on one scale of colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reports.figures import PAPER_STEPS

Extend = Literal["neither", "min", "max", "both"]

if TYPE_CHECKING:
    from reports.grids import Seen
    from reports.report import Report

LI = np.arange(0.1, 10, 0.5)
"""The contour levels of Li et al. 2018's released code, in nats."""
LEVELS, REACH = 18, 100
"""Of shorter runs: how many; and how far they go, as a multiple of what a net has at its lowest."""
COLOURS, GAP = "Blues", "#b9b9b9"
LINES: Any = {"colors": "#333333", "linewidths": 0.25, "linestyles": "solid"}


@dataclass(frozen=True)
class Scale:
    """Contour levels in nats, from light to dark.

    Attributes:
        levels: the levels, rising.
        extend: at which ends losses lie beyond them.
        gaps: whether there are points whose loss is no number.
    """

    levels: np.ndarray
    extend: Extend
    gaps: bool = False

    def draw(self, axis: Any, one: Seen) -> None:
        """One surface; grey where its loss is no number."""
        axis.set_facecolor(GAP)
        axis.grid(visible=False)
        if not len(known(one)):
            return
        # Between points the logarithm is straight: a loss decades up would bend all lines to cells.
        heights = np.log10(np.where(one.losses > 0, one.losses, np.nan))
        shades, levels = colours(np.log10(self.levels), self.extend), np.log10(self.levels)
        axis.contourf(one.xs, one.ys, heights, levels, extend=self.extend, **shades)
        inside = levels[(levels > np.nanmin(heights)) & (levels < np.nanmax(heights))]
        if len(inside):
            axis.contour(one.xs, one.ys, heights, inside, **LINES)

    def bar(self, drawing: Any, axes: list[Any]) -> None:
        """The scale beside `axes`, every third level in figures."""
        from matplotlib.cm import ScalarMappable

        shades = ScalarMappable(**colours(self.levels, self.extend))
        drawing.colorbar(shades, ax=axes, location="right", shrink=0.8, aspect=20,
                         label="training loss (nats)", ticks=self.levels[::3],
                         format="%.3g")  # fmt: skip

    def kind(self) -> str:
        """Whether levels rise by a sum or by a factor, in words."""
        return "evenly spaced" if self.levels is LI else "logarithmic"

    def words(self) -> str:
        """What a caption says of the upper end of the scale, and of what is on none."""
        above = "the darkest for all losses above" if self.extend in ("max", "both") else "up to"
        grey = "; grey where the loss is not finite" if self.gaps else ""
        return f"{above} {self.levels[-1]:.3g} nats{grey}"


def scale(report: Report, surfaces: list[Seen]) -> Scale:
    """The levels of Li et al. for runs as long as theirs, else such as show every net's bowl."""
    found = [losses for one in surfaces if len(losses := known(one))]
    if not found:
        return Scale(LI, "neither", gaps=True)
    low, high = min(map(np.min, found)), max(map(np.max, found))
    if int(report.recipe.get("steps") or 0) >= PAPER_STEPS:
        levels = LI
    else:
        # Corners many decades up would take all the levels, and leave the bowls empty.
        top = min(high, REACH * max(map(np.min, found)))
        levels = np.geomspace(low, max(top, 1.01 * low), LEVELS)
    ends = _open(low < levels[0] * (1 - 1e-9), high > levels[-1] * (1 + 1e-9))
    return Scale(levels, ends, sum(map(len, found)) < sum(one.losses.size for one in surfaces))


def _open(below: bool, above: bool) -> Extend:
    if below:
        return "both" if above else "min"
    return "max" if above else "neither"


def known(one: Seen) -> np.ndarray:
    """The losses that are numbers above zero."""
    return one.losses[np.isfinite(one.losses) & (one.losses > 0)]


def colours(levels: np.ndarray, extend: Extend) -> dict[str, Any]:
    """A shade between any two of `levels`, and one beyond each end that is open."""
    from matplotlib.colors import BoundaryNorm

    return {"norm": BoundaryNorm(levels, 256, extend=extend), "cmap": COLOURS}
