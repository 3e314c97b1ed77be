"""All claims on all runs: what every experiment's own report answers, scope by scope."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reports.report import Report
from reports.scopes import SCOPE, scopes_of
from reports.tables import place

if TYPE_CHECKING:
    import pandas as pd

    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict
    from resnet.experiment import Experiment

SUMMARY = "summary"


class Summary(Report):
    """The report on `summary()`: it has no scope of its own."""

    def _spoken_of(self, runs: pd.DataFrame) -> Any:
        return runs["net"].notna()

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """A verdict on each claim and scope that has runs of it; claims without runs last."""
        found: dict[Hashable, Verdict] = {}
        every, stated = experiments().values(), {_base(one) for one in self.experiment.claims}
        digests = self.frames.runs.set_index("id")[list(SCOPE)].astype(str)
        for scope in scopes_of(self.frames.runs):
            for one in every:
                for verdict in Report.on(self.frames, one, scope).verdicts:
                    if verdict.word != "not run" and _base(verdict.claim) in stated:
                        mine = frozenset(map(tuple, digests.loc[list(verdict.run_ids)].to_numpy()))
                        _keep_fuller(found, (verdict.claim.id, mine or frozenset([scope])), verdict)
        told = _once(found.values())
        asked = {verdict.claim.id for verdict in told}
        rest = [claim for claim in self.experiment.claims if claim.id not in asked]
        return [*told, *(_not_run(self, claim) for claim in rest)]

    def without_others(self, told: Collection[str]) -> Summary:
        """The same for who has further experiments: of their own claims those alone in `told`."""
        from resnet.claims.registry import claims

        kept = (c for c in self.experiment.claims if c.id in claims() or c.id in told)
        return replace(self, experiment=_of(tuple(kept)))


def _base(claim: Claim) -> str:
    """The id of the claim that it is, under whatever recipe."""
    return claim.id.partition("@")[0]


def experiments() -> dict[str, Experiment]:
    """The experiments by name, in the order in which the registry states the first claim of each.

    Those that the registry lacks, a user's own, come last.
    """
    from resnet.claims import registry
    from resnet.experiment import every

    stated = list(registry.claims())

    def rank(experiment: Experiment) -> int:
        firsts = [claim.id for claim in experiment.claims[:1] if claim.id in stated]
        return stated.index(firsts[0]) if firsts else len(stated)

    return dict(sorted(every().items(), key=lambda pair: rank(pair[1])))


def summary() -> Experiment:
    """All claims as one experiment."""
    from resnet.experiment import every_claim

    return _of(tuple(every_claim().values()))


def _of(claims: tuple[Claim, ...]) -> Experiment:
    from resnet.experiment import Experiment

    nets = tuple(dict.fromkeys(net for claim in claims for net in claim.arms))
    question = "Which claims of the ResNet papers hold on these runs?"
    return Experiment(SUMMARY, "The claims and their verdicts", question, nets, claims)


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
    named = {(_base(v.claim), place(v)) for v in every if "@" in v.claim.id}
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
