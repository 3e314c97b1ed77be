"""Verdicts: a claim decided on the runs at hand, on seeds and never on epochs.

Each contrast gets a t interval over the seeds that all arms of the claim have, at 95 % where it
speaks for the claim (all must) and at a level that holds for all contrasts together where it speaks
against (one is enough), so that a false *reproduced* and a false *contradicted* each have a chance
of at most 2.5 %, as far as noise is normal. One rule serves directions, thresholds and equality
(for which it is two one-sided tests).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resnet.claims import evidence
from resnet.claims.looks import Design, looked_at
from resnet.claims.model import Claim
from resnet.claims.weighing import (
    PartVerdict,
    Word,
    because,
    decide_part,
    least,
    more_seeds,
    together,
)
from resnet.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

DECIDED = ("reproduced", "contradicted")

__all__ = ["DECIDED", "PartVerdict", "Verdict", "Word", "decide", "decide_all", "survey"]


@dataclass(frozen=True)
class Verdict:
    """The answer to a claim, with the scope that it holds for.

    `effect`, `low`, `high` and `unit` are those of the part that the word hangs on. `more_seeds`
    is how many seeds more an undecided claim would take, None where that cannot be said. The
    intervals allow for looks at `waves` seeds, where there were several.
    """

    claim: Claim
    word: Word
    reason: str
    effect: float | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    seeds: tuple[int, ...] = ()
    run_ids: tuple[str, ...] = ()
    scope: str = ""
    more_seeds: int | None = None
    failed: tuple[str, ...] = ()
    parts: tuple[PartVerdict, ...] = ()
    waves: tuple[int, ...] = ()

    @property
    def said(self) -> str:
        """The word, with "in part" where it speaks for a part of the claim only.

        What holds of some contrasts need not hold of all; what fails in one fails as a whole.
        """
        partly = self.claim.asked_in_part and self.word in ("reproduced", "observed")
        return f"{self.word} in part" if partly else self.word

    @property
    def decisive(self) -> PartVerdict | None:
        """The part that the word hangs on: the one least in favour of the claim."""
        hit = [part for part in self.parts if part.word == self.word] or list(self.parts)
        return least(hit) if hit else None


def decide(claim: Claim, runs: pd.DataFrame, design: Design | None = None) -> Verdict:
    """The verdict on `claim` from the table of runs (`resnet.runs.table.load`).

    Runs of other nets are ignored. UserError where the claim's runs are of several scopes:
    `decide_all` gives a verdict for each. Where seeds were bought in waves, the intervals allow for
    every look: those on record of the runs that it rests on, and those of `design`.
    """
    barred = evidence.barred(claim, runs)
    if barred and (rest := claim.relative()):
        return decide(rest, runs, design)
    mine = evidence.of(claim, runs)
    if mixed := evidence.why_not_compared(mine):
        raise UserError(f"claim {claim.id}: runs that cannot be compared: {mixed}")
    found = evidence.gather(claim, mine)
    if design := looked_at(mine[mine["id"].isin(found.run_ids)], design):
        found = evidence.gather(claim, mine, design.seeds)
    verdict = Verdict(
        claim,
        "not run",
        barred or found.gap or "no runs",
        n=0 if barred else len(found.seeds),
        seeds=() if barred else found.seeds,
        run_ids=() if barred else found.run_ids,
        scope=found.scope,
        more_seeds=None if barred else claim.min_seeds,
        failed=found.failed,
        waves=design.waves if design else (),
    )
    if found.seeds and not barred:
        return _weigh(verdict, found, design)
    diverged = found.failed and not (found.missing or barred)
    return replace(verdict, word="undecided") if diverged else verdict


def decide_all(claims: Iterable[Claim], runs: pd.DataFrame) -> list[Verdict]:
    """A verdict for each claim and each scope that has runs of it, in the order of the claims.

    A claim without any run yields one verdict 'not run'.
    """
    verdicts: list[Verdict] = []
    for claim in claims:
        mine = evidence.of(claim, runs)
        apart = evidence.why_not_compared(mine)
        for part in evidence.scopes(mine) or [runs]:
            verdict = decide(claim, part)
            if apart and verdict.word == "not run":
                verdict = replace(verdict, reason=f"{verdict.reason}; not compared: {apart}")
            verdicts.append(verdict)
    return verdicts


def survey(claims: Iterable[Claim], runs: pd.DataFrame) -> list[Verdict]:
    """Each claim put to whatever nets each scope has, in the order of the claims.

    A claim that no scope's nets can decide yields one verdict 'not run'.
    """
    verdicts: list[Verdict] = []
    usable = runs[runs["status"] != "corrupt"] if len(runs) else runs
    for claim in claims:
        parts = evidence.scopes(evidence.as_named(claim, usable) if len(usable) else usable)
        asked = [(_asked(claim, part), part) for part in parts]
        found = [decide(one, part) for one, part in asked if one is not None]
        told = [verdict for verdict in found if verdict.word != "not run"]
        verdicts += told or found[:1] or [decide(claim, runs.iloc[:0])]
    return verdicts


def _asked(claim: Claim, runs: pd.DataFrame) -> Claim | None:
    """The claim asked of the nets that have a finished run, measured for it, or else of all."""
    return claim.asked_best(evidence.at_hand(claim, runs), claim.on) or claim.on(
        runs["net"].unique()
    )


def _weigh(verdict: Verdict, found: evidence.Evidence, design: Design | None) -> Verdict:
    """The verdict with its word, effect and interval, from all contrasts of the claim."""
    claim = verdict.claim
    parts = [decide_part(claim, contrast, found, design) for contrast in claim.contrasts()]
    word, part = together(parts)
    why = _doubt(claim, found, word)
    spent = word not in DECIDED and design is not None and len(found.seeds) >= design.budget
    over = "the seeds that the looks were planned for are spent" if spent else ""
    return replace(
        verdict,
        word="undecided" if why else word,
        reason="; ".join(filter(None, [why, because(claim, part, found), over, found.gap])),
        effect=part.effect,
        unit=part.contrast.unit,
        low=part.low,
        high=part.high,
        more_seeds=None if why or spent else 0 if word in DECIDED else more_seeds(parts),
        parts=tuple(parts),
    )


def _doubt(claim: Claim, found: evidence.Evidence, word: Word) -> str:
    """Why the word that the numbers give must not be said; '' where nothing speaks against it."""
    if word == "undecided":
        return ""
    # Who trains to the end despite what makes others diverge is no sample of all, and no more is
    # who learns enough for a number to be defined.
    if found.failed:
        return "seeds that failed are not among those compared"
    if found.undefined:
        return "seeds where a number is not defined are not among those compared"
    alike = [
        one for one in claim.contrasts() if one.tolerant and set(one.arms) <= {*found.guessing}
    ]
    if alike and word in ("reproduced", "observed"):
        nets = evidence.some(tuple(dict.fromkeys(arm for one in alike for arm in one.arms)))
        return f"nets that have not learned are alike, which says nothing: {nets}"
    return ""
