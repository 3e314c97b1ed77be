"""What figures of loss surfaces and of ways over them share: captions, lines, means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from reports import style
from reports.elements import Figure
from reports.grids import Seen, looked
from reports.profiles import looks, source
from reports.words import NONE, number

if TYPE_CHECKING:
    from reports.report import Report

MISSING = "No loss surface of these runs was computed."


def about(report: Report, extent: str, shown: list[Seen]) -> str:
    """How far the points reach, what each loss is taken on, and the runs that are shown."""
    images = f"{looked(report).images:,}"
    runs = [one.run_id for one in shown]
    return f"{extent}; each loss on the first {images} training images. {source(report, runs)}"


def both(report: Report, found: list[Seen], along: str, caption: str) -> Figure:
    """Losses and errors of all lines that were found, side by side."""
    kinds = looks(report.nets)
    if not found:
        return Figure(MISSING)
    named: set[str] = set()
    seeds = len(found) // len({one.net for one in found})
    with style.context():
        drawing, axes = style.canvas(2, 2.5)
        for one in found:
            look = {**kinds[one.net], "alpha": style.seethrough(seeds)}
            label = "_" if one.net in named else one.net
            axes[0].plot(one.xs, one.losses[0], label=label, **look)
            axes[1].plot(one.xs, one.errors, label=label, **look)
            named.add(one.net)
        _logarithmic(axes[0])
        for axis, what in zip(axes, ("training loss (nats)", "training error (%)"), strict=True):
            axis.set_xlabel(along)
            axis.set_ylabel(what)
        drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return Figure(caption, drawing=drawing)


def _logarithmic(axis: Any) -> None:
    """A logarithmic ordinate; in plain figures where powers of ten would be too few."""
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    if high < 100 * low:
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_locator(NullLocator())


def mean(values: list[Any], digits: int = 2) -> str:
    """Means over seeds in print; a dash for none."""
    return number(float(np.mean(values)), digits) if values else NONE
