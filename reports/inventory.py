"""The runs themselves: all of them, those without a result, and those that were left out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from reports.elements import Table, element
from reports.words import NONE, number, row, scope_words, short
from resnet.recipes import CUT

if TYPE_CHECKING:
    from reports.report import Report

LONGEST = 60
"""Rows of the table of runs that are printed; the attached data has all."""


@element
def unfinished(report: Report) -> Table:
    """Runs that failed, are not finished, are missing or cannot be read: each by name."""
    runs = report.runs[report.runs["status"] != "done"]
    rows = [
        row(short(r["id"]), r["net"], r["seed"], r["status"], r["reason"] or _reached(report, r))
        for r in runs.to_dict("records")
    ]
    rows += [
        row(short(name), NONE, NONE, "missing", "planned, no folder") for name in report.missing
    ]
    rows += [
        row(short(r["id"]), *map(_known, (r["net"], r["seed"])), "corrupt", _known(r["reason"]))
        for r in report.corrupt.to_dict("records")
    ]
    shown, more = rows[:LONGEST], len(rows) - LONGEST
    if not rows:
        which = "found here" if report.wanted is None else "that was asked for"
        how = "got so far" if CUT in report.recipe_name else "is finished"
        return Table(f"Every run {which} {how}: {len(report.done)}.")
    caption = f"Runs without a result: {len(rows)}. They enter no mean and no verdict."
    caption += f" Not shown: {more} more." if more > 0 else ""
    return Table(caption, ("Run", "Net", "Seed", "Status", "Reason"), tuple(shown), "llrll")


def _known(value: Any) -> Any:
    """The value; a dash where it is missing, as from a spec that cannot be read."""
    import pandas as pd

    return NONE if pd.isna(value) else value


def _reached(report: Report, run: Mapping[Hashable, Any]) -> str:
    """How far an unfinished run has got by its record; a dash for nowhere."""
    import json

    logged = report.history.loc[report.history["run_id"] == run["id"], "step"]
    steps = json.loads(run["recipe_fields"] or "{}").get("steps")
    return f"last logged at step {logged.max():,} of {steps:,}" if len(logged) and steps else NONE


@element
def left_out(report: Report) -> Table:
    """Runs of the same nets that are of another scope, and so are not compared with these."""
    groups = report.others.groupby(
        ["dataset_digest", "recipe_digest", "numerics"], dropna=False, sort=True
    )
    rows = [row(scope_words(group), group["numerics"].iloc[0], len(group)) for _, group in groups]
    if not rows:
        return Table("No other runs of these nets were found.")
    caption = (
        "Runs of the same nets that were left out: runs are compared only where data, recipe and "
        "numerics agree, and only those that were asked for."
    )
    return Table(caption, ("Scope", "Numerics", "Runs"), tuple(rows), "lrr")


@element
def runs(report: Report) -> Table:
    """Every run, a row each, as far as paper allows."""
    rows = [
        row(short(r["id"]), r["net"], r["seed"], r["status"], number(r["train_error"]),
            number(r["test_error"]), number(r["gradient_ratio"]), number(r["seconds"], 0),
            short(r["weights_sha256"] or NONE))
        for r in report.runs.head(LONGEST).to_dict("records")
    ]  # fmt: skip
    more = len(report.runs) - len(rows)
    tail = f" The first {len(rows)}; {more:,} more are in the attached data." if more > 0 else ""
    caption = (
        "Runs: errors in percent; gradient: log10 of its norm at the first block over that at the "
        f"last, at initialisation; training in seconds; weights by SHA-256.{tail}"
    )
    columns = ("Run", "Net", "Seed", "Status", "Training", "Test", "Gradient", "Seconds", "Weights")
    return Table(caption, columns, tuple(rows), "llrlrrrrl")
