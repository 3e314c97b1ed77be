"""The way that training took over its loss surface, from initialisation to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports import style
from reports.contours import scale
from reports.elements import Figure, Table, element
from reports.grids import first_seeds, looked, seen, shares, trajectory
from reports.profiles import panels
from reports.sections import MISSING, about, both, mean
from reports.words import row

if TYPE_CHECKING:
    from reports.report import Report


@element
def trajectories(report: Report) -> Figure:
    """The way of training over the contours of the plane that holds most of it, a panel a net."""
    found = first_seeds(seen(report, "plane"))
    if not found:
        return Figure(MISSING)
    shades = scale(report, found)
    with style.context():
        drawing, axes = panels(len(found), 2.0, sharey=False)
        for axis, one in zip(axes, found, strict=True):
            shades.draw(axis, one)
            way = trajectory(report, one)
            axis.plot(way["x"], way["y"], "o-", color=style.HUES[1], markersize=2.6, linewidth=0.9)
            axis.plot(*way.loc[0, ["x", "y"]], "s", color="black", markersize=3.2)
            axis.plot(0, 0, "+", color="black", markersize=6)
            axis.set_title(f"{one.net}, seed {one.seed}")
            along, across = shares(report, one)
            axis.set_xlabel(f"first direction ({along:.0f} %)")
            axis.set_ylabel(f"second ({across:.0f} %)", labelpad=1)
        shades.bar(drawing, axes)
    extent = f"{looked(report).resolution} points a side"
    caption = (
        "The way of training from initialisation (square) through the weights that were kept to "
        "the last ones (cross), projected on the plane of the two principal directions of their "
        "differences from the last; axes in units of weight, each panel's its own, with the share "
        "of the squared distances that each explains. Shades and contours: training loss (nats), "
        "BN with each batch's own statistics, the same in all panels, "
        f"{shades.words()}; the lowest seed of each net. {about(report, extent, found)}"
    )
    return Figure(caption, drawing=drawing)


@element
def paths(report: Report) -> Figure:
    """Loss and error on the straight line from initialisation to the end."""
    found, extent = seen(report, "path"), f"{looked(report).fine} points from 0 to 1"
    caption = (
        "Training loss (left, logarithmic) and training error (right) on the straight line from "
        "the initialisation (0) to the trained net (1), all parameters interpolated, BN with each "
        f"batch's own statistics; a line a seed. {about(report, extent, found)}"
    )
    return both(report, found, "share of the way", caption)


@element
def trajectory_table(report: Report) -> Table:
    """What the way comes to, a row a net: means over seeds."""
    rows, found = [], seen(report, "plane")
    for net in report.nets:
        planes = [one for one in found if one.net == net]
        ways = [trajectory(report, one)["loss"] for one in planes]
        straight = [one.losses[0] for one in seen(report, "path") if one.net == net]
        rows.append(
            row(net, len(planes), mean([way.iloc[0] for way in ways]),
                mean([way.iloc[-1] for way in ways]),
                mean([np.nanmin(one.losses) for one in planes]),
                mean([np.nanmax(f) - max(f[0], f[-1]) for f in straight]),
                mean([sum(shares(report, one)) for one in planes], 1))
        )  # fmt: skip
    points = looked(report)
    extent = f"Plane: {points.resolution} points a side; line: {points.fine} points"
    caption = (
        "The way in numbers, means over seeds, BN with each batch's own statistics: loss at "
        "initialisation and at the end; lowest loss at a point of the plane's grid; barrier: the "
        "highest loss on the straight line, less that of the worse of its ends; share of the "
        "squared distances from the end that the plane holds. "
        f"{about(report, extent, found)}"
    )
    columns = ("Net", "Seeds", "Loss, start", "Loss, end", "Lowest", "Barrier", "In the plane, %")
    return Table(caption, columns, tuple(rows), "lrrrrrr")
