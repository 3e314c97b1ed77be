"""The summary: every claim, on every scope that has runs of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reports import grounds
from reports.elements import Cell, Table, Text, element
from reports.scales import from_long, scale_of
from reports.tables import (
    IN_PART,
    INTERVALS,
    UNITS,
    breakable,
    effect,
    holds_if,
    looks,
    place,
    sentence,
    stated,
    word,
)
from reports.words import SAID, interval, row, scope_words
from resnet.claims.arms import split
from resnet.recipes import CUT
from resnet.terminal import count

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict


MOVED = "†: asked of other nets than the claim names; the table of all verdicts has them."
MOST_SCALES = 6
"""Columns of the overview: more do not fit the page."""


@element
def tally(report: Report) -> Text:
    """In words: how many claims went which way, each where the most is known of it."""
    best: dict[str, Verdict] = {}
    for verdict in sorted(from_long(report), key=_unsure):
        best.setdefault(verdict.claim.id, verdict)
    if not best:
        return Text("No claim is answered by these runs.")
    left = len(report.experiment.claims) - len({name.partition("@")[0] for name in best})
    by_scale = dict.fromkeys(map(scale_of, from_long(report)))
    told = [(name, [v for v in best.values() if scale_of(v) == name]) for name in by_scale]
    each = "; ".join(f"{_counts(mine)} under {name}" for name, mine in told if mine)
    return Text(
        "Each claim counted once: where it has seeds enough for a verdict rather than fewer, as a "
        "whole rather than in part, and of what is left in the longest training: "
        f"{_counts(best.values())}. By recipe: {each}. For "
        f"{count(left, 'more claim')} of the papers there are no runs that could answer."
    )


def _unsure(verdict: Verdict) -> tuple[bool, bool]:
    return verdict.n < verdict.claim.min_seeds, verdict.claim.asked_in_part is not None


def _counts(verdicts: Iterable[Verdict]) -> str:
    """'3 reproduced, 1 contradicted'."""
    words = [verdict.said for verdict in verdicts]
    return ", ".join(f"{words.count(said)} {said}" for said in SAID if said in words)


@element
def overview(report: Report) -> Table:
    """A row a claim, a column a scale of training, from long to short: the words side by side."""
    names = list(dict.fromkeys(map(scale_of, from_long(report))))[:MOST_SCALES]
    answers: dict[str, dict[str, list[Verdict]]] = {}
    for verdict in told(report):
        if verdict.word != "not run" and scale_of(verdict) in names:
            mine = answers.setdefault(verdict.claim.id, {})
            mine.setdefault(scale_of(verdict), []).append(verdict)
    rows = tuple(
        row(
            _named(report, [v for those in found.values() for v in those]),
            *(_brief(found.get(name, ())) for name in names),
        )
        for found in answers.values()
    )
    if not rows:
        return Table("No claim is answered by these runs.")
    wide = 60 // len(names)
    caption = (
        "Every claim that was asked, by recipe, from the longest training to the shortest; in "
        "brackets the seeds, and of how many of the claim's contrasts the word is where not of "
        "all; several words where recipes of one scale answer differently. Claims of this suite "
        f"are questions that no paper answers in print. {MOVED}{_cut(names)}"
    )
    columns = ("Claim", *map(breakable, names))
    widths = (100 - wide * len(names), *[wide] * len(names))
    return Table(caption, columns, rows, "l" + "c" * len(names), widths)


def _named(report: Report, verdicts: Sequence[Verdict]) -> str:
    """One claim's id and sentence, and whether any of its verdicts is on other nets."""
    claim, other = verdicts[0].claim, any(moved(report, v.claim) for v in verdicts)
    paper = "this suite" if claim.source.status == "OURS" else breakable(claim.source.paper)
    return f"{breakable(claim.id)}: {claim.sentence} ({paper}){'†' * other}"


def moved(report: Report, claim: Claim) -> bool:
    """Whether the claim is asked of other nets than those that it names."""
    theirs = {split(arm)[0] for arm in stated(report, claim).arms}
    return not {split(arm)[0] for arm in claim.asked_of} <= theirs


def _cut(names: Iterable[str]) -> str:
    """Which recipes are others cut short, and so no further runs; '' for none."""
    pairs = [(name, *name.split(CUT)) for name in names if CUT in name]
    return "".join(
        f" {name} is not of further runs: it is those of {whole} as they stood after epoch {epoch}."
        for name, whole, epoch in pairs
    )


def _brief(verdicts: Sequence[Verdict]) -> Cell:
    """The word and the seeds; each word once where scopes of a scale answer differently."""
    fullest: dict[str, Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: -one.n):
        fullest.setdefault(verdict.said, verdict)
    cells = [replace(word(v), text=f"{word(v).text} ({_of(v)})") for v in fullest.values()]
    tone = cells[0].tone if len(cells) == 1 else ""
    return Cell("; ".join(cell.text for cell in cells), tone)


def _of(verdict: Verdict) -> str:
    """The seeds; and how many contrasts of all, where some could not be asked."""
    part = verdict.claim.asked_in_part
    return f"{verdict.n}; {part[0]} of {part[1]}" if part else str(verdict.n)


@element
def all_verdicts(report: Report) -> Table:
    """A row a claim and scope: the word, effect, interval, seeds, and the paper's own figure."""
    where, every = _naming(report), told(report)
    sentences = [sentence(report, v) for v in every]
    above = ["", *sentences]  # a sentence is not said twice in a row
    rows = tuple(
        row(breakable(v.claim.id), said if said != before else "", word(v), where(v), effect(v),
            interval(v.low, v.high, signed=True), holds_if(v), v.n)
        for v, said, before in zip(every, sentences, above, strict=False)
    )  # fmt: skip
    caption = (
        f"All claims, n seeds each. {UNITS}; of a claim's contrasts, the effect is that of the one "
        "least in favour, and holds if it lies as the last column but one says. "
        f"{INTERVALS}{looks(report)}{IN_PART} Only runs of one scope are compared."
    )
    columns = ("Id", "Claim", "Verdict", "Scope", "Effect", "Interval", "Holds if", "n")
    return Table(caption, columns, rows, "llclrrrr", (12, 25, 13, 11, 11, 14, 10, 4))


def told(report: Report) -> list[Verdict]:
    """The verdicts claim by claim, a row a scope; those without runs last, and once."""
    answered = from_long(report)
    order = [claim.id for claim in report.experiment.claims]

    def standing(verdict: Verdict) -> tuple[int, str]:
        """Under another recipe than its source's, a claim stands behind itself."""
        name, _, recipe = verdict.claim.id.partition("@")
        return order.index(name) if name in order else len(order), recipe

    answered.sort(key=standing)  # stable: long trainings stay in front
    seen = {v.claim.id for v in answered}
    rest = {v.claim.id: v for v in reversed(report.verdicts) if v.claim.id not in seen}
    return answered + sorted(rest.values(), key=standing)


def _naming(report: Report) -> grounds.Where:
    """How scopes are called: without the copy of the data, where all runs are on one."""
    copies = report.runs["dataset_copy"].dropna().unique()
    common = f", {copies[0]}" if len(copies) == 1 else ""
    return lambda verdict: breakable(place(verdict).replace(common, ""))


@element
def all_grounds(report: Report) -> Table:
    """Every contrast of every verdict."""
    caption = "What each verdict rests on, in the order of the claims above."
    rows = grounds.grounds_rows(report, told(report), _naming(report))
    return Table(caption, grounds.GROUNDS, rows, "lllcrrrr", (12, 12, 20, 13, 8, 15, 13, 7))


@element
def all_reasons(report: Report) -> Table:
    """Why claims are not decided."""
    columns = (grounds.REASONS[0], "Scope", *grounds.REASONS[1:])
    rows = grounds.reasons_rows(told(report), _naming(report))
    return Table(
        f"Open ends and notes. {grounds.MORE}", columns, rows, "llclr", (14, 22, 14, 40, 10)
    )


@element
def scopes(report: Report) -> Table:
    """The scopes that there are runs of."""
    from resnet.claims.evidence import scopes as split

    rows = []
    for part in split(report.runs):
        done = part[part["status"] == "done"]
        nets = ", ".join(dict.fromkeys(part["net"]))
        rows.append(row(scope_words(part), part["numerics"].iloc[0], nets, len(done), len(part)))
    columns = ("Scope", "Numerics", "Nets", "Finished", "Runs")
    if not rows:
        return Table("No runs were found.")
    return Table("The runs by scope.", columns, tuple(rows), "lrlrr")
