"""Runs that start from trained ones: the fit of the training images from the first weights on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import style
from reports.elements import Figure, Table, element
from reports.figures import families
from reports.tables import mean
from reports.words import METRICS, NONE, ids, number, row, scope

if TYPE_CHECKING:
    from reports.report import Report


@element
def fits(report: Report) -> Figure:
    """The error on the training images as they are, by iteration from 0, a panel a family."""
    rows = report.history[report.history["key"] == "fit_error"]
    if rows.empty:
        return Figure("The fit of the training images was not measured on these runs.")
    with style.context():
        groups = families(tuple(net for net in report.nets if (rows["net"] == net).any()))
        drawing, axes = style.canvas(len(groups))
        for axis, (kind, nets) in zip(axes, groups.items(), strict=True):
            for place, net in enumerate(nets):
                mine, name = rows[rows["net"] == net], net
                for _, line in mine.sort_values("step").groupby("run_id", observed=True):
                    axis.plot(
                        line["step"],
                        line["value"],
                        label=name,
                        linestyle="--" if "-from-" in net else "-",
                        alpha=style.seethrough(mine["run_id"].nunique()),
                        markersize=3.4,
                        **style.look(place),
                    )
                    name = "_"
            axis.set_title(f"{kind} nets")
            axis.set_xlabel("iteration")
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
        low = min(axis.get_ylim()[0] for axis in axes)
        high = max(axis.get_ylim()[1] for axis in axes)
        for place, axis in enumerate(axes):
            axis.set_ylim(max(low, 0.0), min(high, 100.0))
            axis.set_ylabel("error (%)" if place == 0 else "")
    caption = (
        "Error on the training images as they are, in evaluation mode, before the first step and "
        "at each step that weights were kept of; a line a seed, dashed where a net starts from a "
        f"trained one. Scope: {scope(report)}; {ids(report.runs)}."
    )
    return Figure(caption, drawing=drawing)


@element
def first_and_last(report: Report) -> Table:
    """That error before the first step and after the last, mean over seeds, and the gap."""
    rows = report.history[report.history["key"] == "fit_error"]
    cells = []
    for net in report.nets:
        mine = rows[rows["net"] == net].sort_values("step").groupby("run_id", observed=True)
        if not len(mine):
            continue
        gap = report.done.loc[report.done["net"] == net, "start_gap"].dropna()
        first, last = (float(at["value"].mean()) for at in (mine.first(), mine.last()))
        shown = number(float(gap.mean()), 3) if len(gap) else NONE
        cells.append(row(net, len(mine), number(first), number(last), shown))
    caption = (
        "Error on the training images as they are, in percent, in evaluation mode; mean over "
        "seeds. The gap is from the trained net that a run starts from to the run's own first "
        f"weights, in points. Scope: {scope(report)}."
    )
    columns = ("Net", "Seeds", "Before the first step", "After the last", "Gap at the start")
    return Table(caption, columns, tuple(cells), "lrrrr") if cells else Table("Not measured.")


@element
def ways(report: Report, metric: str = "test_error") -> Table:
    """The error of each net by where its weights are from and what its backbone does."""
    from resnet.claims.arms import split as split_arm
    from resnet.nets.start import split as split_net
    from resnet.recipes import full_length

    cells: dict[str, dict[str, str]] = {}
    for arm in report.nets:
        name, recipe = split_arm(arm)
        net, start = split_net(name)
        way = f"from {start}" if start else "from drawn weights"
        way += f", {full_length(recipe)}" if recipe else ""
        values = report.done.loc[report.done["net"] == arm, metric].dropna()
        cells.setdefault(net, {})[way] = mean(values)[0]
    found = sorted({way for one in cells.values() for way in one}, reverse=True)
    columns = sorted(found, key=lambda way: not way.startswith("from drawn"))
    rows = tuple(row(net, *(one.get(way, NONE) for way in columns)) for net, one in cells.items())
    if not rows:
        return Table("No runs.")
    caption = (
        f"{METRICS[metric].capitalize()} in percent, mean over seeds, by where the weights are "
        f"from and what the backbone does. Scope: {scope(report)}."
    )
    return Table(caption, ("Net", *columns), rows, "l" + "r" * len(columns))
