"""The plan: every run of an experiment, what is done of it, and how long the rest will take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from resnet import recipes
from resnet.claims.arms import check, split
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.planning.options import Options
from resnet.recipes import Recipe
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec

if TYPE_CHECKING:
    from resnet.data import Dataset


@dataclass(frozen=True)
class Plan:
    """All runs of an experiment in the order in which they are trained, and what each one is.

    `nets` are the arms by name: NET, or NET@RECIPE under another recipe than `recipe`.
    """

    experiment: Experiment
    preset: str
    recipe: Recipe
    nets: tuple[str, ...]
    specs: tuple[RunSpec, ...]
    statuses: tuple[str, ...]  # new, partial, unmeasured, done, failed or corrupt

    @property
    def pending(self) -> tuple[RunSpec, ...]:
        """The runs that are still to be trained or measured."""
        pairs = zip(self.specs, self.statuses, strict=True)
        return tuple(spec for spec, status in pairs if status not in ("done", "failed"))

    @property
    def amounts(self) -> list[float]:
        """The work in each pending run: its training, unless that is done, and its measures."""
        from resnet.planning.estimate import measuring, work

        trained = {s.id for s, status in zip(self.specs, self.statuses, strict=True)
                   if status == "unmeasured"}  # fmt: skip
        asked = self.experiment.measures
        return [(s.id not in trained) * work(s) + measuring(s, asked) for s in self.pending]

    @property
    def seeds(self) -> int:
        """Seeds an arm."""
        return len(self.specs) // len(self.nets)

    def count(self, status: str) -> int:
        """How many runs have that status."""
        return self.statuses.count(status)

    def refreshed(self, root: Path) -> Plan:
        """The same plan with the statuses as the run folders have them now."""
        return replace(self, statuses=_statuses(self.experiment, self.specs, root))


def choose_preset(options: Options, device: str) -> str:
    """The preset asked for; else paper on a CUDA device and quick without one."""
    return options.preset or ("paper" if device == "cuda" else "quick")


def make(
    experiment: Experiment,
    options: Options,
    preset: str,
    dataset: Dataset,
    seeds: int | None = None,
) -> Plan:
    """The runs that the options ask for, with `seeds` seeds an arm where that is given."""
    recipe = recipes.get(options.recipe or experiment.recipes[preset])
    recipe = _fit(recipe.split(options.validation_images), dataset)
    arms = _arms(options.nets or experiment.nets_of(preset), recipe, options, dataset)
    seeds = seeds or options.seeds or experiment.seeds[preset]
    specs = tuple(
        RunSpec(net, dataset.name, dataset.copy, dataset.digest, its, seed)
        for seed in range(seeds)
        for net, its in arms.values()
    )
    statuses = _statuses(experiment, specs, options.output_dir)
    return Plan(experiment, preset, recipe, tuple(arms), specs, statuses)


def _arms(
    names: tuple[str, ...], recipe: Recipe, options: Options, dataset: Dataset
) -> dict[str, tuple[str, Recipe]]:
    """Each arm's net and recipe, by name. Beside a short recipe all others are cut down to it."""
    found: dict[str, tuple[str, Recipe]] = {}
    for name in names:
        net, other = split(check(name))
        its = recipe
        if other:
            its = recipes.beside(other, recipe.name).split(options.validation_images)
            its = _fit(its, dataset)
        same = its.digest == recipe.digest
        found[net if same else f"{net}@{its.name}"] = (net, recipe if same else its)
    return found


def _fit(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe, cut to the data set's size where that is smaller than CIFAR-10."""
    have = len(dataset.train.labels)
    want = recipe.train_images + recipe.validation_images
    if want > have:
        if dataset.name == "cifar10":
            raise UserError(f"recipe '{recipe.name}' needs {want:,} training images, not {have:,}")
        recipe = replace(recipe, train_images=have - recipe.validation_images)
    return replace(recipe, test_images=min(recipe.test_images, len(dataset.test.labels)))


def _statuses(experiment: Experiment, specs: tuple[RunSpec, ...], root: Path) -> tuple[str, ...]:
    return tuple(RunFolder(root, spec).status(experiment.measures) for spec in specs)
