"""What the verdicts rest on: contrasts with their margins, and what is still open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from reports.elements import Cell, Table, element
from reports.tables import breakable, measured, word
from reports.words import METRICS, NONE, aim, interval, number, row, scope
from resnet.claims.arms import split
from resnet.recipes import full_length

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.contrasts import Contrast
    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict

    Where = Callable[[Verdict], str]
    """What a verdict's scope is called in a table of several."""

GROUNDS = ("Claim", "Scope", "Contrast", "Answer", "Effect", "Interval", "Holds if", "Paper")


@element
def grounds(report: Report) -> Table:
    """Every contrast that a verdict rests on, with its margin and the paper's own figure."""
    caption = (
        f"What each verdict rests on. Scope: {scope(report)}. The paper's column is worked out "
        "from the figures that one paper prints for the nets that the claim names, the claim's own "
        "first (of arms under other recipes, from each recipe's own source); a dash where none was "
        "read there, or where the claim is asked of other nets."
    )
    columns = tuple(name for name in GROUNDS if name != "Scope")
    rows = grounds_rows(report, report.verdicts)
    if not rows:
        return Table("No verdict was reached.")
    return Table(caption, columns, rows, "llcrrrr", (13, 29, 13, 14, 15, 10, 6))


def grounds_rows(
    report: Report, verdicts: Iterable[Verdict], where: Where | None = None
) -> tuple[tuple[Cell, ...], ...]:
    """A row a contrast: the columns of GROUNDS, the scope only when it has a name."""
    return tuple(
        row(breakable(v.claim.id), *([where(v)] if where else []), label(part.contrast),
            word(part), measured(part.effect, part.contrast.unit),
            interval(part.low, part.high, signed=True), aim(part.contrast),
            of_paper(report, v, part.contrast))
        for v in verdicts
        for part in v.parts
    )  # fmt: skip


def sentence_end(text: str) -> str:
    """The text with a capital and a full stop; '' for none."""
    return f"{text[0].upper()}{text[1:].removesuffix('.')}." if text else ""


def label(contrast: Contrast) -> str:
    """A contrast in words: 'training error: plain56 − plain20'."""
    metric, _, rest = contrast.label.partition(":")
    return f"{METRICS.get(metric, metric.replace('_', ' '))}:{rest}"


def of_paper(report: Report, verdict: Verdict, contrast: Contrast) -> str:
    """What the paper prints for the contrast; a dash for nets that its claim does not name."""
    stated = {claim.id: claim.arms for claim in report.experiment.claims}
    named = set(map(_whole, stated.get(verdict.claim.id, verdict.claim.arms)))
    here = set(map(_whole, contrast.arms))
    return printed(contrast, verdict.claim) if here <= named else NONE


def _whole(arm: str) -> str:
    """The arm under the recipe that its own is cut down from: 'resnet20@fb' for '…@quick-fb'."""
    net, recipe = split(arm)
    return f"{net}@{full_length(recipe)}" if recipe else net


def printed(contrast: Contrast, claim: Claim) -> str:
    """What one paper prints: of one net its figure, of several their contrast; a dash for none.

    The claim's own paper goes first: others train and test the same nets otherwise.
    """
    from resnet.claims import paper

    found = paper.together(contrast.arms, claim.dataset, contrast.metric, claim.source)
    if found is None:
        return NONE
    weights = (weight for _, weight in contrast.terms)
    total = sum(weight * one.value for weight, one in zip(weights, found, strict=True))
    return number(total, signed=len(contrast.terms) > 1)


MORE = (
    "More seeds: how many it would take to decide a claim one way or the other, if they vary as "
    "these do."
)
REASONS = ("Claim", "Verdict", "Why", "More seeds")


@element
def reasons(report: Report) -> Table:
    """Why claims are not decided, and how many more seeds that would take."""
    rows = reasons_rows(report.verdicts)
    if not rows:
        return Table("No claim that was asked is left open.")
    return Table(f"Open ends and notes. {MORE} Scope: {scope(report)}.", REASONS, rows, "lclr")


def reasons_rows(
    verdicts: Iterable[Verdict], where: Where | None = None
) -> tuple[tuple[Cell, ...], ...]:
    """A row a claim that is open, or that has something to add to its word."""
    return tuple(
        row(breakable(v.claim.id), *([where(v)] if where else []), word(v), v.reason or NONE,
            NONE if v.more_seeds is None else v.more_seeds)
        for v in verdicts
        if v.reason or v.more_seeds
    )  # fmt: skip


@element
def margins(report: Report) -> Table:
    """Why each claim's margin is what it is, and what a reader must know of how it is asked."""
    claims = {verdict.claim.id: verdict.claim for verdict in report.verdicts}
    rows = tuple(
        row(breakable(name), sentence_end(claim.margin_why), sentence_end(claim.note) or NONE)
        for name, claim in claims.items()
    )
    if not rows:
        return Table("No margin was needed.")
    caption = (
        "Where margins come from. What is called ours is this suite's choice, printed in no paper; "
        "the noise meant is that of training at full length."
    )
    return Table(caption, ("Claim", "Margin, and why", "Note"), rows, "lll", (16, 44, 40))


@element
def not_asked(report: Report) -> Table:
    """The claims that the nets at hand cannot answer, and the nets that it would take."""
    claims = {claim.id: claim for claim in report.experiment.claims}
    rows = tuple(
        row(breakable(name), claims[name].sentence, needs)
        for name, needs in report.not_asked.items()
    )
    if not rows:
        return Table(_every_claim(report))
    caption = f"Claims not asked, and why. The paper preset has all nets. Scope: {scope(report)}."
    return Table(caption, ("Claim", "Sentence", "Why"), rows, "lll", (14, 53, 33))


def _every_claim(report: Report) -> str:
    """What stands where no claim was left out: whether the nets at hand could answer them all."""
    if not_run := [v.claim.id for v in report.verdicts if v.word == "not run"]:
        return f"Not answered by these runs: {', '.join(not_run)}; why, the open ends say."
    partly = [v.claim.id for v in report.verdicts if v.claim.asked_in_part]
    of_them = f"; in part: {', '.join(partly)}" if partly else ""
    return f"Every claim of this family was asked{of_them}."
