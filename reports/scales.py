"""Verdicts by how long was trained: the scales of recipes, from long to short."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reports.elements import Table, element
from reports.tables import breakable
from reports.words import NONE, row, short

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.verdicts import Verdict


def scale_of(verdict: Verdict) -> str:
    """What the verdict's recipe is cut down to, or its name: 'quick', 'paper-bf16'."""
    from resnet.recipes import is_short, parts

    told = verdict.scope.rpartition(", recipe")[2].removeprefix("s").split(",")[0]
    first = told.split()[0]
    return (is_short(first) and parts(first)[0]) or first


def from_long(report: Report) -> list[Verdict]:
    """The verdicts that have runs, those on the longest training first."""
    lengths = {name: _length(fields) for name, fields in _fields(report).items()}

    def images(verdict: Verdict) -> int:
        scale = scale_of(verdict)
        mine = [n for name, n in lengths.items() if name == scale or name.startswith(f"{scale}-")]
        return lengths.get(scale, max(mine, default=0))

    return sorted((v for v in report.verdicts if v.word != "not run"), key=lambda v: -images(v))


def _fields(report: Report) -> dict[str, dict[str, Any]]:
    """The fields of each recipe that there are runs of, by name."""
    runs = report.runs.drop_duplicates("recipe")
    pairs = zip(runs["recipe"], runs["recipe_fields"], strict=True)
    return {str(name): json.loads(text or "{}") for name, text in pairs}


def _length(fields: dict[str, Any]) -> int:
    """How many images are trained on, each as often as it comes."""
    return int(fields.get("steps") or 0) * int(fields.get("batch_size") or 0)


@element
def trained_under(report: Report) -> Table:
    """The recipes that there are runs of: images, steps, precision, and where they ran."""
    rows, every = [], _fields(report)
    for name in sorted(every, key=lambda name: -_length(every[name])):
        its, of = report.runs["recipe"] == name, every[name]
        mine = report.runs[its]
        known = [p for p, here in zip(report.provenance, its, strict=True) if here]
        rows.append(
            row(breakable(name), f"{of.get('train_images', 0):,}", f"{of.get('steps', 0):,}",
                of.get("batch_size", NONE), of.get("precision", NONE), len(mine),
                mine["net"].nunique(), mine.groupby("net")["seed"].nunique().max(),
                _all(p.get("name") for p in known),
                _all(short(p["commit"]) for p in known if p.get("commit")))
        )  # fmt: skip
    if not rows:
        return Table("No runs were found.")
    caption = (
        "The recipes, from long to short: training images, steps, images a step, precision of the "
        "feature maps; runs, nets, and seeds of the net with most; devices and commits."
    )
    columns = ("Recipe", "Images", "Steps", "Batch", "Precision", "Runs", "Nets", "Seeds",
               "Devices", "Commits")  # fmt: skip
    return Table(caption, columns, tuple(rows), "lrrrlrrrll", (17, 8, 8, 7, 10, 6, 6, 7, 16, 15))


def _all(values: Iterable[Any]) -> str:
    """The different values, in order of first sight; a dash for none."""
    return ", ".join(dict.fromkeys(str(value) for value in values if value)) or NONE
