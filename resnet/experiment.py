"""An experiment: some arms, the claims that they decide, and a notebook that shows them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from resnet.claims import arms, registry
from resnet.claims.model import Claim
from resnet.errors import UserError, told, unknown
from resnet.recipes import PAPER

FOLDER = Path(__file__).resolve().parents[1] / "experiments"


@dataclass(frozen=True)
class Experiment:
    """What a script in `experiments/` declares; it never trains, plots or reads a file itself.

    `name` names the script, the notebook `reports/<name>.ipynb` and the PDF. `nets` are the arms:
    a net under the experiment's recipe, or NET@RECIPE, a net under another. `quick_nets` take
    their place in the quick preset, where the papers' are too deep for it. `recipes` and `seeds`
    go by preset, 'quick' or 'paper'. `measures` (`resnet.runs.measures`) are taken of each run.
    `dataset` is what the claims are about; `groups` are choices of arms that --group names, and
    `group_recipes` those of another paper's recipe than the preset 'paper' has.
    """

    name: str
    title: str
    question: str
    nets: tuple[str, ...]
    claims: tuple[Claim, ...]
    recipes: Mapping[str, str] = field(default_factory=lambda: {"quick": "quick", "paper": "paper"})
    seeds: Mapping[str, int] = field(default_factory=lambda: {"quick": 1, "paper": 3})
    measures: tuple[str, ...] = ()
    quick_nets: tuple[str, ...] = ()
    dataset: str = "cifar10"
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_recipes: Mapping[str, str] = field(default_factory=dict)

    def nets_of(self, preset: str) -> tuple[str, ...]:
        """The arms of a preset."""
        return (preset == "quick" and self.quick_nets) or self.nets

    def recipe_of(self, preset: str, nets: tuple[str, ...] | None = None) -> str:
        """The name of a preset's recipe; at full length that of the group whose arms are `nets`."""
        own = (self.group_recipes.get(name) for name, arms in self.groups.items() if arms == nets)
        return (preset == "paper" and next(own, None)) or self.recipes[preset]

    @property
    def every_net(self) -> tuple[str, ...]:
        """The arms of all presets."""
        return tuple(dict.fromkeys((*self.nets, *self.quick_nets)))

    def claims_on(self, nets: tuple[str, ...], recipe: str = PAPER.name) -> tuple[Claim, ...]:
        """The claims that the nets at hand can decide, asked of those nets.

        `recipe` is the name of the one that nets without `@` are under.
        """
        asked = (_asked(claim, nets, recipe) for claim in self.claims)
        return tuple(claim for claim in asked if claim is not None)

    def not_asked(self, nets: tuple[str, ...], recipe: str = PAPER.name) -> dict[str, str]:
        """Why the other claims cannot be asked of these nets, by id: the nets that they need."""
        missing = {
            claim.id: [net for net in claim.arms if net not in _named(claim, nets, recipe)]
            for claim in self.claims
            if _asked(claim, nets, recipe) is None
        }
        general = {claim.id for claim in self.claims if claim.general}
        also = {True: ", or such nets of other depths", False: ""}
        return {
            name: f"needs {arms.listed(nets)}{also[name in general]}"
            for name, nets in missing.items()
        }


def _asked(claim: Claim, nets: tuple[str, ...], recipe: str) -> Claim | None:
    return claim.on(_named(claim, nets, recipe))


def _named(claim: Claim, nets: tuple[str, ...], recipe: str) -> list[str]:
    """The nets as the claim calls its arms."""
    return [arms.with_recipe(net, recipe) for net in nets] if claim.names_recipes else list(nets)


def names() -> list[str]:
    """The experiments that there are, by name."""
    scripts = [p for p in FOLDER.glob("*.py") if p.is_file() and not p.name.startswith(".")]
    return sorted(
        path.stem for path in scripts if "EXPERIMENT =" in path.read_text(errors="replace")
    )


def get(name: str) -> Experiment:
    """The experiment that `experiments/<name>.py` declares.

    Raises:
        UserError: an unknown name, or a script that Python cannot run: its line, and what is wrong.
    """
    if name not in names():
        raise unknown("experiment", name, names())
    try:
        found = getattr(importlib.import_module(f"experiments.{name}"), "EXPERIMENT", None)
    except (Exception, SystemExit) as error:  # whatever a script may do
        raise UserError(f"experiments/{name}.py: {told(error, FOLDER / f'{name}.py')}") from None
    if not isinstance(found, Experiment):
        raise UserError(
            f"experiments/{name}.py: EXPERIMENT is to be a resnet.experiment.Experiment"
        )
    return found


def every() -> dict[str, Experiment]:
    """All experiments by name, but for those that are not in order: each is told once, on stderr.

    One that is asked for by its name is another matter: see `get`.
    """
    from resnet.planning.declared import check

    found: dict[str, Experiment] = {}
    for name in names():
        try:
            one = get(name)
            check(one, report=False)
            _check_ids(one, found)
            found[name] = one
        except UserError as error:
            _leave_out(f"experiments/{name}.py", str(error))
    return found


def _check_ids(experiment: Experiment, others: Mapping[str, Experiment]) -> None:
    """UserError where another script declares another claim by the id of one of these."""
    taken = {claim.id: (claim, name) for name, one in others.items() for claim in one.claims}
    for claim in experiment.claims:
        other, name = taken.get(claim.id, (claim, ""))
        if other != claim:
            raise UserError(f"claim {claim.id}: the id is taken, by experiments/{name}.py")


@cache
def _leave_out(script: str, why: str) -> None:
    print(f"left out: {script}: {why.removeprefix(f'{script}: ')}", file=sys.stderr)


def every_claim() -> dict[str, Claim]:
    """The claims of the registry by id, and after them those that experiments alone declare."""
    found = dict(registry.claims())
    for claim in (claim for experiment in every().values() for claim in experiment.claims):
        if claim.id.partition("@")[0] not in found:
            found[claim.id] = claim
    return found
