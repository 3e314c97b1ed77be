"""Paths: the elements of the report on gradients by length of path."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from reports import style
from reports.elements import Figure, Table, element
from reports.profiles import hues, measured, not_measured, source
from reports.tables import mean
from reports.words import number, row

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report

MISSING = "These runs were not measured for it."


@element
def path_figure(report: Report) -> Figure:
    """Figure 6 of Veit et al. 2016: number of paths, gradient along one, and their product."""
    from resnet.analysis.paths import DRAWS, IMAGES

    rows = measured(report, "path_gradient")
    if rows.empty:
        return Figure(MISSING)
    shares = measured(report, "path_share")
    with style.context():
        drawing, axes = style.canvas(3, 2.5)
        for net, look in _looks(report, rows).items():
            blocks = int(rows.loc[rows["net"] == net, "place"].max()) - 1
            axes[0].plot(range(blocks + 1), _binomial(blocks), label=net, **look)
            _lines(axes[1], rows[rows["net"] == net], look)
            _lines(axes[2], shares[shares["net"] == net], look)
        axes[1].set_yscale("log")
        titles = ("paths of this length (%)", "gradient along one path", "share of gradient (%)")
        for axis, title in zip(axes, titles, strict=True):
            axis.set_title(title)
            axis.set_xlabel("blocks on the path")
            axis.xaxis.get_major_locator().set_params(integer=True)
        handles, names = axes[0].get_legend_handles_labels()
        drawing.legend(handles, names, loc="outside lower center", ncols=4)
    caption = (
        "Gradients by length of path, a line a seed. Left: how many of all paths have the length, "
        "the binomial distribution. Middle: norm of an image's gradient at the input of the first "
        f"block along one path, mean over {DRAWS} paths drawn (all where there are fewer) and the "
        f"first {IMAGES} training images. Right: their product, as a share of its sum over all "
        "lengths. Solid: after training; dotted: at initialisation, where BN, in evaluation mode, "
        f"does not normalise yet. {_weighed(report)}{source(report, rows['run_id'])}"
    )
    return Figure(caption, drawing=drawing)


@element
def path_sums(report: Report) -> Figure:
    """What all paths of one length add up to, beside what their norms do."""
    rows, sums = measured(report, "path_gradient"), measured(report, "path_sum")
    last = rows[rows["step"] > 0]
    if last.empty:
        return Figure(MISSING)
    with style.context():
        drawing, axes = style.canvas(2, 2.4)
        for net, look in _looks(report, last).items():
            mine, together = (
                last[last["net"] == net],
                sums[(sums["net"] == net) & (sums["step"] > 0)],
            )
            counts = mine["place"].map(dict(enumerate(_counts(int(mine["place"].max()) - 1), 1)))
            product = mine.assign(value=mine["value"] * counts.astype(float))
            _lines(axes[0], product, {**look, "linestyle": "--"})
            _lines(axes[0], together, look, net)
            ratio = together["value"].to_numpy() / product["value"].to_numpy()
            _lines(axes[1], product.assign(value=ratio), look)
        axes[0].set_title("gradient from all paths of this length")
        axes[1].set_title("norm of the sum over sum of the norms")
        for axis in axes:
            axis.set_yscale("log")
            axis.set_xlabel("blocks on the path")
            axis.xaxis.get_major_locator().set_params(integer=True)
        handles, names = axes[0].get_legend_handles_labels()
        drawing.legend(handles, names, loc="outside lower center", ncols=4)
    caption = (
        "How far paths of one length agree, after training, a line a seed. Left, solid: norm of "
        "the sum of the gradients along all paths of the length, computed without drawing; dashed: "
        "number of paths times mean norm, as in the figure before. Right: the one over the other: "
        f"1 where all paths point the same way. {source(report, last['run_id'])}"
    )
    return Figure(caption, drawing=drawing)


@element
def path_table(report: Report) -> Table:
    """Which lengths carry the gradient, a row a net: means over seeds."""
    from resnet.analysis.paths import short

    rows, lengths = [], measured(report, "path_gradient")
    for net in report.nets:
        mine = lengths[lengths["net"] == net]
        done = report.done[report.done["id"].isin(mine["run_id"])]
        if mine.empty:
            continue
        blocks = int(mine["place"].max()) - 1
        few, all_paths = short(blocks), _binomial(blocks)
        values = ("path_length", "path_decay", "test_error")
        shares = [number(sum(all_paths[k] for k in few)),
                  mean(done["short_path_share"].astype(float))[0],
                  mean(_share_of_sums(report, net, few))[0]]  # fmt: skip
        found = [mean(done[name].astype(float))[0] for name in values]
        which = f"{few[0]} to {few[-1]} of {blocks}"
        rows.append(row(net, len(done), which, *shares, *found))
    caption = (
        "Short paths and what comes along them, means over seeds. Short: 5 to 17 of 54 blocks, or "
        "in proportion. Of all: their share of all paths, by count. Of norms: their share of the "
        "gradient where each length's is its number of paths times their mean norm, on which the "
        "claims rest; of sums: where it is the norm of the exact sum of its paths. Both sum over "
        "lengths. Mean length: of a path, weighted by norms, in percent of the blocks; 50 for all "
        f"paths alike. Slope: of log10 of the norm, a block. {_weighed(report)}"
        f"{not_measured(report, lengths['net'])}{source(report, lengths['run_id'])}"
    )
    columns = (
        *("Net", "Seeds", "Short", "Of all, %", "Of norms, %", "Of sums, %"),
        *("Mean length, %", "Slope", "Test error"),
    )
    return Table(caption, columns, tuple(rows), "lrrrrrrrr")


def _weighed(report: Report) -> str:
    """What nets trained with some of their blocks do to paths by themselves; '' without any."""
    found = ((net, re.search(r"-(\d+)-of-(\d+)", net)) for net in report.nets)
    shares = {net: int(part[1]) / int(part[2]) for net, part in found if part}
    said = [f"{net} {number(math.log10(share), signed=True)}" for net, share in shares.items()]
    return (
        "Where some blocks at a time were trained, each block's branch is weighted by their share "
        f"afterwards, which alone adds to the slope: {', '.join(said)}. "
        if said
        else ""
    )


def _share_of_sums(report: Report, net: str, few: range) -> pd.Series:
    """Percent of the norms of the exact sums, after training, that short lengths have; by run."""
    sums = measured(report, "path_sum")
    mine = sums[(sums["net"] == net) & (sums["step"] > 0)]
    short = mine[(mine["place"] - 1).isin(few)]
    both = [part.groupby("run_id", observed=True)["value"].sum() for part in (short, mine)]
    return 100 * both[0] / both[1]


def _looks(report: Report, rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """How the nets with paths are drawn: a colour each."""
    nets = [net for net in report.nets if (rows["net"] == net).any()]
    return {net: {"color": hue} for net, hue in hues(nets).items()}


def _lines(axis: Any, rows: pd.DataFrame, look: dict[str, Any], label: str = "_") -> None:
    """A line a run and step: dotted at initialisation."""
    seeds = max(rows["run_id"].nunique(), 1)
    for (_, step), line in rows.groupby(["run_id", "step"], observed=True):
        dotted = {} if step else {"linestyle": ":"}
        axis.plot(line["place"] - 1, line["value"], label=label,
                  alpha=style.seethrough(seeds), **{**look, **dotted})  # fmt: skip
        label = "_"


def _counts(blocks: int) -> list[int]:
    from resnet.analysis.paths import counts

    return counts(blocks)


def _binomial(blocks: int) -> list[float]:
    """Percent of all paths, by length."""
    return [100 * (count / 2**blocks) for count in _counts(blocks)]
