"""The summary's own table: every claim of the registry, on every scope that has runs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import grounds
from reports.elements import Table, element
from reports.tables import UNITS, effect, place, sentence, word
from reports.words import NONE, interval, row, scope_words

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.verdicts import Verdict


@element
def all_verdicts(report: Report) -> Table:
    """A row a claim and scope: the word, effect, interval, seeds, and the paper's own figure."""
    rows = tuple(
        row(v.claim.id, sentence(v), word(v), place(v), effect(v),
            interval(v.low, v.high, signed=True), _paper(report, v), v.n)
        for v in told(report)
    )  # fmt: skip
    caption = (
        f"All claims, n seeds each. {UNITS}; "
        "intervals are Student's t over paired seeds and hold together at 95 % within a claim. "
        "The paper's figure is worked out from what it prints, for the contrast that the verdict "
        "hangs on; a dash where it prints none. Only runs of one scope are compared."
    )
    columns = ("Id", "Claim", "Verdict", "Scope", "Effect", "Interval", "Paper", "n")
    return Table(caption, columns, rows, "llclrrrr", (12, 28, 13, 11, 10, 14, 7, 5))


def told(report: Report) -> list[Verdict]:
    """The verdicts claim by claim, a row a scope; those without runs last, and once."""
    answered = [v for v in report.verdicts if v.word != "not run"]
    order = [claim.id for claim in report.experiment.claims]

    def standing(verdict: Verdict) -> tuple[int, str]:
        """Under another recipe than its source's, a claim stands behind itself."""
        name, _, recipe = verdict.claim.id.partition("@")
        return order.index(name), recipe

    answered.sort(key=standing)  # stable: scopes keep their order
    seen = {v.claim.id for v in answered}
    rest = {v.claim.id: v for v in reversed(report.verdicts) if v.claim.id not in seen}
    return answered + sorted(rest.values(), key=standing)


def _paper(report: Report, verdict: Verdict) -> str:
    """The paper's figure for the contrast whose effect the verdict reports."""
    hung = verdict.decisive
    return NONE if hung is None else grounds.of_paper(report, verdict, hung.contrast)


@element
def all_grounds(report: Report) -> Table:
    """Every contrast of every verdict."""
    caption = "What each verdict rests on, in the order of the claims above."
    rows = grounds.grounds_rows(report, scoped=True)
    return Table(caption, grounds.GROUNDS, rows, "lllcrrrr", (12, 12, 20, 13, 8, 15, 13, 7))


@element
def all_reasons(report: Report) -> Table:
    """Why claims are not decided."""
    return Table("Open ends and notes.", grounds.REASONS, grounds.reasons_rows(report), "lclr")


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
