"""The verdicts of the summary: what every experiment's own report answers, on every scope."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from reports.scopes import SCOPE, scopes_of
from reports.tables import place

if TYPE_CHECKING:
    from reports.report import Report
    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict


def verdicts(report: Report) -> list[Verdict]:
    """A verdict on each claim and scope that has runs of it; claims without runs last."""
    from reports.report import experiments, find, narrowed

    found: dict[Hashable, Verdict] = {}
    digests = report.frames.runs.set_index("id")[list(SCOPE)].astype(str)
    for scope in scopes_of(report.frames.runs):
        for one in map(find, experiments()):
            for verdict in narrowed(one, report.frames, scope).verdicts:
                if verdict.word != "not run":
                    mine = map(tuple, digests.loc[list(verdict.run_ids)].to_numpy())
                    _keep_fuller(
                        found, (verdict.claim.id, frozenset(mine) or frozenset([scope])), verdict
                    )
    told = _once(found.values())
    asked = {verdict.claim.id for verdict in told}
    rest = [claim for claim in report.experiment.claims if claim.id not in asked]
    return [*told, *(_not_run(report, claim) for claim in rest)]


def _keep_fuller(found: dict[Hashable, Verdict], key: Hashable, verdict: Verdict) -> None:
    """Of two experiments' answers to one claim in one scope, keep what rests on more.

    That is the one with seeds enough, then more contrasts, then more seeds: whatever it says.
    """

    def weight(one: Verdict) -> tuple[bool, int, int]:
        return one.n >= one.claim.min_seeds, len(one.parts), one.n

    if key not in found or weight(verdict) > weight(found[key]):
        found[key] = verdict


def _once(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts, without a claim in the scope of another recipe that is also told as such."""
    every = list(verdicts)
    named = {(v.claim.id.partition("@")[0], place(v)) for v in every if "@" in v.claim.id}
    return [v for v in every if (v.claim.id, place(v)) not in named]


def _not_run(report: Report, claim: Claim) -> Verdict:
    """The verdict on a claim that no scope can answer, with what is lacking anywhere."""
    from resnet.claims.evidence import barred, some
    from resnet.claims.verdicts import decide

    done = set(report.done["net"])
    lacking = tuple(net for net in claim.arms if net not in done)
    why = (
        f"no finished run of {some(lacking)}"
        if lacking
        else barred(claim, report.runs)
        or "its nets have no runs in one scope that were measured for it"
    )
    return replace(decide(claim, report.runs.iloc[:0]), reason=why)
