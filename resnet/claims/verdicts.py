"""Verdicts: a claim decided on the runs at hand, on seeds and never on epochs.

Each contrast gets a t interval over the seeds that all arms of the claim have. The intervals of
one claim hold together at 95 % (Bonferroni), so that a false *reproduced* and a false
*contradicted* each have a chance of at most 2.5 %. One rule serves directions, thresholds and
equality (for which it is two one-sided tests).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from resnet.claims import evidence, statistics
from resnet.claims.contrasts import Contrast
from resnet.claims.model import Claim
from resnet.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Word = Literal["reproduced", "contradicted", "undecided", "observed", "not observed", "not run"]
LEVEL = 0.95


class Levels(Protocol):
    """What sets the level of each interval: `sequential.Plan` is one."""

    def level(self, n: int, parts: int) -> float:
        """The level of each of `parts` intervals on `n` seeds."""

    def seeds(self, n: int) -> int:
        """How many of `n` seeds may be looked at."""


@dataclass(frozen=True)
class PartVerdict:
    """One contrast decided: effect and interval in `unit`; no interval for a single seed."""

    contrast: Contrast
    word: Word
    effect: float
    low: float | None
    high: float | None
    more_seeds: int | None

    @property
    def label(self) -> str:
        """The number, and where the claim says that it lies."""
        return f"{self.contrast.label} {self.contrast.asserted}"


@dataclass(frozen=True)
class Verdict:
    """The answer to a claim, with the scope that it holds for.

    `effect`, `low`, `high` and `unit` are those of the part that the word hangs on. `more_seeds`
    is how many seeds more an undecided claim would take, None where that cannot be said.
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

    @property
    def decisive(self) -> PartVerdict | None:
        """The part that the word hangs on: the one least in favour of the claim."""
        return min((part for part in self.parts if part.word == self.word), key=_lead, default=None)


def decide(claim: Claim, runs: pd.DataFrame, plan: Levels | None = None) -> Verdict:
    """The verdict on `claim` from the table of runs (`resnet.runs.table.load`).

    Runs of other nets are ignored. UserError where the claim's runs are of several scopes:
    `decide_all` gives a verdict for each. `plan` sets the levels of a sequential design.
    """
    mine = evidence.of(claim, runs)
    if mixed := evidence.why_not_compared(mine):
        raise UserError(f"claim {claim.id}: runs that cannot be compared: {mixed}")
    found = evidence.gather(claim, mine, plan.seeds if plan else None)
    verdict = Verdict(
        claim,
        "not run",
        found.gap or "no runs",
        n=len(found.seeds),
        seeds=found.seeds,
        run_ids=found.run_ids,
        scope=found.scope,
        more_seeds=claim.min_seeds,
        failed=found.failed,
    )
    if found.seeds:
        return _weigh(verdict, found, plan)
    diverged = found.failed and not found.missing
    return replace(verdict, word="undecided") if diverged else verdict


def decide_all(
    claims: Iterable[Claim], runs: pd.DataFrame, plan: Levels | None = None
) -> list[Verdict]:
    """A verdict for each claim and each scope that has runs of it, in the order of the claims.

    A claim without any run yields one verdict 'not run'.
    """
    verdicts: list[Verdict] = []
    for claim in claims:
        mine = evidence.of(claim, runs)
        apart = evidence.why_not_compared(mine)
        for part in evidence.scopes(mine) or [runs.iloc[:0]]:
            verdict = decide(claim, part, plan)
            if apart and verdict.word == "not run":
                verdict = replace(verdict, reason=f"{verdict.reason}; not compared: {apart}")
            verdicts.append(verdict)
    return verdicts


def survey(
    claims: Iterable[Claim], runs: pd.DataFrame, plan: Levels | None = None
) -> list[Verdict]:
    """Each claim put to whatever nets each scope has, in the order of the claims.

    A claim that no scope's nets can decide yields one verdict 'not run'.
    """
    verdicts: list[Verdict] = []
    usable = runs[runs["status"] != "corrupt"] if len(runs) else runs
    scopes = [(list(part["net"].unique()), part) for part in evidence.scopes(usable)]
    for claim in claims:
        asked = [(claim.on(nets), part) for nets, part in scopes]
        found = [decide(one, part, plan) for one, part in asked if one is not None]
        told = [verdict for verdict in found if verdict.word != "not run"]
        verdicts += told or found[:1] or [decide(claim, runs.iloc[:0])]
    return verdicts


def _weigh(verdict: Verdict, found: evidence.Evidence, plan: Levels | None) -> Verdict:
    """The verdict with its word, effect and interval, from all contrasts of the claim."""
    claim = verdict.claim
    parts = [_decide_part(claim, contrast, found, plan) for contrast in claim.contrasts()]
    word, part = _together(parts)
    return replace(
        verdict,
        word=word,
        reason="; ".join(filter(None, [_because(claim, part, found), found.gap])),
        effect=part.effect,
        unit=part.contrast.unit,
        low=part.low,
        high=part.high,
        more_seeds=0 if word in ("reproduced", "contradicted") else _more(parts),
        parts=tuple(parts),
    )


def _decide_part(
    claim: Claim, contrast: Contrast, found: evidence.Evidence, plan: Levels | None
) -> PartVerdict:
    values = found.numbers(contrast)
    n, parts = len(values), len(claim.contrasts())
    effect = float(values.mean())
    if n == 1:
        seen: Word = "observed" if contrast.leans(effect) == "reproduced" else "not observed"
        return PartVerdict(contrast, seen, effect, None, None, claim.min_seeds - 1)
    level = plan.level(n, parts) if plan else statistics.bonferroni(LEVEL, parts)
    interval = statistics.t_interval(values, level)
    word: Word = contrast.answer(interval.low, interval.high)  # type: ignore[assignment]
    short = max(claim.min_seeds - n, 0)
    if word != "undecided":
        return PartVerdict(
            contrast, "undecided" if short else word, effect, interval.low, interval.high, short
        )
    needed = statistics.seeds_needed(contrast.clearance(effect), float(values.std(ddof=1)), level)
    more = None if needed is None else max(needed - n, short, 1)
    return PartVerdict(contrast, word, effect, interval.low, interval.high, more)


def _together(parts: list[PartVerdict]) -> tuple[Word, PartVerdict]:
    """The word of all parts, and the part that it hangs on."""
    for word in ("contradicted", "undecided", "not observed"):
        if hit := [part for part in parts if part.word == word]:
            return word, min(hit, key=_lead)
    return parts[0].word, min(parts, key=_lead)


def _lead(part: PartVerdict) -> float:
    """How far the effect lies beyond the margin in the claimed direction."""
    return part.contrast.lead(part.effect)


def _more(parts: list[PartVerdict]) -> int | None:
    """The seeds that the claim would take: one part to contradict it, or all to reproduce it."""
    against = [p.more_seeds for p in parts if p.contrast.leans(p.effect) == "contradicted"]
    if quickest := [need for need in against if need is not None]:
        return min(quickest)
    needs = [part.more_seeds for part in parts]
    return None if None in needs else max(need for need in needs if need is not None)


def _because(claim: Claim, part: PartVerdict, found: evidence.Evidence) -> str:
    if part.low is None:
        return "one seed: no interval, no verdict"
    if len(found.seeds) < claim.min_seeds:
        return f"{len(found.seeds)} seeds of the {claim.min_seeds} that the claim needs"
    if part.word == "undecided" and part.more_seeds is None:
        return "the effect lies within the margin, or too near it for any number of seeds"
    if part.low == part.high:
        return "every seed gave the same number"
    return ""
