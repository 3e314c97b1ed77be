"""Responses, scales and gradients by depth: the elements of the signals report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports import style
from reports.elements import Figure, Table, element
from reports.profiles import by_step, draw, extremes, looks, measured, source
from reports.tables import mean
from reports.words import row

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report

MISSING = "These runs were not measured for it."


@element
def responses(report: Report) -> Figure:
    """Figure 7 of He et al. 2015: by layer above, sorted by magnitude below; here side by side."""
    rows = measured(report, "response")
    if rows.empty:
        return Figure(MISSING)
    ordered = rows.sort_values(["run_id", "value"], ascending=[True, False])
    ordered = ordered.assign(place=ordered.groupby("run_id", observed=True).cumcount() + 1)
    parts = {"in order, from input to output": rows, "by magnitude": ordered}
    drawing = _pair(report, parts, ("layer", "rank"), "standard deviation")
    caption = (
        "Standard deviation of the responses of the 3×3 layers, in the manner of Figure 7 of He et "
        "al. 2015: each one's output after BN, before rectification and addition, over all test "
        "images, channels and positions, with the running statistics of BN; a line a seed. Left: "
        f"layers in order. Right: by magnitude. {source(report, rows['run_id'])}"
    )
    return Figure(caption, drawing=drawing)


@element
def bn_scales(report: Report) -> Figure:
    """The mean |γ| of each BN, from input to output, plain beside residual."""
    rows = measured(report, "bn_scale")
    if rows.empty:
        return Figure(MISSING)
    plain = rows["net"].astype(str).str.startswith("plain")
    parts = {"plain nets": rows[plain], "nets with shortcuts": rows[~plain]}
    shown = {title: part for title, part in parts.items() if len(part)}
    caption = (
        "Scales of BN at the end of training: mean |γ| over the channels of each BN on the path of "
        f"the layers, a line a seed. {source(report, rows['run_id'])}"
    )
    return Figure(caption, drawing=_pair(report, shown, ("BN layer",) * len(shown), "mean |γ|"))


def _pair(
    report: Report, parts: dict[str, pd.DataFrame], whats: tuple[str, ...], label: str
) -> Any:
    """Panels with one range, all nets in each, the deepest first: it would hide the others."""
    from reports.scopes import family

    nets = sorted(report.nets, key=lambda net: -family(net)[1])
    kinds = looks(report.nets)
    with style.context():
        drawing, axes = style.canvas(len(parts), 2.6)
        for place, (axis, (title, rows)) in enumerate(zip(axes, parts.items(), strict=True)):
            for net in (net for net in nets if (rows["net"] == net).any()):
                draw(axis, rows[rows["net"] == net], net, **kinds[net])
            axis.set_title(title)
            axis.set_xlabel(whats[place])
            axis.set_ylabel(label if place == 0 else "")
            style.opaque(axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2))
        top = max(axis.get_ylim()[1] for axis in axes)
        for axis in axes:
            axis.set_ylim(0, top)
    return drawing


@element
def gradients_in_training(report: Report) -> Figure:
    """The gradient's norm at each block, from initialisation to the end, a panel a net."""
    rows = measured(report, "gradient_norm")
    caption = (
        "Norm of the loss's gradient with respect to each block's output, before the first step "
        "and after each step that weights were kept of, on one batch of training images in "
        "training mode. The first block's over the last's, and the lowest of all over the last's, "
        f"in decades, each run at its lowest step: {extremes(report, rows)}. "
        f"{source(report, rows['run_id'])}"
    )
    return by_step(report, "gradient_norm", "gradient norm", True, caption)


@element
def gradient_cosines(report: Report) -> Figure:
    """How much of the gradient neighbouring blocks share, a panel a net."""
    caption = (
        "Cosine between the loss's gradients at the outputs of a block and of the next, image by "
        "image and averaged over the batch; 1 where the one is handed on as it is, 0 where the two "
        "have nothing in common. Lines are cut where a stage ends and shapes differ. Batch and "
        f"steps as above. {source(report, measured(report, 'gradient_cosine')['run_id'])}"
    )
    return by_step(report, "gradient_cosine", "cosine", False, caption)


@element
def signals_table(report: Report) -> Table:
    """What the lines come to, a row a net: means over layers, and over seeds."""
    cosine = measured(report, "gradient_cosine")
    scale = measured(report, "bn_scale").groupby("run_id", observed=True)["value"].mean()
    first = cosine[cosine["step"] == 0].groupby("run_id", observed=True)["value"].mean()
    last = cosine[cosine["step"] == cosine["step"].max()]
    ends = last.groupby("run_id", observed=True)["value"].mean()
    rows, every = [], report.done.set_index("id")
    every = every[every["response_std"].notna()]
    for net in report.nets:
        done = every[every["net"] == net]
        measures = ("response_std", "gradient_ratio", "gradient_ratio_lowest")
        numbers = [done[name] for name in measures]
        numbers += [values.reindex(done.index) for values in (scale, first, ends)]
        rows.append(row(net, len(done), *(mean(values.astype(float))[0] for values in numbers)))
    caption = (
        "Means over layers or blocks, and over seeds: standard deviation of responses; log10 of "
        "the gradient norm at the first block over that at the last, at initialisation and at the "
        "lowest of all steps measured; |γ| of BN; cosine of neighbouring gradients at "
        f"initialisation and at the end. {source(report, every.index)}"
    )
    columns = ("Net", "Seeds", "Response", "Ratio, start", "Ratio, lowest", "|γ|", "Cosine, start",
               "Cosine, end")  # fmt: skip
    return Table(caption, columns, tuple(rows), "lrrrrrrr")
