"""Figures with an arm a row: what was changed in a net, beside the net as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports import style
from reports.elements import Figure, element
from reports.figures import within
from reports.scopes import family
from reports.sides import kind
from reports.tables import TRAINING
from reports.words import ids, scope

if TYPE_CHECKING:
    from reports.report import Report


@element
def changes(report: Report, base: str = "resnet") -> Figure:
    """Final errors of nets of kind `base`, and below each those of its changed namesakes."""
    blocks = _blocks(report, base)
    if not blocks:
        return Figure(f"No changed net stands beside a finished {base} of its depth.")
    drawn = [net for nets in blocks.values() for net in nets]
    with style.context():
        drawing, axes = style.canvas(2, 0.8 + 0.19 * (len(drawn) + len(blocks)))
        metrics = zip(axes, ("train_error", "test_error"), strict=True)
        bars = [_panel(axis, report, list(blocks.values()), metric) for axis, metric in metrics]
        axes[1].tick_params(labelleft=False)
        cut = sum(within(axis, "x") for axis in axes) and any(bars)
    caption = (
        f"Errors at the end of training of each {base} net and, below it, of the nets of its depth "
        "that differ from it: a dot a seed"
        f"{', below it the 95 % t interval over seeds' if any(bars) else ''}; grey, the mean of "
        f"the unchanged net.{' Intervals are cut at 0 and 100 %.' if cut else ''} {TRAINING} "
        f"Scope: {scope(report)}; {ids(report.done[report.done['net'].isin(drawn)])}."
    )
    return Figure(caption, drawing=drawing)


def _blocks(report: Report, base: str) -> dict[int, list[str]]:
    """By depth, the unchanged net first, the nets under the report's recipe that are finished."""
    found: dict[int, list[str]] = {}
    for net in report.done["net"].unique():
        if "@" not in net:
            found.setdefault(family(net)[1], []).append(net)
    return {
        depth: sorted(nets, key=lambda net: kind(net) != base)
        for depth, nets in sorted(found.items())
        if len(nets) > 1 and base in map(kind, nets)
    }


def _panel(axis: Any, report: Report, blocks: list[list[str]], metric: str) -> bool:
    """One metric of all blocks, a gap between two; whether any interval was drawn."""
    places: dict[str, float] = {}
    bars = []
    for gap, nets in enumerate(blocks):
        top = len(places) + 0.6 * gap
        for place, net in enumerate(nets):
            places[net] = top + place
            values = report.done.loc[report.done["net"] == net, metric].dropna().to_numpy(float)
            bars.append(dots(axis, values, top + place, style.look(min(place, 1))))
            if place == 0 and len(values):
                ends = [top - 0.4, top + len(nets) - 0.6]
                axis.plot([values.mean()] * 2, ends, color="#888888", linewidth=0.7, zorder=1)
    axis.set_yticks(list(places.values()), list(places))
    axis.set_ylim(max(places.values()) + 0.6, -0.6)
    axis.set_xlabel({"train_error": "training error (%)", "test_error": "test error (%)"}[metric])
    axis.grid(axis="y", visible=False)
    return any(bars)


def dots(axis: Any, values: Any, place: float, look: dict[str, Any], below: float = 0.25) -> bool:
    """The seeds of one arm along x, below them their 95 % interval; whether that was drawn."""
    from resnet.claims.statistics import t_interval

    # A little apart, so that equal values do not hide each other.
    apart = np.linspace(-1, 1, len(values)) if len(values) > 1 else np.zeros(len(values))
    axis.plot(values, place + apart * below / 4, linestyle="", markersize=3.6, **look)
    if len(values) < 2:
        return False
    found = t_interval(values, 0.95)
    axis.plot([found.low, found.high], [place + below] * 2, color=look["color"])
    return True
