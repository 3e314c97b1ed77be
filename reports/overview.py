"""The summary: every claim of the registry, on every scope that has runs of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reports import grounds
from reports.elements import Cell, Table, Text, element
from reports.scales import from_long, scale_of
from reports.tables import UNITS, breakable, effect, looks, place, sentence, word
from reports.words import NONE, TONE, interval, row, scope_words
from resnet.terminal import count

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.verdicts import Verdict


MOST_SCALES = 6
"""Columns of the overview: more do not fit the page."""


@element
def tally(report: Report) -> Text:
    """In words: how many claims went which way, on the longest training that can decide them."""
    best: dict[str, Verdict] = {}
    for verdict in sorted(from_long(report), key=lambda v: v.n < v.claim.min_seeds):
        best.setdefault(verdict.claim.id, verdict)
    words = [verdict.said for verdict in best.values()]
    every = dict.fromkeys(said for word in TONE for said in (word, f"{word} in part"))
    counts = ", ".join(f"{words.count(said)} {said}" for said in every if said in words)
    if not words:
        return Text("No claim is answered by these runs.")
    left = len(report.experiment.claims) - len({name.partition("@")[0] for name in best})
    return Text(
        "Each claim counted once, on the longest training that has seeds enough for a verdict, or "
        f"else on the longest: {counts}. For "
        f"{count(left, 'more claim')} of the papers there are no runs that could answer."
    )


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
        row(_named(next(iter(found.values()))[0]), *(_brief(found.get(name, ())) for name in names))
        for found in answers.values()
    )
    if not rows:
        return Table("No claim is answered by these runs.")
    wide = 60 // len(names)
    caption = (
        "Every claim that was asked, by recipe, from the longest training to the shortest; in "
        "brackets the seeds; several words where recipes of one scale answer differently. Claims "
        "of this suite are questions that no paper answers in print."
    )
    columns = ("Claim", *map(breakable, names))
    widths = (100 - wide * len(names), *[wide] * len(names))
    return Table(caption, columns, rows, "l" + "c" * len(names), widths)


def _named(verdict: Verdict) -> str:
    claim = verdict.claim
    paper = "this suite" if claim.source.status == "OURS" else breakable(claim.source.paper)
    return f"{breakable(claim.id)}: {claim.sentence} ({paper})"


def _brief(verdicts: Sequence[Verdict]) -> Cell:
    """The word and the seeds; each word once where scopes of a scale answer differently."""
    fullest: dict[str, Verdict] = {}
    for verdict in sorted(verdicts, key=lambda one: -one.n):
        fullest.setdefault(verdict.said, verdict)
    cells = [replace(word(v), text=f"{word(v).text} ({v.n})") for v in fullest.values()]
    tone = cells[0].tone if len(cells) == 1 else ""
    return Cell("; ".join(cell.text for cell in cells), tone)


@element
def all_verdicts(report: Report) -> Table:
    """A row a claim and scope: the word, effect, interval, seeds, and the paper's own figure."""
    where = _naming(report)
    rows = tuple(
        row(breakable(v.claim.id), sentence(v), word(v), where(v), effect(v),
            interval(v.low, v.high, signed=True), _paper(report, v), v.n)
        for v in told(report)
    )  # fmt: skip
    caption = (
        f"All claims, n seeds each. {UNITS}; "
        "intervals are Student's t over paired seeds and hold together at 95 % within a claim."
        f"{looks(report)} The paper's figure is worked out from what one paper prints, the claim's "
        "own first, for the contrast that the verdict hangs on; a dash where none prints it. Only "
        "runs of one scope are compared."
    )
    columns = ("Id", "Claim", "Verdict", "Scope", "Effect", "Interval", "Paper", "n")
    return Table(caption, columns, rows, "llclrrrr", (12, 28, 13, 11, 10, 14, 7, 5))


def told(report: Report) -> list[Verdict]:
    """The verdicts claim by claim, a row a scope; those without runs last, and once."""
    answered = from_long(report)
    order = [claim.id for claim in report.experiment.claims]

    def standing(verdict: Verdict) -> tuple[int, str]:
        """Under another recipe than its source's, a claim stands behind itself."""
        name, _, recipe = verdict.claim.id.partition("@")
        return order.index(name), recipe

    answered.sort(key=standing)  # stable: long trainings stay in front
    seen = {v.claim.id for v in answered}
    rest = {v.claim.id: v for v in reversed(report.verdicts) if v.claim.id not in seen}
    return answered + sorted(rest.values(), key=standing)


def _naming(report: Report) -> grounds.Where:
    """How scopes are called: without the copy of the data, where all runs are on one."""
    copies = report.runs["dataset_copy"].dropna().unique()
    common = f", {copies[0]}" if len(copies) == 1 else ""
    return lambda verdict: breakable(place(verdict).replace(common, ""))


def _paper(report: Report, verdict: Verdict) -> str:
    """The paper's figure for the contrast whose effect the verdict reports."""
    hung = verdict.decisive
    return NONE if hung is None else grounds.of_paper(report, verdict, hung.contrast)


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
