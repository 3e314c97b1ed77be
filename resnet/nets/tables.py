"""`python -m resnet nets` and `python -m resnet summary NET`: what the nets are, in numbers.

Multiply-adds are those of convolutions and linear layers for one image (32×32, or 224×224 for
ImageNet's nets), as counted by `torch.utils.flop_counter`.
"""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from resnet.nets.catalogue import CATALOGUE
from resnet.nets.grammar import check, parse
from resnet.terminal import width

if TYPE_CHECKING:
    from resnet.nets.counts import Row


@dataclass(frozen=True)
class NetRow:
    """One net of the catalogue."""

    name: str
    depth: int
    parameters: int
    multiply_adds: int
    images: str
    paper: str


def nets_table() -> list[NetRow]:
    """A row for each net of the catalogue. Takes seconds: no net gets weights."""
    from resnet.nets.counts import totals

    rows = []
    for name, paper in CATALOGUE.items():
        spec = parse(name)
        rows.append(NetRow(name, spec.depth, *totals(name), spec.images, paper))
    return rows


def summary(name: str) -> "list[Row]":
    """A row for each stage of a net, the last for the whole of it.

    Raises:
        UserError: for an unknown name.
    """
    check(name)
    from resnet.nets.counts import stages

    return stages(name)


def main_nets(json: bool = False) -> int:
    """Print the catalogue, for people or as JSON; 0, the exit status."""
    _print("The nets", [asdict(row) for row in nets_table()], json)
    return 0


def main_summary(name: str, json: bool = False) -> int:
    """Print one net stage by stage, for people or as JSON; 0, the exit status."""
    _print(check(name), [asdict(row) for row in summary(name)], json)
    return 0


def _print(title: str, rows: list[dict], as_json: bool) -> None:
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for column, value in rows[0].items():
        number = isinstance(value, int)
        heading = column.replace("multiply_adds", "multiply-adds")
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(column, value) for column, value in row.items()))
    Console(width=width()).print(table)


def _cell(column: str, value: object) -> str:
    if column == "multiply_adds" and isinstance(value, int):
        return f"{value / 1e9:,.2f} G" if value >= 1e9 else f"{value / 1e6:,.2f} M"
    return f"{value:,}" if column == "parameters" else str(value)
