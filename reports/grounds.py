"""What the verdicts rest on: contrasts with their margins, and what is still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import Cell, Table, element
from reports.tables import measured, paper_figure, place, word
from reports.words import METRICS, NONE, interval, number, row, scope

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.contrasts import Contrast
    from resnet.claims.verdicts import Verdict

GROUNDS = ("Claim", "Scope", "Contrast", "Answer", "Effect", "Interval", "Holds if", "Paper")


@element
def grounds(report: Report) -> Table:
    """Every contrast that a verdict rests on, with its margin and the paper's own figure."""
    caption = (
        f"What each verdict rests on. Scope: {scope(report)}. The paper's column is worked out "
        "from the figures that it prints for the nets that the claim names; a dash where it "
        "prints none, or where the claim is asked of other nets."
    )
    columns, rows = tuple(name for name in GROUNDS if name != "Scope"), grounds_rows(report)
    return Table(caption, columns, rows, "llcrrrr") if rows else Table("No verdict was reached.")


def grounds_rows(report: Report, scoped: bool = False) -> tuple[tuple[Cell, ...], ...]:
    """A row a contrast: the columns of GROUNDS, the scope only when asked for."""
    return tuple(
        row(v.claim.id, *([place(v)] if scoped else []), label(part.contrast), word(part),
            measured(part.effect, part.contrast.unit), interval(part.low, part.high, signed=True),
            aim(part.contrast), of_paper(report, v, part.contrast))
        for v in report.verdicts
        for part in v.parts
    )  # fmt: skip


def label(contrast: Contrast) -> str:
    """A contrast in words: 'training error: plain56 − plain20'."""
    metric, _, rest = contrast.label.partition(":")
    return f"{METRICS.get(metric, metric.replace('_', ' '))}:{rest}"


def aim(contrast: Contrast) -> str:
    """The side of the margin that reproduces the claim."""
    margin = number(contrast.margin, 2)
    if contrast.direction == "equal":
        middle = f"{number(contrast.bound, 2)}\u00a0" if contrast.bound else "within\u00a0"
        return f"{middle}±{margin}"
    sign, side = (
        ("<", -contrast.margin) if contrast.direction == "lower" else (">", contrast.margin)
    )
    return f"{sign}\u00a0{number(contrast.bound + side, 2)}"


def of_paper(report: Report, verdict: Verdict, contrast: Contrast) -> str:
    """What the paper prints for the contrast; a dash for nets that its claim does not name."""
    stated = {claim.id: claim.arms for claim in report.experiment.claims}
    named = set(stated.get(verdict.claim.id, verdict.claim.arms))
    return printed(contrast, verdict.claim.dataset) if set(contrast.arms) <= named else NONE


def printed(contrast: Contrast, dataset: str) -> str:
    """What the paper prints: of one net its figure, of several their contrast; a dash for none."""
    alone = len(contrast.terms) == 1
    total = 0.0
    for net, weight in contrast.terms:
        figure = paper_figure(net, dataset, contrast.metric)
        if figure is None:
            return NONE
        total += weight * figure
    return number(total, signed=not alone)


REASONS = ("Claim", "Verdict", "Why", "More seeds")


@element
def reasons(report: Report) -> Table:
    """Why claims are not decided, and how many more seeds that would take."""
    rows = reasons_rows(report)
    caption = f"Open ends and notes. Scope: {scope(report)}." if rows else "No claim is left open."
    return Table(caption, REASONS, rows, "lclr")


def reasons_rows(report: Report) -> tuple[tuple[Cell, ...], ...]:
    """A row a claim that is open, or that has something to add to its word."""
    return tuple(
        row(v.claim.id, word(v), v.reason or NONE, NONE if v.more_seeds is None else v.more_seeds)
        for v in report.verdicts
        if v.reason or v.more_seeds
    )


@element
def not_asked(report: Report) -> Table:
    """The claims that the nets at hand cannot answer, and the nets that it would take."""
    claims = {claim.id: claim for claim in report.experiment.claims}
    rows = tuple(
        row(name, claims[name].sentence, needs) for name, needs in report.not_asked.items()
    )
    if not rows:
        return Table("Every claim of this family was asked.")
    caption = (
        f"Claims not asked: these runs lack the nets. Scope: {scope(report)}. The paper preset "
        "has them."
    )
    return Table(caption, ("Claim", "Sentence", "Why"), rows, "lll", (14, 53, 33))
