"""Loss surfaces: contours, relief, lines and the way that training took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reports import style
from reports.elements import Figure, Table, element
from reports.figures import PAPER_STEPS
from reports.grids import Seen, first_seeds, seen, settings, shares, trajectory
from reports.profiles import looks, panels
from reports.words import NONE, ids, number, row, scope
from resnet.analysis import curvature

if TYPE_CHECKING:
    from reports.report import Report

MISSING = "No loss surface of these runs was computed."
LI = np.arange(0.1, 10, 0.5)
"""The contour levels of Li et al. 2018's released code."""


def _about(report: Report) -> str:
    resolution, _, reach = settings(report).partition("x")
    return (f"{resolution} points a side, {reach} filter length{'s' * (reach != '1')} each way. "
            f"Scope: {scope(report)}; {ids(report.done)}.")  # fmt: skip


def _levels(report: Report, surfaces: list[Seen]) -> Any:
    """Those of the paper for runs as long as its, else as many between the lowest and highest."""
    if int(report.recipe.get("steps") or 0) >= PAPER_STEPS:
        return LI
    losses = np.concatenate([one.losses.ravel() for one in surfaces])
    losses = losses[np.isfinite(losses) & (losses > 0)]
    return np.geomspace(losses.min(), losses.max() * 1.001, 18) if len(losses) else LI


def _contours(axis: Any, one: Seen, levels: Any) -> None:
    lines = axis.contour(one.xs, one.ys, one.losses, levels=levels, norm="log", linewidths=0.7)
    axis.clabel(lines, lines.levels[::2], fontsize=5, fmt="%.3g")
    axis.set_title(f"{one.net}, seed {one.seed}")
    axis.grid(visible=False)


@element
def surfaces(report: Report) -> Figure:
    """Contours of the loss around the trained nets, a panel a net."""
    found = first_seeds(seen(report, "surface"))
    if not found:
        return Figure(MISSING)
    levels = _levels(report, found)
    with style.context():
        drawing, axes = panels(len(found), 2.0)
        for axis, one in zip(axes, found, strict=True):
            _contours(axis, one, levels)
            axis.plot(0, 0, "+", color="black", markersize=6)
            axis.set_aspect("equal")
    caption = (
        "Training loss (nats) around the trained net (cross) in two random filter-normalised "
        "directions, in filter lengths; the lowest seed of each net; the same contour levels in "
        f"all panels. {_about(report)}"
    )
    return Figure(caption, drawing=drawing)


@element
def relief(report: Report) -> Figure:
    """The same surfaces as reliefs."""
    from matplotlib.figure import Figure as Drawing

    found = first_seeds(seen(report, "surface"))
    if not found:
        return Figure(MISSING)
    logs = [np.log10(np.where(one.losses > 0, one.losses, np.nan)) for one in found]
    low, high = min(map(np.nanmin, logs)), max(map(np.nanmax, logs))
    columns = min(len(found), 3) if len(found) != 4 else 2
    with style.context():
        drawing = Drawing(figsize=(style.WIDTH, 2.6 * -(-len(found) // columns)))
        for place, (one, heights) in enumerate(zip(found, logs, strict=True), start=1):
            axis: Any = drawing.add_subplot(
                -(-len(found) // columns), columns, place, projection="3d"
            )
            colours = {"cmap": "viridis", "vmin": low, "vmax": high, "edgecolor": "#333333"}
            axis.plot_surface(*np.meshgrid(one.xs, one.ys), heights, rstride=1, cstride=1,
                              linewidth=0.1, **colours)  # fmt: skip
            axis.set_zlim(low, high)
            axis.set_title(f"{one.net}, seed {one.seed}")
            axis.tick_params(labelsize=5.5, pad=-2)
            axis.view_init(elev=32, azim=-58)
    caption = (
        "The same surfaces as relief: the height is the logarithm (base 10) of the training loss, "
        f"with one range for all panels. {_about(report)}"
    )
    return Figure(caption, drawing=drawing)


@element
def lines(report: Report) -> Figure:
    """Loss and error along the first random direction, all nets and seeds."""
    caption = (
        "Training loss (left, logarithmic) and training error (right) along the first of the two "
        f"directions, in filter lengths from the trained net; a line a seed. {_about(report)}"
    )
    return _both(report, "line", "filter lengths", caption)


@element
def paths(report: Report) -> Figure:
    """Loss and error on the straight line from initialisation to the end."""
    caption = (
        "Training loss (left, logarithmic) and training error (right) on the straight line from "
        "the initialisation (0) to the trained net (1), all parameters interpolated, BN with each "
        f"batch's own statistics; a line a seed. {_about(report)}"
    )
    return _both(report, "path", "share of the way", caption)


def _both(report: Report, name: str, along: str, caption: str) -> Figure:
    """Losses and errors of all lines of one name, side by side."""
    found, kinds = seen(report, name), looks(report.nets)
    if not found:
        return Figure(MISSING)
    named: set[str] = set()
    with style.context():
        drawing, axes = style.canvas(2, 2.5)
        for one in found:
            look = {**kinds[one.net], "alpha": style.seethrough(len(found) // len(kinds))}
            label = "_" if one.net in named else one.net
            axes[0].plot(one.xs, one.losses[0], label=label, **look)
            axes[1].plot(one.xs, one.errors, label=label, **look)
            named.add(one.net)
        axes[0].set_yscale("log")
        for axis, what in zip(axes, ("training loss (nats)", "training error (%)"), strict=True):
            axis.set_xlabel(along)
            axis.set_ylabel(what)
        drawing.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return Figure(caption, drawing=drawing)


@element
def trajectories(report: Report) -> Figure:
    """The way of training over the contours of the plane that holds most of it, a panel a net."""
    found = first_seeds(seen(report, "plane"))
    if not found:
        return Figure(MISSING)
    levels = _levels(report, found)
    with style.context():
        drawing, axes = panels(len(found), 2.0)
        for axis, one in zip(axes, found, strict=True):
            _contours(axis, one, levels)
            way = trajectory(report, one)
            axis.plot(way["x"], way["y"], "o-", color=style.HUES[1], markersize=2.6, linewidth=0.9)
            axis.plot(*way.loc[0, ["x", "y"]], "s", color="black", markersize=3.2)
            along, across = shares(report, one)
            axis.set_xlabel(f"first direction ({along:.0f} %)")
            axis.set_ylabel(f"second ({across:.0f} %)")
    caption = (
        "The way of training from initialisation (square) through the weights that were kept, "
        "projected on the plane of the two principal directions of their differences from the "
        "last; axes in units of weight, with the share of the squared distances that each "
        "explains. Contours: training loss (nats), BN with each batch's own statistics; the lowest "
        f"seed of each net. Scope: {scope(report)}; {ids(report.done)}."
    )
    return Figure(caption, drawing=drawing)


@element
def landscape_table(report: Report) -> Table:
    """What the surfaces come to, a row a net: means over seeds."""
    rows = []
    for net in report.nets:
        found = [one.losses for one in seen(report, "surface") if one.net == net]
        centres = [f[len(f) // 2, f.shape[1] // 2] for f in found]
        rows.append(
            row(net, len(found), _mean(centres), _mean([_border(f) for f in found]),
                _mean([curvature.negative_share(f) for f in found], 1),
                _mean([curvature.minima(f) for f in found], 1))
        )  # fmt: skip
    caption = (
        "The surfaces in numbers, means over seeds: loss of the trained net; mean loss on the "
        "border of the plane; negative curvature, its share at each inner point of the grid, mean "
        "over points (0 % for a convex surface, 50 % for a saddle as steep both ways); points of "
        f"the grid that lie below all eight neighbours. {_about(report)}"
    )
    columns = ("Net", "Seeds", "Loss, centre", "Loss, border", "Negative curvature, %", "Minima")
    return Table(caption, columns, tuple(rows), "lrrrrr")


@element
def trajectory_table(report: Report) -> Table:
    """What the way comes to, a row a net: means over seeds."""
    rows = []
    for net in report.nets:
        planes = [one for one in seen(report, "plane") if one.net == net]
        ways = [trajectory(report, one)["loss"] for one in planes]
        straight = [one.losses[0] for one in seen(report, "path") if one.net == net]
        rows.append(
            row(net, len(planes), _mean([way.iloc[0] for way in ways]),
                _mean([way.iloc[-1] for way in ways]),
                _mean([np.nanmin(one.losses) for one in planes]),
                _mean([np.nanmax(f) - max(f[0], f[-1]) for f in straight]),
                _mean([sum(shares(report, one)) for one in planes], 1))
        )  # fmt: skip
    caption = (
        "The way in numbers, means over seeds, BN with each batch's own statistics: loss at "
        "initialisation and at the end; lowest loss at a point of the plane's grid; barrier: the "
        "highest loss on the straight line, less that of the worse of its ends; share of the "
        "squared distances from the end that the plane holds. "
        f"Scope: {scope(report)}; {ids(report.done)}."
    )
    columns = ("Net", "Seeds", "Loss, start", "Loss, end", "Lowest", "Barrier", "In the plane, %")
    return Table(caption, columns, tuple(rows), "lrrrrrr")


def _border(f: np.ndarray) -> float:
    edge = np.concatenate([f[0], f[-1], f[1:-1, 0], f[1:-1, -1]])
    return float(np.mean(edge))


def _mean(values: list[Any], digits: int = 2) -> str:
    return number(float(np.mean(values)), digits) if values else NONE
