"""The figures: every seed is drawn, no curve is smoothed, every interval is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports import style
from reports.elements import Figure, element
from reports.profiles import extremes
from reports.tables import TRAINING, paper_mark
from reports.words import ids, scope

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report

PAPER_STEPS = 60_000
"""From this many steps on, axes are those of the paper's Figure 6: 0 to 20 %, 0 to 6.4e4."""
MARK, LETTER = 0.38, 0.052
"""Inches that a mark in a legend takes with the room around it, and a letter of its name."""
MOST_POINTS = 60_000
"""Beyond this many points, curves are stored as pixels; axes and text stay vectors."""


def families(nets: tuple[str, ...]) -> dict[str, list[str]]:
    """The nets by family, in their order."""
    from reports.scopes import family

    found: dict[str, list[str]] = {}
    for net in nets:
        found.setdefault(family(net)[0], []).append(net)
    return found


@element
def curves(report: Report) -> Figure:
    """Training and test error by iteration, a panel a family, in the manner of Figure 6."""
    errors = report.history[report.history["key"].isin(["train_error", "test_error"])]
    if errors.empty:
        return Figure("No training curves: no run has logged an epoch yet.")
    with style.context():
        groups = families(tuple(net for net in report.nets if (errors["net"] == net).any()))
        drawing, axes = style.canvas(len(groups))
        for axis, (family, nets) in zip(axes, groups.items(), strict=True):
            for place, net in enumerate(nets):
                _curve(axis, errors[errors["net"] == net], net, place, len(errors) > MOST_POINTS)
            axis.set_title(f"{family} nets")
            _legend(axis, len(groups))
        limited = _scale(axes, errors, report)
    caption = (
        "Training curves: training error thin and dashed, test error bold and solid, a line a "
        f"seed, an epoch a point, not smoothed. {limited} Scope: {scope(report)}; "
        f"{ids(report.runs)}."
    )
    return Figure(caption, drawing=drawing)


def _curve(axis: Any, lines: pd.DataFrame, net: str, place: int, pixels: bool) -> None:
    """All seeds of one net: the first line of the test error carries the net's name."""
    marks, seeds = style.look(place), lines["run_id"].nunique()
    kinds = {"train_error": ("--", 0.7, None), "test_error": ("-", 1.5, net)}
    for key, (dash, width, name) in kinds.items():
        for _, line in lines[lines["key"] == key].groupby("run_id", observed=True, sort=True):
            axis.plot(
                line["step"],
                line["value"],
                linestyle=dash,
                linewidth=width,
                label=name,
                alpha=style.seethrough(seeds),
                rasterized=pixels,
                markersize=3 if key == "test_error" else 0,
                markevery=max(1, len(line) // 6),
                **marks,
            )
            name = None


def _legend(axis: Any, panels: int) -> None:
    """The nets' names below the panel, in as many columns as it is wide."""
    names = axis.get_legend_handles_labels()[1]
    longest = max(map(len, names), default=0)
    columns = max(1, int(style.WIDTH / panels / (MARK + LETTER * longest)))
    found = axis.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=columns, columnspacing=1.2
    )
    style.opaque(found)


def _scale(axes: list[Any], errors: pd.DataFrame, report: Report) -> str:
    """Set the axes, and say how: the paper's where the runs are as long as its, else fitted."""
    last = int(errors["step"].max())
    full = int(report.recipe.get("steps") or 0) >= PAPER_STEPS
    real = bool((report.runs["dataset"] == "cifar10").all())
    top = 20.0 if full and real else float(min(100, np.ceil(errors["value"].max() / 5) * 5))
    low = 0.0 if full and real else float(np.floor(errors["value"].min() / 5) * 5)
    for place, axis in enumerate(axes):
        axis.set_ylim(low, max(top, low + 5))
        axis.set_xlim(0, last)
        axis.set_xlabel("iteration")
        axis.set_ylabel("error (%)" if place == 0 else "")
        if last >= 10_000:
            axis.xaxis.set_major_formatter(lambda step, _: f"{step / 10_000:g}")
            axis.set_xlabel("iteration (10,000s)")
    if full and real:
        return "Axes as in Figure 6 of He et al. 2015; what lies above 20 % is not shown."
    return "Axes fitted to these runs."


@element
def arms_figure(report: Report) -> Figure:
    """Final errors by arm: a dot a seed, the mean and its interval, the paper's figure."""
    if report.done.empty:
        return Figure("No arms to draw: no run is finished.")
    with style.context():
        drawing, axes = style.canvas(2, 2.3)
        bars = dashes = False
        for axis, metric in zip(axes, ("train_error", "test_error"), strict=True):
            for place, net in enumerate(report.nets):
                done = report.done[report.done["net"] == net]
                look = style.look(_rank(report.nets, net))
                bars |= _dots(axis, done[metric].dropna().to_numpy(float), place, look)
                figure = paper_mark(report, net, metric)
                if figure is not None:
                    dashes = True
                    axis.plot(place, figure, "_", color="black", markersize=13, markeredgewidth=1.6)
            axis.set_xticks(range(len(report.nets)), report.nets, rotation=30, ha="right")
            axis.set_xlim(-0.6, len(report.nets) - 0.4)
            axis.set_ylabel("error (%)")
            axis.set_title({"train_error": "training", "test_error": "test"}[metric])
            axis.grid(axis="x", visible=False)
        beyond = sum(within(axis, "y") for axis in axes)
    said = {
        "; beside them the mean with its 95 % t interval over seeds": bars,
        ". Black dashes: errors that the paper prints, of its own recipe on the original data": (
            dashes
        ),
        ". Intervals are cut at 0 and 100 %": beyond and bars,
    }
    clauses = "".join(clause for clause, true in said.items() if true)
    caption = (
        f"Errors at the end of training: a dot a seed{clauses}. {TRAINING} Scope: "
        f"{scope(report)}; {ids(report.done)}."
    )
    return Figure(caption, drawing=drawing)


def within(axis: Any, which: str) -> bool:
    """End axis 'x' or 'y' at 0 and 100 %, beyond which no error lies; whether that cuts a line."""
    low, high = getattr(axis, f"get_{which}lim")()
    getattr(axis, f"set_{which}lim")(max(low, 0.0), min(high, 100.0))
    drawn = [np.asarray(getattr(line, f"get_{which}data")(), float) for line in axis.lines]
    return any(bool(((values < 0) | (values > 100)).any()) for values in drawn)


def _rank(nets: tuple[str, ...], net: str) -> int:
    """The place of a net in its family, so that it looks the same in every figure."""
    return next(group.index(net) for group in families(nets).values() if net in group)


def _dots(axis: Any, values: Any, place: int, look: dict[str, Any]) -> bool:
    """The seeds of one arm side by side, right of them the mean; whether it has an interval."""
    from resnet.claims.statistics import t_interval

    if not len(values):
        return False
    spread = np.linspace(-0.18, 0.08, len(values)) if len(values) > 1 else np.zeros(1)
    axis.plot(
        place + spread,
        values,
        linestyle="",
        markersize=3.4,
        alpha=max(0.35, style.seethrough(len(values))),
        rasterized=len(values) > 500,
        **look,
    )
    if len(values) > 1:
        found = t_interval(values, 0.95)
        axis.plot([place + 0.24] * 2, [found.low, found.high], color=look["color"], linewidth=1.2)
        axis.plot(place + 0.24, found.estimate, "o", color=look["color"], markersize=3.4,
                  markerfacecolor="white")  # fmt: skip
    return len(values) > 1


@element
def gradients(report: Report) -> Figure:
    """The norm of the gradient at each block before the first step, from first to last block."""
    start = report.history[report.history["step"] == 0]  # later norms are a measure's
    norms = start[start["key"].astype(str).str.startswith("gradient_norm/")]
    if norms.empty:
        return Figure("Gradient norms at initialisation were not logged by these runs.")
    norms = norms.assign(block=norms["key"].astype(str).str.rpartition("/")[2].astype(int) + 1)
    with style.context():
        groups = families(tuple(net for net in report.nets if (norms["net"] == net).any()))
        drawing, axes = style.canvas(len(groups), 2.3)
        for place, (axis, (family, nets)) in enumerate(zip(axes, groups.items(), strict=True)):
            for number, net in enumerate(nets):
                _profile(axis, norms[norms["net"] == net], net, number)
            axis.set_yscale("log")
            axis.set_title(f"{family} nets")
            axis.set_xlabel("block")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.set_ylabel("gradient norm" if place == 0 else "")
            _legend(axis, len(groups))
        _one_range(axes, norms["value"])
    caption = (
        "Norm of the loss's gradient with respect to each block's output at initialisation, by "
        "block from input to output, a line a seed. The first block's over the last's, and the "
        "lowest of all over the last's, in decades, means over seeds: "
        f"{extremes(report, norms.assign(place=norms['block']))}. Scope: {scope(report)}; "
        f"{ids(report.runs)}."
    )
    return Figure(caption, drawing=drawing)


def _profile(axis: Any, norms: pd.DataFrame, net: str, place: int) -> None:
    seeds, name = norms["run_id"].nunique(), net
    for _, line in norms.sort_values("block").groupby("run_id", observed=True, sort=True):
        axis.plot(
            line["block"],
            line["value"],
            label=name,
            alpha=style.seethrough(seeds),
            rasterized=len(norms) > MOST_POINTS,
            markersize=3,
            markevery=max(1, len(line) // 6),
            **style.look(place),
        )
        name = "_"


def _one_range(axes: list[Any], values: pd.Series) -> None:
    """One range for all panels, wide enough to hold two decades: flat looks flat."""
    from matplotlib.ticker import NullFormatter

    positive = values[values > 0]
    low, high = (float(positive.min()), float(positive.max())) if len(positive) else (0.1, 1.0)
    middle, half = np.sqrt(low * high), max(float(np.sqrt(high / low)), 9.0) * 1.2
    for axis in axes:
        axis.set_ylim(middle / half, middle * half)
        axis.yaxis.set_minor_formatter(NullFormatter())
