"""The tables of results: verdicts, what they rest on, arms, runs, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import Cell, Table, Text, element, plain
from reports.words import (
    METRICS,
    NONE,
    TONE,
    count,
    data_words,
    ids,
    interval,
    number,
    row,
    scope,
    scope_words,
    short,
)

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report
    from resnet.claims.contrasts import Contrast
    from resnet.claims.verdicts import PartVerdict, Verdict

LONGEST = 60
"""Rows of the table of runs that are printed; the attached data has all."""


@element
def verdicts(report: Report) -> Table:
    """The answer to each claim: the word, the effect that it hangs on, its interval, the seeds."""
    caption = (
        f"Verdicts. Scope: {scope(report)}. Effects in percentage points of error or in decades; "
        "intervals are Student's t over paired seeds and hold together at 95 % within a claim."
    )
    rows = tuple(
        row(sentence(v), word(v), effect(v), interval(v.low, v.high, signed=True), v.n,
            v.claim.source)
        for v in report.verdicts
    )  # fmt: skip
    columns = ("Claim", "Verdict", "Effect", "Interval", "Seeds", "Source")
    return Table(caption, columns, rows, "lcrrrl", (37, 14, 9, 16, 7, 17))


def sentence(verdict: Verdict) -> str:
    """The claim's sentence, and the nets that it was put to where those are not the paper's."""
    asked = verdict.claim.asked_of
    return (
        f"{verdict.claim.sentence} (asked of {', '.join(asked)})"
        if asked
        else verdict.claim.sentence
    )


def word(verdict: Verdict | PartVerdict) -> Cell:
    """The verdict's word in its colour."""
    return Cell(verdict.word.replace(" ", "\u00a0"), TONE[verdict.word])


def effect(verdict: Verdict) -> str:
    """The effect that the word hangs on; a dash for none."""
    return number(verdict.effect, signed=True)


@element
def summary(report: Report) -> Text:
    """One sentence: how many claims went which way, on what."""
    words = [v.word for v in report.verdicts]
    tally = [f"{words.count(w)} {w}" for w in TONE if w in words]
    if not len(report.runs):
        return Text(f"No runs of {', '.join(report.planned)} were found: nothing is decided.")
    loud = data_words(report.runs.iloc[0])
    done = (
        f"{count(len(report.done), 'finished run')} of {count(report.done['net'].nunique(), 'net')}"
    )
    claims = f"Of {count(len(words), 'claim')}: {', '.join(tally)}." if words else "No claim asked."
    return Text(f"{claims} This rests on {done} on {loud}, and holds for that scope alone.")


GROUNDS = ("Claim", "Scope", "Contrast", "Answer", "Effect", "Interval", "Holds if", "Paper")


@element
def grounds(report: Report) -> Table:
    """Every contrast that a verdict rests on, with its margin and the paper's own figure."""
    caption = (
        f"What each verdict rests on. Scope: {scope(report)}. The paper's column is worked out "
        "from the figures that it prints; a dash where it prints none."
    )
    columns = tuple(name for name in GROUNDS if name != "Scope")
    return Table(caption, columns, grounds_rows(report), "llcrrrr")


def grounds_rows(report: Report, scoped: bool = False) -> tuple[tuple[Cell, ...], ...]:
    """A row a contrast: the columns of GROUNDS, the scope only when asked for."""
    return tuple(
        row(v.claim.id, *([place(v)] if scoped else []), label(part.contrast), word(part),
            number(part.effect, signed=True), interval(part.low, part.high, signed=True),
            aim(part.contrast), printed(part.contrast, v.claim.dataset))
        for v in report.verdicts
        for part in v.parts
    )  # fmt: skip


def place(verdict: Verdict) -> str:
    """The verdict's data and recipe; nets and seeds have columns of their own."""
    return verdict.scope.partition(", n =")[0].partition(", asked of")[0] or NONE


def label(contrast: Contrast) -> str:
    """A contrast in words: 'training error: plain56 − plain20'."""
    metric, _, rest = contrast.label.partition(":")
    return f"{METRICS.get(metric, metric.replace('_', ' '))}:{rest}"


def aim(contrast: Contrast) -> str:
    """The side of the margin that reproduces the claim."""
    margin = number(contrast.margin, 2)
    if contrast.direction == "equal":
        return f"within\u00a0±{margin}"
    sign, side = (
        ("<", -contrast.margin) if contrast.direction == "lower" else (">", contrast.margin)
    )
    return f"{sign}\u00a0{number(side + 0.0, 2)}"


def printed(contrast: Contrast, dataset: str) -> str:
    """What the paper prints: of one net its figure, of several their contrast; a dash for none."""
    alone = len(contrast.terms) == 1
    total = 0.0 if alone else -contrast.bound
    for net, weight in contrast.terms:
        figure = paper_figure(net, dataset, contrast.metric)
        if figure is None:
            return NONE
        total += weight * figure
    return number(total, signed=not alone)


def paper_figure(net: str, dataset: str, metric: str = "test_error") -> float | None:
    """The figure that the net's own paper prints, if it was read there; else None.

    For the synthetic stand-in: the figure for CIFAR-10, which captions name as the paper's.
    """
    from resnet.claims import paper

    found = paper.figure(net, "cifar10" if dataset == "synthetic" else dataset, metric)
    return None if found is None or found.value is None else float(found.value)


REASONS = ("Claim", "Verdict", "Why", "More seeds")


@element
def reasons(report: Report) -> Table:
    """Why claims are not decided, and how many more seeds that would take."""
    rows = reasons_rows(report)
    caption = f"Open ends. Scope: {scope(report)}." if rows else "No claim is left open."
    return Table(caption, REASONS, rows, "lclr")


def reasons_rows(report: Report) -> tuple[tuple[Cell, ...], ...]:
    """A row a claim that is open, or that has something to add to its word."""
    return tuple(
        row(v.claim.id, word(v), v.reason or NONE, NONE if v.more_seeds is None else v.more_seeds)
        for v in report.verdicts
        if v.reason or v.more_seeds
    )


@element
def arms(report: Report) -> Table:
    """Training and test error of each arm: mean and t interval over seeds, beside the paper's."""
    rows = []
    for net in report.nets:
        done = report.done[report.done["net"] == net]
        figure = paper_figure(net, done_on(report))
        rows.append(
            row(net, len(done), *mean(done["train_error"]), *mean(done["test_error"]),
                NONE if figure is None else f"{figure:g}")
        )  # fmt: skip
    caption = (
        f"Arms: error in percent after the last step, mean over seeds and 95 % t interval. "
        f"Scope: {scope(report)}; {ids(report.done)}. The paper prints test errors only, of its "
        "own recipe on the original CIFAR-10."
    )
    columns = (
        "Net",
        "Seeds",
        "Training error",
        "Interval",
        "Test error",
        "Interval",
        "Paper, test",
    )
    return Table(caption, columns, tuple(rows), "lrrrrrr")


def done_on(report: Report) -> str:
    """The data set that the report's runs are on."""
    return str(report.runs["dataset"].iloc[0])


def mean(values: pd.Series) -> tuple[str, str]:
    """The mean and its 95 % t interval over seeds; dashes where there are too few."""
    from resnet.claims.statistics import t_interval

    known = values.dropna().to_numpy(float)
    if not len(known):
        return NONE, NONE
    if len(known) == 1:
        return number(float(known[0])), NONE
    found = t_interval(known, 0.95)
    return number(found.estimate), interval(found.low, found.high)


@element
def unfinished(report: Report) -> Table:
    """Runs that failed, are not finished, are missing or cannot be read: each by name."""
    runs = report.runs[report.runs["status"] != "done"]
    rows = [row(short(r["id"]), r["net"], r["seed"], r["status"], r["reason"] or NONE)
            for r in runs.to_dict("records")]  # fmt: skip
    rows += [
        row(short(name), NONE, NONE, "missing", "planned, no folder") for name in report.missing
    ]
    rows += [row(short(r["id"]), NONE, NONE, "corrupt", r["reason"] or NONE)
             for r in report.corrupt.to_dict("records")]  # fmt: skip
    shown, more = rows[:LONGEST], len(rows) - LONGEST
    if not rows:
        return Table(f"Every run that was planned is finished: {len(report.done)}.")
    caption = f"Runs without a result: {len(rows)}. They enter no mean and no verdict."
    caption += f" Not shown: {more} more." if more > 0 else ""
    return Table(caption, ("Run", "Net", "Seed", "Status", "Reason"), tuple(shown), "llrll")


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
    caption = f"Runs: errors in percent, training in seconds, weights by SHA-256.{tail}"
    columns = ("Run", "Net", "Seed", "Status", "Training", "Test", "Gradient", "Seconds", "Weights")
    return Table(caption, columns, tuple(rows), "llrlrrrrl")


@element
def caution(report: Report) -> Text:
    """What a reader must know before anything else: data that is not CIFAR-10 as published."""
    if report.runs.empty:
        return Text("")
    first = report.runs.iloc[0]
    if first["dataset"] == "synthetic":
        return Text(
            "SYNTHETIC DATA: these runs are on built-in synthetic images. Nothing here is about "
            "CIFAR-10, and no verdict speaks of the paper's own result.",
            loud=True,
        )
    if first["dataset_copy"] != "original":
        words = (
            "These runs are on a copy of the data set that is not the original one "
            f"({first['dataset_copy']}): error rates do not compare with the paper's, orders may."
        )
        return Text(plain(words), loud=True)
    return Text("")
