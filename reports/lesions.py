"""Lesions: the elements of the block deletion report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports import style
from reports.elements import Figure, Table, element
from reports.profiles import (
    draw,
    hues,
    leftmost,
    looks,
    measured,
    not_measured,
    panels,
    source,
)
from reports.tables import mean
from reports.words import NONE, row
from resnet.analysis.orders import FEWEST as FEWEST_ORDERS

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report

MISSING = "These runs were not measured for it."
COLUMNS = {
    "lesion_whole": "Whole",
    "lesion_median_rise": "Median rise",
    "lesion_chance_share": "Of the way, %",
    "lesion_downsampling_excess": "Downsampling, more",
    "lesion_ten_error": "10 of 54 less",
    "lesion_correlation": "ρ, deleted",
    "shuffle_correlation": "ρ, τ",
}


@element
def single_deletions(report: Report) -> Figure:
    """Figure 3 of Veit et al. 2016: the error with each block deleted in turn, a panel a net."""
    rows = measured(report, "lesion")
    if rows.empty:
        return Figure(MISSING)
    marked, nets = measured(report, "lesion_reshapes"), _nets(report, rows)
    vgg = any(net.startswith("vgg") for net in nets)
    with style.context():
        drawing, axes = panels(len(nets))
        for axis, net in zip(axes, nets, strict=True):
            _panel(axis, report, rows[rows["net"] == net], marked[marked["net"] == net])
            axis.set_title(net)
            axis.set_ylabel("test error (%)" if leftmost(axis) else "")
    caption = (
        "Test error with one block deleted, by block from input to output, a line a seed. Open "
        f"squares: blocks that change the shape, where the net downsamples"
        f"{' (or VGG widens)' if vgg else ''}. Solid "
        "line: the whole net; dotted line: guessing. A deleted block is replaced by its shortcut; "
        "in a net without shortcuts what enters it is handed on, padded with zeros where the shape "
        "changes. A block of a plain net is the layers that make one of the residual net"
        f"{'; of VGG, a layer' if vgg else ''}. {source(report, rows['run_id'])}"
    )
    return Figure(caption, drawing=drawing)


def _panel(axis: Any, report: Report, lines: pd.DataFrame, marked: pd.DataFrame) -> None:
    draw(axis, lines, "one block deleted", color=style.HUES[0], marker="o", markersize=2.4)
    places = lines.merge(marked[["run_id", "place"]], on=["run_id", "place"])
    look = {"markerfacecolor": "white", "color": style.HUES[1], "markersize": 4.5}
    axis.plot(places["place"], places["value"], "s", **look)
    for key, dash in (("lesion_whole", "-"), ("lesion_chance", ":")):
        for value in _of(report, key, lines)["value"].unique():
            axis.axhline(value, color="black", linestyle=dash, linewidth=0.8)
    axis.set_xlabel("block deleted")
    axis.xaxis.get_major_locator().set_params(integer=True)


@element
def many_lesions(report: Report) -> Figure:
    """Figure 5 of Veit et al. 2016: the error by blocks deleted, and by Kendall's τ."""
    import pandas as pd

    deleted = _drawn(report, "lesion_random")
    if deleted.empty:
        return Figure(MISSING)
    keys = ["net", "run_id", "k", "draw"]
    taus, errors = (_drawn(report, f"shuffle_{name}") for name in ("tau", "error"))
    shuffled = errors.merge(taus[[*keys, "value"]], on=keys, suffixes=("", "_tau"))
    blocks = measured(report, "lesion").groupby("run_id", observed=True)["place"].max()
    share = 100 * deleted["k"] / deleted["run_id"].map(blocks).astype(float)
    whole = _of(report, "lesion_whole", deleted)
    deleted = pd.concat([whole.assign(x=0.0), deleted.assign(x=share)])
    shuffled = shuffled.assign(x=shuffled["value_tau"])
    shuffled = pd.concat([whole[whole["run_id"].isin(shuffled["run_id"])].assign(x=1.0), shuffled])
    with style.context():
        drawing, axes = style.canvas(2, 2.7)
        for place, (axis, rows) in enumerate(zip(axes, (deleted, shuffled), strict=True)):
            _scatter(axis, report, rows, joined=place == 0)
            axis.set_xlabel(("blocks deleted (%)", "Kendall's τ of the order")[place])
            axis.set_ylabel("test error (%)" if place == 0 else "")
        axes[1].invert_xaxis()
        handles, names = axes[0].get_legend_handles_labels()
        drawing.legend(handles, names, loc="outside lower center", ncols=4, columnspacing=1.2)
    caption = (
        "Test error with several lesions, a dot a random draw and a seed. Left: blocks "
        "deleted at random, 1 to 20 of 54 (of other numbers of blocks in proportion), with the "
        "mean over draws and seeds as a line. Right: pairs of blocks of one stage and shape "
        "swapped, by "
        "Kendall's τ between the order so made and the net's own. The whole net stands at 0 % and "
        f"at τ = 1. {source(report, deleted['run_id'])}"
    )
    return Figure(caption, drawing=drawing)


def _scatter(axis: Any, report: Report, rows: pd.DataFrame, joined: bool) -> None:
    """A dot a draw; joined by the mean where many draws have one x."""
    dashes = looks(report.nets)
    for net, hue in hues(report.nets).items():
        mine, look = rows[rows["net"] == net], {**dashes[net], "color": hue}
        if mine.empty:
            continue
        faint = {"alpha": 0.6, "linewidths": 0, "rasterized": len(mine) > 2_000}
        mark = "^" if net.startswith("plain") else "s" if net.startswith("vgg") else "o"
        axis.scatter(mine["x"], mine["value"], s=9, marker=mark, color=hue, **faint)
        if joined:
            line = mine.groupby("x")["value"].mean()
            axis.plot(line.index, line.to_numpy(), label=net, marker=mark, markersize=2.4, **look)


def _orders(report: Report) -> pd.Series:
    """How many values of τ each run has, the 1 of the net's own order among them, by run."""
    taus = _drawn(report, "shuffle_tau").groupby("run_id", observed=True)["value"]
    return taus.agg(lambda values: len({*values.round(6), 1.0}))


@element
def lesion_table(report: Report) -> Table:
    """What the figures come to, a row a net: means over seeds."""
    rows, every = [], report.done.set_index("id")
    every = every[every["lesion_ten_error"].notna()]  # which every net has
    few = _orders(report).reindex(every.index) < FEWEST_ORDERS
    known = report.history[report.history["key"] == "lesion_whole"]
    whole = known.set_index(known["run_id"].astype(str))["value"]
    every = every.assign(
        shuffle_correlation=every["shuffle_correlation"].mask(few),
        lesion_whole=whole.reindex(every.index),
    )
    for net in (net for net in report.nets if (every["net"] == net).any()):
        done = every[every["net"] == net]
        values = [mean(done[name].astype(float))[0] for name in COLUMNS]
        rows.append(row(net, len(done), *values))
    caption = (
        "Lesions in numbers, means over seeds; errors and rises in points. Whole: test error of "
        "the net as trained, in the precision of these measurements. Median rise: over blocks that "
        "keep the shape, one deleted. Of the way: that rise in percent of the way to guessing. "
        "Downsampling, more: how much more the error rises where the shape changes. 10 of 54 less: "
        "error with that share of blocks deleted. "
        "ρ: Spearman's correlation of the error with the number deleted, and with Kendall's τ. "
        f"{NONE}: not defined for the net, or fewer than {FEWEST_ORDERS} values of τ. "
        f"{not_measured(report, every['net'])}{source(report, every.index)}"
    )
    return Table(caption, ("Net", "Seeds", *COLUMNS.values()), tuple(rows), "lr" + "r" * 7)


def _nets(report: Report, rows: pd.DataFrame) -> list[str]:
    return [net for net in report.nets if (rows["net"] == net).any()]


def _of(report: Report, key: str, lines: pd.DataFrame) -> pd.DataFrame:
    """The rows of the history with that key, of the runs of `lines`."""
    kept = report.history
    return kept[(kept["key"] == key) & kept["run_id"].isin(lines["run_id"])]


def _drawn(report: Report, name: str) -> pd.DataFrame:
    """The history's rows 'name/<k>/<draw>', with columns `k` and `draw`."""
    kept = report.history
    found = kept[kept["key"].astype(str).str.startswith(f"{name}/")]
    if found.empty:
        return found.assign(k=0, draw=0)
    words = found["key"].astype(str).str.split("/", expand=True)
    return found.assign(k=words[1].astype(int), draw=words[2].astype(int))
