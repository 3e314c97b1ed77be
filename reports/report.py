"""The runs that one report speaks of, and the verdicts on them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reports.scopes import (
    Scope,
    begins_others,
    beside_scope,
    in_scope,
    likeliest_scope,
    on_part_of,
    order,
    trained_like,
)
from resnet.recipes import RECIPES, is_short, scales

if TYPE_CHECKING:
    import pandas as pd

    from reports.frames import Frames
    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict
    from resnet.experiment import Experiment


@dataclass(frozen=True)
class Report:
    """An experiment on the runs of one scope.

    `wanted` are the ids of the runs that were planned: the report speaks of these alone and names
    the missing ones. Without it, it speaks of all runs of the experiment's nets.
    """

    experiment: Experiment
    frames: Frames
    scope: Scope | None = None
    wanted: tuple[str, ...] | None = None

    @classmethod
    def on(
        cls,
        frames: Frames,
        experiment: Experiment,
        scope: Sequence[Any] | None = None,
        wanted: Sequence[str] | None = None,
    ) -> Report:
        """The report on an experiment from `frames`; without a scope, on that with most runs."""
        asked = None if wanted is None else tuple(wanted)
        runs = frames.runs if asked is None else frames.runs[frames.runs["id"].isin(asked)]
        nets = tuple(experiment.every_net) if asked is None else tuple(runs["net"].dropna())
        mine = on_part_of(runs, experiment.dataset)
        usual = (*experiment.recipes.values(), *experiment.group_recipes.values(), *scales())
        chosen = tuple(map(str, scope)) if scope else likeliest_scope(mine, nets, usual)
        return cls(experiment, frames, chosen, asked)  # type: ignore[arg-type]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The rows of the runs that are spoken of, in the order net, seed."""
        runs = self._named
        mine = runs[self._spoken_of(runs) & (runs["status"] != "corrupt")].copy()
        places = {net: place for place, net in enumerate(self.planned)}
        mine["order"] = [(*order(net), places.get(net, len(places)), net) for net in mine["net"]]
        return mine.sort_values(["order", "seed"]).drop(columns="order").reset_index(drop=True)

    def _spoken_of(self, runs: pd.DataFrame) -> Any:
        """Which rows are in the report's scope, or beside it, and asked for."""
        here = runs["net"].notna() & in_scope(runs, self.scope)
        beside = runs["net"].astype(str).str.contains("@") & beside_scope(runs, self.scope)
        if self.wanted is not None:
            return (here | beside) & runs["id"].isin(self.wanted)
        planned = runs["net"].isin(self.planned)
        mine = planned | (runs["experiment"] == self.experiment.name)
        return (here & mine) | (beside & planned)

    @cached_property
    def done(self) -> pd.DataFrame:
        """The finished ones among `runs`."""
        return self.runs[self.runs["status"] == "done"]

    @cached_property
    def others(self) -> pd.DataFrame:
        """Runs of the same nets that are left out: another scope, or not asked for."""
        from resnet.claims.arms import split

        runs = self.frames.runs
        mine = runs["net"].isin([split(arm)[0] for arm in self.nets or self.planned])
        here = runs["id"].isin(self.runs["id"]) | self._begins_others
        return runs[mine & ~here & (runs["status"] != "corrupt")]

    @cached_property
    def origins(self) -> pd.DataFrame:
        """The finished runs on a part of the data that arms of this scope start from."""
        runs = self.frames.runs
        seeds, copies = self.runs["seed"].unique(), self.runs["dataset_copy"].unique()
        begins = self._begins_others & (runs["status"] == "done") & runs["seed"].isin(seeds)
        begins &= runs["dataset_copy"].isin(copies) & trained_like(runs, self.scope)
        found = runs[begins]
        return found.iloc[sorted(range(len(found)), key=lambda i: _place(found.iloc[i]))]

    @property
    def _begins_others(self) -> pd.Series:
        """Which rows are runs on a part of the data that some of the arms start from."""
        from resnet.claims.arms import split

        arms = tuple(split(arm)[0] for arm in self.nets or self.planned)
        return begins_others(self.frames.runs, arms)

    @cached_property
    def corrupt(self) -> pd.DataFrame:
        """Run folders that cannot be trusted."""
        return self.frames.runs[self.frames.runs["status"] == "corrupt"]

    @cached_property
    def missing(self) -> list[str]:
        """The ids that were wanted and that there is no folder of."""
        return sorted(set(self.wanted or ()) - set(self.frames.runs["id"]))

    @cached_property
    def nets(self) -> tuple[str, ...]:
        """The nets with runs: families together, from shallow to deep."""
        return tuple(dict.fromkeys(self.runs["net"]))

    @cached_property
    def history(self) -> pd.DataFrame:
        """The history of `runs`."""
        kept = self.frames.history
        kept = kept[kept["run_id"].isin(self.runs["id"])]
        names = self.runs.set_index("id")["net"].astype(str)
        if not names.str.contains("@").any():
            return kept
        return kept.assign(net=kept["run_id"].astype(str).map(names))

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """A verdict on each claim that the nets can decide."""
        from resnet.claims.verdicts import decide

        told = [decide(claim, self.runs) for claim in self._claims()]
        return [verdict for verdict in told if not self._barred(verdict.claim)]

    def _claims(self) -> tuple[Claim, ...]:
        """The claims asked of the nets at hand; of the planned ones too where runs are missing."""
        name = self.recipe_name
        claims = self.experiment.claims_on(self.nets, name)
        if claims and not self.missing:
            found = (self._asked(claim, name) for claim in self.experiment.claims)
            return tuple(claim for claim in found if claim is not None)
        return self.experiment.claims_on(tuple(dict.fromkeys((*self.nets, *self.planned))), name)

    def _asked(self, claim: Claim, recipe: str) -> Claim | None:
        """The claim asked of the nets that were measured for it, or else of all nets at hand."""
        from resnet.claims.evidence import at_hand

        alone = replace(self.experiment, claims=(claim,))

        def ask(nets: Iterable[str]) -> Claim | None:
            return next(iter(alone.claims_on(tuple(nets), recipe)), None)

        return claim.asked_best(at_hand(claim, self.runs), ask) or ask(self.nets)

    @property
    def not_asked(self) -> dict[str, str]:
        """Why the experiment's other claims are not asked, by id."""
        asked = {verdict.claim.id for verdict in self.verdicts}
        why = self.experiment.not_asked(self.nets, self.recipe_name)
        why |= {claim.id: barred for claim in self._claims() if (barred := self._barred(claim))}
        return {name: needs for name, needs in why.items() if name not in asked}

    def _barred(self, claim: Claim) -> str:
        """Why runs of the claim's own nets do not bear on it as a whole; '' where they do."""
        from resnet.claims.evidence import barred

        return "" if claim.relative() else barred(claim, self.runs)

    @cached_property
    def planned(self) -> tuple[str, ...]:
        """The arms that the experiment declares, as they are called beside this recipe."""
        from resnet import recipes
        from resnet.claims.arms import split

        if self.recipe_name not in RECIPES:
            return self.experiment.every_net
        main, found = recipes.get(self.recipe_name), []
        for net, other in map(split, self.experiment.every_net):
            its = recipes.beside(other, main.name) if other else main
            found.append(net if its.digest == main.digest else f"{net}@{its.name}")
        return tuple(dict.fromkeys(found))

    @cached_property
    def recipe_name(self) -> str:
        """The recipe that runs without another in their name are under; 'paper' for no runs."""
        return self._recipe[0]

    @property
    def short(self) -> bool:
        """Whether that recipe is far shorter than the paper's."""
        return is_short(*self._recipe)

    @cached_property
    def _recipe(self) -> tuple[str, str]:
        """The name of that recipe, and its fields as JSON."""
        runs = self.frames.runs
        here = runs[in_scope(runs, self.scope) & runs["recipe"].notna()]
        if self.scope is None or here.empty:
            return "paper", ""
        return str(here["recipe"].iloc[0]), here["recipe_fields"].iloc[0] or ""

    @cached_property
    def _named(self) -> pd.DataFrame:
        """All runs; those under another recipe than the scope's are called NET@RECIPE."""
        from resnet.claims.scope import labelled

        if self.scope is None:
            return self.frames.runs
        return labelled(self.frames.runs, str(self.scope[1]))

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The fields of the experiment's recipe; {} for no runs."""
        mine = self.runs[in_scope(self.runs, self.scope)]
        runs = mine if len(mine) else self.runs
        return json.loads(runs["recipe_fields"].iloc[0] or "{}") if len(runs) else {}

    @cached_property
    def provenance(self) -> list[dict[str, Any]]:
        """What is known of where each run of `runs` ran, in their order."""
        return [json.loads(text or "{}") for text in self.runs["provenance"]]

    @cached_property
    def newest(self) -> dict[str, Any]:
        """The provenance of the run that started last; {} for no runs."""
        return max(self.provenance, key=lambda p: p.get("started") or "", default={})


def _place(run: pd.Series) -> tuple[object, ...]:
    return (*order(run["net"]), run["dataset"], run["seed"])
