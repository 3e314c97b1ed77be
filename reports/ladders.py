"""Figures of many arms: a panel each, error against size, and paired differences by depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports import style
from reports.elements import Figure, element
from reports.figures import MOST_POINTS
from reports.profiles import across, leftmost
from reports.scopes import family
from reports.sides import kind
from reports.tables import TRAINING, done_on, paper_mark
from reports.variants import dots
from reports.words import ids, scope

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report


@element
def panels(report: Report) -> Figure:
    """Training and test error by iteration, a panel an arm, all on the same axes."""
    errors = report.history[report.history["key"].isin(["train_error", "test_error"])]
    if errors.empty:
        return Figure("No training curves: no run has logged an epoch yet.")
    nets = [net for net in report.nets if (errors["net"] == net).any()]
    with style.context():
        drawing, axes = grid(len(nets))
        for place, (axis, net) in enumerate(zip(axes, nets, strict=True)):
            _curves(axis, errors[errors["net"] == net])
            axis.set_title(net.replace("-from-", "\n-from-").replace("@", "\n@"), fontsize=7.5)
            if place + across(len(nets)) >= len(nets):
                axis.set_xlabel("iteration")
            axis.set_ylabel("error (%)" if leftmost(axis) else "")
        low, high = errors["value"].min(), errors["value"].max()
        axes[0].set_ylim(np.floor(low / 5) * 5, np.ceil(high / 5) * 5)
        axes[0].set_xlim(0, int(errors["step"].max()))
    caption = (
        "Training curves, an arm a panel: training error thin and dashed, test error bold and "
        f"solid, a line a seed, not smoothed; all panels share their axes. Scope: {scope(report)}; "
        f"{ids(report.runs)}."
    )
    return Figure(caption, drawing=drawing)


def grid(panels: int) -> tuple[Any, list[Any]]:
    """A figure of the text's width with so many axes in rows, all of one scale."""
    from matplotlib.figure import Figure as Drawing

    columns = across(panels)
    rows = -(-panels // columns)
    drawing = Drawing(figsize=(style.WIDTH, 0.5 + 1.45 * rows))
    axes = drawing.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for axis in axes[panels:]:
        axis.remove()
    for axis in axes[max(panels - columns, 0) : panels]:  # nothing is left below them
        axis.tick_params(labelbottom=True)
    return drawing, list(axes[:panels])


def _curves(axis: Any, lines: pd.DataFrame) -> None:
    alpha = style.seethrough(lines["run_id"].nunique())
    for key, dash, width in (("train_error", "--", 0.7), ("test_error", "-", 1.4)):
        for _, line in lines[lines["key"] == key].groupby("run_id", observed=True, sort=True):
            axis.plot(line["step"], line["value"], dash, linewidth=width, alpha=alpha,
                      color=style.HUES[0], rasterized=len(lines) > MOST_POINTS)  # fmt: skip


@element
def by_size(report: Report, size: str = "depth") -> Figure:
    """Errors against depth or parameters, a line a kind of net; printed test errors as dashes."""
    if report.done.empty:
        return Figure("Nothing to draw against size: no run is finished.")
    sizes = {net: _size(net, size) for net in report.nets}
    groups: dict[str, list[str]] = {}
    for net in sorted(report.nets, key=lambda net: sizes[net]):
        groups.setdefault(kind(net), []).append(net)
    with style.context():
        drawing, axes = style.canvas(2, 2.6)
        dashes = False
        for axis, metric in zip(axes, ("train_error", "test_error"), strict=True):
            for place, (name, nets) in enumerate(groups.items()):
                sized = [(net, sizes[net]) for net in nets]
                dashes |= _line(axis, report, sized, metric, name, place)
            _ticks(axis, sorted(set(sizes.values())), size)
            axis.set_title({"train_error": "training", "test_error": "test"}[metric])
        axes[0].set_ylabel("error (%)")
        named = axes[0].get_legend_handles_labels()
        drawing.legend(*named, loc="outside lower center", ncols=4)
    printed = (
        "; black dashes, the errors that the papers print, of their own recipes on the original "
        "data"
    )
    caption = (
        f"Errors at the end of training against {size} (logarithmic): a dot a seed, lines through "
        f"the means{printed if dashes else ''}. {TRAINING} Scope: {scope(report)}; "
        f"{ids(report.done)}."
    )
    return Figure(caption, drawing=drawing)


def _size(net: str, size: str) -> float:
    if size == "depth":
        return float(family(net)[1])
    from resnet.claims.arms import split
    from resnet.nets.counts import totals

    return totals(split(net)[0])[0] / 1e6


def _line(
    axis: Any, report: Report, nets: list[tuple[str, float]], metric: str, name: str, place: int
) -> bool:
    """One kind of net from small to large; whether a printed figure was drawn."""
    look, means, dashes = style.look(place), [], False
    for net, size in nets:
        values = report.done.loc[report.done["net"] == net, metric].dropna().to_numpy(float)
        if len(values):
            shown = {"linestyle": "", "markersize": 4.4, "alpha": 0.7, "markeredgecolor": "white"}
            axis.plot([size] * len(values), values, markeredgewidth=0.3, **shown, **look)
            means.append((size, values.mean()))
        if (figure := paper_mark(report, net, metric)) is not None:
            axis.plot(size, figure, "_", color="black", markersize=11, markeredgewidth=1.5)
            dashes = True
    if means:
        axis.plot(*zip(*means, strict=True), color=look["color"])
        axis.plot([], [], label=name, **look)
    return dashes


def _ticks(axis: Any, sizes: list[float], size: str) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator

    axis.set_xscale("log")
    sizes = [
        size for size, before in zip(sizes, [0.0, *sizes], strict=False) if size > 1.25 * before
    ]
    axis.set_xticks(sizes, [f"{s:.3g}" if s < 100 else f"{s:.0f}" for s in sizes], rotation=45)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.set_xlabel("layers" if size == "depth" else "parameters (millions)")


@element
def gains(report: Report, kinds: Any = ()) -> Figure:
    """What nets of the second kind gain over the first at each depth: test error, paired by seed.

    `kinds` are pairs such as ('resnet', 'preact-resnet'); without any, each NET@RECIPE is held
    against NET.
    """
    found = [(a, b, v) for a, b in _pairs(report, kinds) if len(v := _paired(report, a, b))]
    if not found:
        return Figure(
            "No gains to draw: no two arms that could be compared have finished runs of one seed."
        )
    with style.context():
        drawing, (axis,) = style.canvas(1, 0.9 + 0.3 * len(found))
        bars = marks = False
        for place, (first, second, gained) in enumerate(found):
            bars |= dots(axis, gained.to_numpy(float), place, style.look(0))
            marks |= _printed_gain(axis, report, first, second, place)
        axis.axvline(0, color="#888888", linewidth=0.7)
        axis.set_yticks(range(len(found)), [f"{b} over {a}" for a, b, _ in found])
        axis.set_ylim(len(found) - 0.4, -0.6)
        axis.set_xlabel("points of test error gained")
    said = {
        ", a bar the 95 % t interval": bars,
        ", a black mark the gain between the figures that the papers print": marks,
    }
    caption = (
        "Gain in test error, paired by seed: a dot a seed"
        f"{''.join(clause for clause, true in said.items() if true)}. Right of zero the "
        f"first-named net is better. Scope: {scope(report)}; {ids(_compared(report, found))}."
    )
    return Figure(caption, drawing=drawing)


def _printed_gain(axis: Any, report: Report, first: str, second: str, place: int) -> bool:
    """Mark the gain between two printed figures; whether there are two."""
    from resnet.claims import paper

    found = paper.together((first, second), paper.stood_for(done_on(report)))
    if found is None:
        return False
    axis.plot(
        found[0].value - found[1].value,
        place,
        "|",
        color="black",
        markersize=13,
        markeredgewidth=1.6,
    )
    return True


def _compared(report: Report, found: list[tuple[str, str, Any]]) -> pd.DataFrame:
    """The runs that a pair was made of: its nets', of the seeds that both have."""
    shown = {(net, seed) for *pair, values in found for net in pair for seed in values.index}
    runs = report.done
    return runs[[one in shown for one in zip(runs["net"], runs["seed"], strict=True)]]


def _pairs(report: Report, kinds: Any) -> list[tuple[str, str]]:
    by_name = {(kind(net), family(net)[1]): net for net in report.nets}
    depths = sorted({depth for _, depth in by_name})
    if kinds:
        names = [((a, depth), (b, depth)) for a, b in kinds for depth in depths]
    else:
        names = [((k.partition("@")[0], d), (k, d)) for k, d in by_name if "@" in k]
    return [(by_name[a], by_name[b]) for a, b in names if a in by_name and b in by_name]


def _paired(report: Report, first: str, second: str) -> pd.Series:
    """The first net's test error less the second's, by seed, where both have it; in points."""
    errors = {
        net: report.done[report.done["net"] == net].set_index("seed")["test_error"]
        for net in (first, second)
    }
    return (errors[first] - errors[second]).dropna()
