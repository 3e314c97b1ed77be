"""Runs that start from trained ones: the fit of the training images from the first weights on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports import style
from reports.elements import Figure, Table, element
from reports.figures import families, within
from reports.tables import done_on, mean
from reports.variants import dots
from reports.words import METRICS, NONE, ids, number, row, scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

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
        f"trained one. Scope: {scope(report)}; "
        f"{ids(report.runs[report.runs['id'].isin(rows['run_id'].astype(str))])}."
    )
    return Figure(caption, drawing=drawing)


@element
def first_and_last(report: Report) -> Table:
    """That error before the first step, at its highest and after the last; and the gap."""
    rows = report.history[report.history["key"] == "fit_error"]
    cells = []
    for net in report.nets:
        ours = rows[rows["net"] == net].sort_values("step")
        mine = ours.groupby("run_id", observed=True)["value"]
        later = ours[ours["step"] > 0].groupby("run_id", observed=True)["value"]
        if not len(mine):
            continue
        gap = report.done.loc[report.done["net"] == net, "start_gap"].dropna()
        errors = (float(at.mean()) for at in (mine.first(), later.max(), mine.last()))
        shown = number(float(gap.mean()), 3) if len(gap) else NONE
        cells.append(row(net, len(mine), *map(number, errors), shown))
    caption = (
        "Error on the training images as they are, in percent, in evaluation mode; mean over "
        "seeds. The highest is of the steps after the start that weights were kept of. The gap is "
        "from the trained net that a run starts from to the run's own first weights, in points. "
        f"Scope: {scope(report)}."
    )
    columns = (
        *("Net", "Seeds", "Before the first step"),
        *("Highest on the way", "After the last", "Gap at the start"),
    )
    return Table(caption, columns, tuple(cells), "lrrrrr") if cells else Table("Not measured.")


@element
def ways(report: Report, metric: str = "test_error") -> Table:
    """The error of each net by where its weights are from and what its backbone does."""
    cells = {
        net: {way: mean(_values(report, arm, metric))[0] for way, arm in arms.items()}
        for net, arms in _by_way(report).items()
    }
    if not cells:
        return Table("No runs.")
    columns = _columns(cells)
    rows = tuple(row(net, *(one.get(way, NONE) for way in columns)) for net, one in cells.items())
    gaps = f"; {NONE} where no run is" if any(c.text == NONE for r in rows for c in r) else ""
    caption = (
        f"{METRICS[metric].capitalize()} in percent, mean over seeds, by where the weights are "
        f"from and what the backbone does{gaps}. Scope: {scope(report)}."
    )
    return Table(caption, ("Net", *columns), rows, "l" + "r" * len(columns))


@element
def outcomes(report: Report, metric: str = "test_error") -> Figure:
    """The same errors seed by seed, beside that of guessing."""
    nets = _by_way(report)
    if report.done.empty:
        return Figure("No outcome to draw: no run is finished.")
    ways, classes = _columns(nets), _classes(done_on(report))
    with style.context():
        drawing, (axis,) = style.canvas(1, 1.0 + 0.16 * len(nets) * len(ways))
        bars = False
        for place, arms in enumerate(nets.values()):
            bars |= _net(axis, report, arms, ways, metric, place)
        guessing = 100 * (1 - 1 / classes)
        axis.axvline(guessing, color="#888888", linestyle="--", label="guessing")
        for place in range(1, len(nets)):
            axis.axhline(place - 0.5, color="#dddddd", linewidth=0.4)
        axis.grid(axis="y", visible=False)
        axis.set_yticks(range(len(nets)), list(nets))
        axis.set_ylim(len(nets) - 0.5, -0.5)
        axis.set_xlabel(f"{METRICS[metric]} (%)")
        cut = within(axis, "x") and bars
        drawing.legend(loc="outside lower center", ncols=4)
    caption = (
        f"{METRICS[metric].capitalize()} by where the weights are from and what the backbone does: "
        f"a dot a seed{', below it the 95 % t interval over seeds' if bars else ''}; dashed, "
        f"guessing among {classes} classes, {guessing:g} %."
        f"{' Intervals are cut at 0 and 100 %.' if cut else ''} Scope: {scope(report)}; "
        f"{ids(report.done)}."
    )
    return Figure(caption, drawing=drawing)


@element
def origins(report: Report) -> Table:
    """How well the nets that the arms start from had learned their own classes."""
    cells = []
    for (net, dataset), mine in report.origins.groupby(["net", "dataset"], sort=False):
        errors = (mean(mine[metric].dropna())[0] for metric in ("train_error", "test_error"))
        guessing = 100 * (1 - 1 / _classes(str(dataset)))
        cells.append(row(net, dataset, len(mine), *errors, number(guessing)))
    if not cells:
        return Table("The runs that arms start from are not among these runs.")
    caption = (
        "The nets whose weights arms start from, after their own training: error in percent, mean "
        f"over seeds, beside that of guessing among as many classes. Recipe and seeds are those of "
        f"the report's scope; {ids(report.origins)}."
    )
    columns = ("Net", "Trained on", "Seeds", "Training error", "Test error", "Guessing")
    return Table(caption, columns, tuple(cells), "llrrrr")


def _net(
    axis: Any, report: Report, arms: Mapping[str, str], ways: list[str], metric: str, place: int
) -> bool:
    """One net's arms, a line a way around `place`; whether any has an interval."""
    bars = False
    for line, way in enumerate(ways):
        at = place + (line - (len(ways) - 1) / 2) * 0.8 / len(ways)
        values, look = _values(report, arms.get(way, ""), metric), style.look(line)
        bars |= dots(axis, values, at, look, 0.2 / len(ways))
        axis.plot([], [], linestyle="", label="_" if place else way, **look)
    return bars


def _by_way(report: Report) -> dict[str, dict[str, str]]:
    """Each net's arms by where the weights are from and what the backbone does."""
    from resnet.claims.arms import split as split_arm
    from resnet.nets.start import split as split_net
    from resnet.recipes import full_length

    found: dict[str, dict[str, str]] = {}
    for arm in report.nets:
        name, recipe = split_arm(arm)
        net, start = split_net(name)
        way = f"from {start}" if start else "from drawn weights"
        found.setdefault(net, {})[way + (f", {full_length(recipe)}" if recipe else "")] = arm
    return found


def _columns(nets: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The ways of all nets, drawn weights first."""
    found = sorted({way for ways in nets.values() for way in ways}, reverse=True)
    return sorted(found, key=lambda way: not way.startswith("from drawn"))


def _values(report: Report, arm: str, metric: str) -> pd.Series:
    return report.done.loc[report.done["net"] == arm, metric].dropna()


def _classes(dataset: str) -> int:
    """How many classes a set, or a part of one, has."""
    from resnet.data.names import CIFAR10_CLASSES, PARTS, split

    return len(PARTS.get(split(dataset)[1], CIFAR10_CLASSES))
