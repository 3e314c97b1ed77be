"""One contrast weighed on its numbers, and the parts of a claim taken together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from resnet.claims import statistics
from resnet.claims.contrasts import Contrast
from resnet.claims.evidence import Evidence
from resnet.claims.looks import Design
from resnet.claims.model import Claim

Word = Literal["reproduced", "contradicted", "undecided", "observed", "not observed", "not run"]
LEVEL = 0.95


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


def decide_part(
    claim: Claim, contrast: Contrast, found: Evidence, design: Design | None
) -> PartVerdict:
    """The contrast's word, effect and interval, and the seeds more that it would take."""
    values = found.numbers(contrast)
    n, parts = len(values), len(claim.contrasts())
    effect = float(values.mean())
    if n == 1:
        seen: Word = "observed" if contrast.leans(effect) == "reproduced" else "not observed"
        return PartVerdict(contrast, seen, effect, None, None, claim.min_seeds - 1)
    against = contrast.leans(effect) == "contradicted"
    level = level_of(parts if against else 1, n, design)
    interval = statistics.t_interval(values, level)
    word: Word = contrast.answer(interval.low, interval.high)  # type: ignore[assignment]
    short = max(claim.min_seeds - n, 0)
    if word != "undecided":
        return PartVerdict(
            contrast, "undecided" if short else word, effect, interval.low, interval.high, short
        )
    # Where all parts have to hold, each needs a better chance than the whole.
    chance = statistics.POWER ** (1 / (1 if against else parts))
    spread = float(values.std(ddof=1))
    needed = statistics.seeds_needed(contrast.clearances(effect), spread, level, chance)
    more = None if needed is None else max(needed - n, short, 1)
    return PartVerdict(contrast, word, effect, interval.low, interval.high, more)


def level_of(parts: int, n: int, design: Design | None) -> float:
    """The level of each of `parts` intervals of which one that errs is enough to err.

    One contrast refutes a claim, so those that speak against it share the error rate (Bonferroni).
    All must hold to reproduce it, so that each that speaks for it may have the whole rate: a claim
    that is false in one errs no more often than that one (Berger 1982, intersection-union tests).
    """
    return design.level(n, parts) if design else statistics.bonferroni(LEVEL, parts)


def together(parts: list[PartVerdict]) -> tuple[Word, PartVerdict]:
    """The word of all parts, and the part that it hangs on."""
    for word in ("contradicted", "undecided", "not observed"):
        if hit := [part for part in parts if part.word == word]:
            return word, least(hit)
    return parts[0].word, least(parts)


def least(parts: list[PartVerdict]) -> PartVerdict:
    """The part least in favour of the claim.

    Those in one unit are compared in it; others in half-widths of their intervals, and single
    seeds, which have none, not at all: the first part stands for them.
    """
    if len({part.contrast.unit for part in parts}) == 1:
        return min(parts, key=lead)
    return min(parts, key=_clear)


def _clear(part: PartVerdict) -> float:
    """How far beyond the margin the effect lies, in half-widths of its interval."""
    if part.low is None or part.high is None:
        return 0.0
    ahead, width = lead(part), (part.high - part.low) / 2
    return ahead / width if width else math.copysign(math.inf, ahead) if ahead else 0.0


def lead(part: PartVerdict) -> float:
    """How far the effect lies beyond the margin in the claimed direction."""
    return part.contrast.lead(part.effect)


def more_seeds(parts: list[PartVerdict]) -> int | None:
    """The seeds that the claim would take: one part to contradict it, or all to reproduce it."""
    against = [p.more_seeds for p in parts if p.contrast.leans(p.effect) == "contradicted"]
    if quickest := [need for need in against if need is not None]:
        return min(quickest)
    needs = [part.more_seeds for part in parts]
    return None if None in needs else max(need for need in needs if need is not None)


def because(claim: Claim, part: PartVerdict, found: Evidence) -> str:
    """What a reader must know of a verdict that is not plain."""
    if part.low is None:
        return "one seed: no interval, no verdict"
    if len(found.seeds) < claim.min_seeds:
        return f"{len(found.seeds)} seeds of the {claim.min_seeds} that the claim needs"
    if part.word == "undecided" and part.more_seeds is None:
        return "the effect lies too near the margin for any number of seeds"
    if part.word == "contradicted" and part.contrast.has_direction(part.effect):
        return "the effect is smaller than the margin"
    if part.word == "undecided":
        return "the interval reaches across the margin"
    if part.low == part.high:
        return "every seed gave the same number"
    return ""
