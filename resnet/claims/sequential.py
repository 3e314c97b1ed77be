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

    `runs` are of one scope. A failed seed counts as spent. Claims whose metric the finished runs
    lack are passed over: more seeds would not decide them.
    """
    tried = [_tried(claim, runs) for claim in claims if _open(claim, runs, design)]
    if not tried:
        return 0
    have = min(tried)
    return next((wave - have for wave in design.waves if wave > have), 0)


def _open(claim: Claim, runs: pd.DataFrame, design: Design) -> bool:
    """Whether seeds may still decide the claim."""
    barred = evidence.barred(claim, runs)
    if barred or evidence.gather(claim, evidence.of(claim, runs)).unmeasured:
        return False
    return decide(claim, runs, design).word not in ("reproduced", "contradicted")


def _tried(claim: Claim, runs: pd.DataFrame) -> int:
    """The seeds that every arm of the claim has spent, failed ones included."""
    mine = evidence.of(claim, runs)
    ended = mine[mine["status"].isin(["done", "failed"])]
    return min(ended[ended["net"] == net]["seed"].nunique() for net in claim.arms)
