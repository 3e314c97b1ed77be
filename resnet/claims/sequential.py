"""How many seeds more a sequential design buys (`resnet.claims.looks`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from resnet.claims import evidence
from resnet.claims.looks import Design
from resnet.claims.model import Claim
from resnet.claims.verdicts import decide

if TYPE_CHECKING:
    import pandas as pd


def next_wave(claims: Iterable[Claim], runs: pd.DataFrame, design: Design) -> int:
    """How many seeds more each arm should get; 0 when all is decided or the budget is spent.

    `runs` are of one scope. Claims that more seeds would not decide are passed over: those whose
    metric the finished runs lack, and those of which a run failed. Of one that names error rates
    the rest is asked, as in `decide`.
    """
    asked = (
        claim.relative() or claim if evidence.barred(claim, runs) else claim for claim in claims
    )
    tried = [_tried(claim, runs) for claim in asked if _open(claim, runs, design)]
    if not tried:
        return 0
    have = min(tried)
    return next((wave - have for wave in design.waves if wave > have), 0)


def _open(claim: Claim, runs: pd.DataFrame, design: Design) -> bool:
    """Whether seeds may still decide the claim."""
    found = evidence.gather(claim, evidence.of(claim, runs))
    if evidence.barred(claim, runs) or found.unmeasured or found.failed:
        return False
    return decide(claim, runs, design).word not in ("reproduced", "contradicted")


def _tried(claim: Claim, runs: pd.DataFrame) -> int:
    """The seeds that every arm of the claim has."""
    mine = evidence.of(claim, runs)
    done = mine[mine["status"] == "done"]
    return min(done[done["net"] == net]["seed"].nunique() for net in claim.arms)
