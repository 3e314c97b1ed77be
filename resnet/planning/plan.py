"""The plan: every run of an experiment, what is done of it, and how long the rest will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from resnet import recipes
from resnet.claims.arms import check, split
from resnet.data.names import split as split_set
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.planning import photographs
from resnet.planning.lineage import lineage, part_of, untrained
from resnet.planning.options import Options
from resnet.recipes import Recipe
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.data.imagenet.sets import PhotoSet

OVER = ("done", "failed")


@dataclass(frozen=True)
class Plan:
    """All runs of an experiment in the order in which they are trained, and what each one is.

    `nets` are the arms by name: NET, or NET@RECIPE under another recipe than `recipe`. `parents`
    has the status of further runs, which no arm has and which some of the arms' runs start from.
    `asked` are the recipes that were named, those of arms as at the scale of `recipe`.
    """

    experiment: Experiment
    preset: str
    recipe: Recipe
    nets: tuple[str, ...]
    specs: tuple[RunSpec, ...]
    statuses: tuple[str, ...]  # new, partial, unmeasured, done, failed or corrupt
    parents: Mapping[RunSpec, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[RunSpec, ...]:
        """The runs that are still to be trained or measured, after those that they start from."""
        return (*self.awaited, *(s for s, status in self._pairs if status not in OVER))

    @property
    def awaited(self) -> tuple[RunSpec, ...]:
        """The runs of no arm that must be trained because some arm's run starts from them."""
        todo = [s for s, status in self._pairs if status not in (*OVER, "unmeasured")]
        return untrained(todo, self.parents)

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """The arms' runs, after those that they wait for."""
        return (*self.awaited, *self.specs)

    @property
    def scope(self) -> tuple[str, str, int]:
        """What the runs of the arms without a recipe in their names have in common."""
        return self.specs[0].dataset_digest, self.recipe.digest, self.specs[0].numerics

    @property
    def _pairs(self) -> list[tuple[RunSpec, str]]:
        return list(zip(self.specs, self.statuses, strict=True))

    @property
    def amounts(self) -> list[float]:
        """The work in each pending run: its training, unless that is done, and its measures."""
        return [sum(pair) for pair in zip(self.training, self.measuring, strict=True)]

    @property
    def training(self) -> list[float]:
        """The work of training in each pending run; none in one that is only to be measured."""
        from resnet.planning.estimate import work

        trained = {spec.id for spec, status in self._pairs if status == "unmeasured"}
        return [0.0 if s.id in trained else work(s) for s in self.pending]

    @property
    def measuring(self) -> list[float]:
        """The work of the measures in each pending run."""
        from resnet.planning.estimate import measuring

        return [measuring(s, self.experiment.measures) for s in self.pending]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every arm's."""
        return tuple(dict.fromkeys(spec.seed for spec in self.specs))

    def count(self, status: str) -> int:
        """How many runs have that status."""
        return self.statuses.count(status)

    def refreshed(self, root: Path) -> Plan:
        """The same plan with the statuses as the run folders have them now."""
        parents = dict(zip(self.parents, _statuses((), tuple(self.parents), root), strict=True))
        statuses = _statuses(self.experiment.measures, self.specs, root)
        return replace(self, statuses=statuses, parents=parents)


def choose_preset(options: Options, device: str) -> str:
    """The preset asked for; else paper on a CUDA device and quick without one."""
    return options.preset or ("paper" if device == "cuda" else "quick")


def make(
    experiment: Experiment,
    options: Options,
    preset: str,
    dataset: Dataset,
    count: int | None = None,
) -> Plan:
    """The runs that the options ask for, with `count` seeds an arm where that is given."""
    name = options.recipe or experiment.recipe_of(preset, options.nets)
    asked = recipes.get(name)
    asked = photographs.asked(asked, options.photographs).split(options.validation_images)
    data = part_of(dataset, split_set(options.dataset)[1])
    recipe = _fit(asked, data)
    names = options.nets or experiment.nets_of(preset)
    arms = _arms(names, recipe, options, data)
    seeds = range(count) if count else options.seeds or range(experiment.seeds[preset])
    lines = [
        lineage(net, its, seed, data, dataset, lambda there: _fit(asked, there))
        for seed in seeds
        for net, its in arms.values()
    ]
    specs = tuple(line[-1] for line in lines)
    ids = {spec.id for spec in specs}
    parents = dict.fromkeys((s for line in lines for s in line if s.id not in ids), "new")
    rivals = dict.fromkeys(rival for _, rival in map(split, names) if rival)
    called = (name, *(recipes.beside_name(rival, recipe.name) for rival in rivals))
    empty = Plan(experiment, preset, recipe, tuple(arms), specs, (), parents, called)
    return empty.refreshed(options.output_dir)


def _arms(
    names: tuple[str, ...], recipe: Recipe, options: Options, dataset: Dataset
) -> dict[str, tuple[str, Recipe]]:
    """Each arm's net and recipe, by name. Beside a short recipe all others are cut down to it."""
    found: dict[str, tuple[str, Recipe]] = {}
    for name in names:
        net, other = split(check(name))
        its = recipe
        if other:
            its = photographs.asked(recipes.beside(other, recipe.name), options.photographs)
            its = _fit(its.split(options.validation_images), dataset)
        same = its.digest == recipe.digest
        found[net if same else f"{net}@{its.name}"] = (net, recipe if same else its)
    return found


def _fit(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe, cut to the data set's size where that is smaller than its own.

    Raises:
        UserError: a data set of another kind, or one that leaves too little to train on.
    """
    photographs.check_kind(recipe, dataset)
    if recipe.photographs:
        its = photographs.fit(recipe, cast("PhotoSet", dataset))
    else:
        its = _cut(recipe, dataset)
    if its.batch_size > its.train_images:  # there would be epochs without a step
        raise UserError(
            f"recipe '{recipe.name}' takes batches of {its.batch_size:,} images, and there are "
            f"{its.train_images:,} to train on: hold fewer out, or give it more of the data"
        )
    return its


def _cut(recipe: Recipe, dataset: Dataset) -> Recipe:
    """`_fit` for small images."""
    have = len(dataset.train.labels)
    want = recipe.train_images + recipe.validation_images
    if want > have:
        if dataset.name == "cifar10":
            raise UserError(f"recipe '{recipe.name}' needs {want:,} training images, not {have:,}")
        recipe = replace(recipe, train_images=have - recipe.validation_images)
    return replace(recipe, test_images=min(recipe.test_images, len(dataset.test.labels)))


def _statuses(measures: tuple[str, ...], specs: tuple[RunSpec, ...], root: Path) -> tuple[str, ...]:
    return tuple(RunFolder(root, spec).status(measures) for spec in specs)
