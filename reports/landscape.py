"""Loss surfaces around trained nets: contours, relief, lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from reports import style
from reports.contours import scale
from reports.elements import Figure, Table, element
from reports.grids import first_seeds, looked, seen
from reports.profiles import leftmost, panels
from reports.sections import MISSING, about, both, mean
from reports.tables import PAIRED
from reports.words import row
from resnet.analysis import curvature
from resnet.analysis.settings import default
from resnet.recipes import Recipe

if TYPE_CHECKING:
    from reports.report import Report


def _around(report: Report, fine: bool = False) -> str:
    """The extent of a plane or, `fine`, of a line around the trained net."""
    found = looked(report)
    points = f"{found.fine} points" if fine else f"{found.resolution} points a side"
    lengths = f"{found.reach:g} filter length{'s' * (found.reach != 1)}"
    return f"{points}, {lengths} each way"


@element
def surfaces(report: Report) -> Figure:
    """Contours of the loss around the trained nets, a panel a net."""
    found = first_seeds(seen(report, "surface"))
    if not found:
        return Figure(MISSING)
    shades = scale(report, found)
    with style.context():
        drawing, axes = panels(len(found), 1.9)
        for axis, one in zip(axes, found, strict=True):
            shades.draw(axis, one)
            axis.plot(0, 0, "+", color="black", markersize=6)
            axis.set_aspect("equal")
            axis.set_title(f"{one.net}, seed {one.seed}")
            axis.set_xlabel("first direction")
            axis.set_ylabel("second direction" if leftmost(axis) else "")
        shades.bar(drawing, axes)
    caption = (
        "Training loss (nats) around the trained net (cross) in two random filter-normalised "
        "directions, in filter lengths; the lowest seed of each net. Shades and contours are the "
        f"same in all panels, {shades.words()}; their levels are {shades.kind()}. "
        f"{about(report, _around(report), found)}"
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
    columns = min(len(found), 2)  # three abreast leave no room for the height's name
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
            _name_sides(axis)
            axis.view_init(elev=32, azim=-58)
    caption = (
        "The same surfaces as relief: the height is the logarithm (base 10) of the training loss, "
        f"with one range for all panels; colours repeat it. {about(report, _around(report), found)}"
    )
    return Figure(caption, drawing=drawing)


def _name_sides(axis: Any) -> None:
    """Names, and so few figures that they do not touch, on the sides of a relief."""
    for side in (axis.xaxis, axis.yaxis, axis.zaxis):
        side.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axis.tick_params(labelsize=6.5, pad=-3)
    names = {"fontsize": 7.5, "labelpad": -7}
    axis.set_xlabel("first direction", **names)
    axis.set_ylabel("second direction", **names)
    axis.set_zlabel("log10 of loss", **names)


@element
def lines(report: Report) -> Figure:
    """Loss and error along the first random direction, all nets and seeds."""
    found = seen(report, "line")
    caption = (
        "Training loss (left, logarithmic) and training error (right) along the first of the two "
        "directions, in filter lengths from the trained net; a line a seed. "
        f"{about(report, _around(report, fine=True), found)}"
    )
    return both(report, found, "filter lengths", caption)


@element
def landscape_table(report: Report) -> Table:
    """What the surfaces come to, a row a net: means over seeds."""
    rows, found = [], seen(report, "surface")
    for net in report.nets:
        mine = [one.losses for one in found if one.net == net]
        centres = [f[len(f) // 2, f.shape[1] // 2] for f in mine]
        rows.append(
            row(net, len(mine), mean(centres), mean([_border(f) for f in mine]),
                mean([curvature.negative_share(f) for f in mine], 1),
                mean([curvature.minima(f) for f in mine], 1))
        )  # fmt: skip
    asked = default(Recipe.from_json(report.recipe)) if report.recipe else looked(report)
    other = (
        "As many points and images as claims ask for under this recipe. "
        if looked(report) == asked
        else f"Claims ask for {asked.resolution} points a side on {asked.images:,} images under "
        "this recipe, and are not asked of these. "
    )
    caption = (
        "The surfaces in numbers, means over seeds: loss of the trained net (nats), and mean log10 "
        "of the loss on the border of the plane; negative curvature, its share at each inner point "
        "of the grid, mean over points (0 % for a convex surface, 50 % for a saddle as steep both "
        "ways); minima: points of the grid that lie below all eight neighbours. A net whose loss "
        "is near the logarithm of the number of classes (2.30 for ten) only guesses: its surface "
        f"is not that of a trained net. {PAIRED} "
        f"{other}{about(report, _around(report), found)}"
    )
    columns = ("Net", "Seeds", "Loss, centre", "log10, border", "Negative curvature, %", "Minima")
    return Table(caption, columns, tuple(rows), "lrrrrr")


def _border(f: np.ndarray) -> float:
    """The mean log10 of the loss on the border: one corner may be decades above the rest."""
    edge = np.concatenate([f[0], f[-1], f[1:-1, 0], f[1:-1, -1]])
    return float(np.mean(np.log10(np.where(edge > 0, edge, np.nan))))
