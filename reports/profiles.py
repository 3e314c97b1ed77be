"""A line along the depth of a net: what each layer or block has, from input to output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from reports import style
from reports.elements import Figure
from reports.words import ids, number, scope

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report

MOST_POINTS = 60_000
"""Beyond this many points, lines are stored as pixels; axes and text stay vectors."""
WIDE = 4
"""Panels in a row, at most."""


def measured(report: Report, name: str) -> pd.DataFrame:
    """The history's rows 'name/<number>', with the number as the column `place`, from 1."""
    found = report.history[report.history["key"].astype(str).str.startswith(f"{name}/")]
    numbers = found["key"].astype(str).str.split("/").str[-1].astype(int)
    return found.assign(key=name, place=numbers + 1).sort_values(["run_id", "step", "place"])


def source(report: Report, run_ids: Iterable[str]) -> str:
    """What a caption says last: the scope, and the runs that are shown."""
    shown = report.runs[report.runs["id"].isin(set(run_ids))]
    return f"Scope: {scope(report)}; {ids(shown)}."


def panels(count: int, height: float = 2.2, sharey: bool = True) -> tuple[Any, list[Any]]:
    """A figure of the text's width with `count` axes in rows of `WIDE` at most, each that high.

    Heights are in inches. With `sharey` all have one ordinate, which the first of a row labels.
    """
    from matplotlib.figure import Figure as Drawing

    columns = across(count)
    rows = -(-count // columns)
    drawing = Drawing(figsize=(style.WIDTH, height * rows))
    axes = drawing.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    for axis in axes[count:]:
        axis.set_visible(False)
    return drawing, list(axes[:count])


def across(count: int) -> int:
    """How many of `count` panels stand in a row, so that rows are as even as can be."""
    return -(-count // -(-count // WIDE))


def leftmost(axis: Any) -> bool:
    """Whether a panel is the first of its row, and so the one to name the ordinate."""
    return bool(axis.get_subplotspec().is_first_col())


def not_measured(report: Report, known: Iterable[str]) -> str:
    """In words, the nets that have finished runs and none among the `known`; '' for none."""
    without = [net for net in dict.fromkeys(report.done["net"]) if net not in set(known)]
    return f"Not measured: {', '.join(without)}. " if without else ""


def extremes(report: Report, rows: pd.DataFrame) -> str:
    """In words, by net: how far the first block's value, and any block's, falls below the last's.

    `rows` have net, run_id, step, place and value; decades, each run at its lowest step, means over
    the seeds that are finished: of others the later steps are missing.
    """
    rows = rows[rows["run_id"].isin(report.done["id"])]
    with np.errstate(divide="ignore"):  # a norm that has vanished altogether is printed as a dash
        logs = rows.sort_values("place").assign(value=np.log10(rows["value"]))
    lines = logs.groupby(["net", "run_id", "step"], observed=True, sort=False)["value"]
    gaps = lines.agg(first=lambda line: line.iloc[0] - line.iloc[-1],
                     lowest=lambda line: line.min() - line.iloc[-1])  # fmt: skip
    runs = gaps.groupby(["net", "run_id"], observed=True, sort=False).min()
    means = runs.groupby("net", observed=True, sort=False).mean()
    return ", ".join(
        f"{net} {number(means['first'][net], signed=True)} and "
        f"{number(means['lowest'][net], signed=True)}"
        for net in report.nets
        if net in means.index
    )


def draw(axis: Any, lines: pd.DataFrame, name: str, **look: Any) -> None:
    """A line a run along `place`; the line is cut where a place is missing. One label for all."""
    seeds = max(lines["run_id"].nunique(), 1)
    for _, line in lines.groupby("run_id", observed=True, sort=True):
        whole = np.arange(line["place"].min(), line["place"].max() + 1)
        values = line.set_index("place")["value"].reindex(whole)
        axis.plot(
            whole,
            values.to_numpy(float),
            label=name,
            alpha=style.seethrough(seeds),
            rasterized=len(lines) > MOST_POINTS,
            **look,
        )
        name = "_"


def looks(nets: Iterable[str]) -> dict[str, dict[str, Any]]:
    """How each net is drawn where all share a panel: colour by depth, plain ones dashed."""
    from reports.scopes import family

    nets = tuple(nets)
    depths = sorted({family(net)[1] for net in nets})
    kinds = list(dict.fromkeys(family(net)[0] for net in nets))
    dashes = ["--" if kind.startswith("plain") else "-" for kind in kinds]
    dashes = [dash if dashes.index(dash) == i else "-." for i, dash in enumerate(dashes)]
    found = {}
    for net in nets:
        kind, depth = family(net)
        place = depths.index(depth)
        found[net] = {
            "color": style.HUES[place % len(style.HUES)],
            "linestyle": dashes[kinds.index(kind)],
            "linewidth": 1.0,
        }
    return found


def hues(nets: Iterable[str]) -> dict[str, str]:
    """A colour a net, for where nothing else would tell nets of one depth apart."""
    return {net: style.HUES[place % len(style.HUES)] for place, net in enumerate(nets)}


def by_step(report: Report, name: str, label: str, log: bool, caption: str) -> Figure:
    """A panel a net, in it a line a step (and run) along the blocks, dark early and light late."""
    from matplotlib import colormaps

    rows = measured(report, name)
    if rows.empty:
        return Figure("These runs were not measured for it.")
    nets = [net for net in report.nets if (rows["net"] == net).any()]
    steps = sorted(rows["step"].unique())
    colours = colormaps["viridis"](np.linspace(0.0, 0.88, len(steps)))
    with style.context():
        drawing, axes = panels(len(nets))
        for axis, net in zip(axes, nets, strict=True):
            mine = rows[rows["net"] == net]
            for step, colour in zip(steps, colours, strict=True):
                lines = mine[mine["step"] == step]
                draw(axis, lines, f"step {step:,}", color=colour, linewidth=1.0)
            axis.set_title(net)
            axis.set_xlabel("block")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.set_ylabel(label if leftmost(axis) else "")
            if log:
                axis.set_yscale("log")
        named: dict[str, Any] = {}
        for axis in axes:
            named |= dict(zip(*axis.get_legend_handles_labels()[::-1], strict=True))
        order = [f"step {step:,}" for step in steps]
        lines = [named[name] for name in order]
        style.opaque(drawing.legend(lines, order, loc="outside lower center", ncols=6))
    return Figure(caption, drawing=drawing)
