"""Test errors by protocol: how a net was asked stands in a column, and no two are ever compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import Cell, Table, element
from reports.tables import done_on, mean, paper_figure
from reports.words import NONE, ids, row, scope

if TYPE_CHECKING:
    from reports.report import Report

NAMES = {
    "": "1 crop",
    "_10_crops": "10 crops",
    "_scales": "whole, 5 scales",
}
"""What the columns of each protocol end in, and its name in print."""


@element
def protocols(report: Report) -> Table:
    """Top-1 and top-5 test error of each arm under each protocol, beside that protocol's figure."""
    rows = [
        _row(report, net, tag)
        for net in report.nets
        for tag in NAMES
        if report.done.loc[report.done["net"] == net, f"test_error{tag}"].notna().any()
    ]
    caption = (
        "Test errors by protocol, in percent, mean over seeds, 95 % t interval: the centre crop; "
        "the mean prediction over corners, centre and their mirrors; and over the whole photograph "
        f"at five sizes. Scope: {scope(report)}; {ids(report.done)}. The paper's columns hold what "
        "it prints for the same protocol on ImageNet, a dash where it prints nothing for it; "
        "figures of different protocols are not compared."
    )
    columns = ("Net", "Protocol", "Top-1", "Interval", "Paper", "Top-5", "Interval", "Paper")
    return (
        Table(caption, columns, tuple(rows), "llrrrrrr") if rows else Table("No run is finished.")
    )


def _row(report: Report, net: str, tag: str) -> tuple[Cell, ...]:
    done = report.done[report.done["net"] == net]
    cells: list[str] = []
    for metric in (f"test_error{tag}", f"test_error_top5{tag}"):
        figure = paper_figure(net, done_on(report), metric)
        cells += [*mean(done[metric]), NONE if figure is None else f"{figure:g}"]
    return row(net, NAMES[tag], *cells)
