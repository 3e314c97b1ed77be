"""Parents are planned with their children, trained before them, and shared."""

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.scopes import on_part_of
from resnet.data import Dataset
from resnet.data.names import named
from resnet.data.parts import part
from resnet.errors import UserError
from resnet.experiment import Experiment, get
from resnet.planning import plan as planning
from resnet.planning.lineage import generations
from resnet.planning.options import Options, parse
from resnet.planning.plan import Plan
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from sweeps.pool import longest_first
from sweeps.source import Described, Labels
from tests.conftest import make_dataset


@pytest.fixture(scope="module")
def data() -> Dataset:
    return make_dataset(train=2_000, test=400)


def planned(
    data: object, root: Path, *nets: str, dataset: str = "synthetic", **more: object
) -> Plan:
    """The quick plan of an experiment with these arms."""
    experiment = Experiment("x", "", "", nets, (), dataset=dataset)
    options = Options(output_dir=root, dataset=dataset, **more)  # type: ignore[arg-type]
    return planning.make(experiment, options, "quick", data)  # type: ignore[arg-type]


def finish(root: Path, spec: RunSpec) -> None:
    folder = RunFolder(root, spec)
    folder.open("x", print)
    folder.finish({"weights_sha256": "ab"})


def test_a_parent_that_is_an_arm_is_planned_once(data: Dataset, tmp_path: Path) -> None:
    plan = planned(data, tmp_path, "plain20", "plain56-from-plain20", seeds=(0, 1))
    assert [spec.net for spec in plan.pending] == ["plain20", "plain56-from-plain20"] * 2
    assert plan.parents == {}
    for seed in range(2):
        parent, child = plan.specs[2 * seed : 2 * seed + 2]
        assert child.start is not None
        assert child.start.run == parent.id
        assert child.seed == parent.seed == seed
        assert child.scope == parent.scope == plan.scope


def test_a_parent_of_no_arm_is_trained_first_once_and_for_as_long_as_it_is_missing(
    data: Dataset, tmp_path: Path
) -> None:
    nets = ("plain26-from-plain20-from-plain8", "plain32-from-plain20-from-plain8")
    plan = planned(data, tmp_path, *nets)
    order = ["plain8", "plain20-from-plain8"]
    assert [spec.net for spec in plan.pending] == [*order, *nets]
    assert [spec.net for spec in plan.awaited] == order
    assert len(plan.amounts) == 4
    finish(tmp_path, plan.awaited[0])
    assert [spec.net for spec in plan.refreshed(tmp_path).awaited] == order[1:]
    for spec in plan.specs:
        finish(tmp_path, spec)
    assert plan.refreshed(tmp_path).pending == ()  # nobody needs the parents any more


def test_the_other_part_of_the_data_is_the_parents(data: Dataset, tmp_path: Path) -> None:
    nets = ("resnet8", "resnet8-from-animals@frozen", "resnet8-from-animals@two-rates")
    plan = planned(data, tmp_path, *nets, dataset="synthetic-vehicles")
    (parent,) = plan.awaited
    animals, vehicles = (part(data, f"synthetic-{word}") for word in ("animals", "vehicles"))
    assert (parent.net, parent.dataset_digest) == ("resnet8", animals.digest)
    assert {spec.dataset_digest for spec in plan.specs} == {vehicles.digest}
    assert plan.nets == (
        "resnet8",
        "resnet8-from-animals@quick-frozen",
        "resnet8-from-animals@quick-two-rates",
    )
    # Each set has its own number of images, and the parent is trained with the plan's recipe.
    assert parent.recipe.name == "quick"
    assert parent.recipe.train_images == len(animals.train)
    assert plan.specs[0].recipe.train_images == len(vehicles.train)
    assert [spec.start and spec.start.run for spec in plan.specs] == [None, parent.id, parent.id]


def test_a_description_of_the_data_plans_the_same_runs(data: Dataset, tmp_path: Path) -> None:
    nets = ("resnet8", "resnet8-from-animals@frozen")
    described = Described.from_json(Described.of(data).to_json())
    plans = [planned(d, tmp_path, *nets, dataset="synthetic-vehicles") for d in (data, described)]
    assert plans[0].runs == plans[1].runs
    with pytest.raises(UserError, match="unknown part of the data set 'synthetic'"):
        described.part("synthetic-fish")


def test_an_experiment_on_a_part_takes_that_part_of_any_set() -> None:
    experiment = Experiment("x", "", "", ("plain8",), (), dataset="cifar10-vehicles")
    found = [parse(experiment, words).dataset for words in (
        [],
        ["--dataset", "synthetic"],
        ["--dataset", "cifar10-animals"],
    )]  # fmt: skip
    assert found == ["cifar10-vehicles", "synthetic-vehicles", "cifar10-animals"]


def test_each_generation_comes_after_its_parents(data: Dataset, tmp_path: Path) -> None:
    nets = ("plain56-from-plain20", "plain26-from-plain20-from-plain8", "plain56", "plain20")
    runs = list(planned(data, tmp_path, *nets, seeds=(0, 1, 2)).pending)
    random.Random(0).shuffle(runs)
    groups = generations(runs)
    assert [sorted({spec.net for spec in group}) for group in groups] == [
        ["plain20", "plain56", "plain8"],
        ["plain20-from-plain8", "plain56-from-plain20"],
        ["plain26-from-plain20-from-plain8"],
    ]
    place = {spec.id: i for i, spec in enumerate(longest_first(runs))}
    assert all(place[s.start.run] < place[s.id] for s in runs if s.start)
    assert sorted(place) == sorted(spec.id for spec in runs)


def test_runs_without_a_parent_here_are_the_first_generation(spec: RunSpec) -> None:
    orphan = replace(spec, net="plain14-from-plain8").starting_from(spec)
    assert generations([orphan]) == [[orphan]]
    assert generations([orphan, spec]) == [[spec], [orphan]]


@pytest.mark.parametrize("name", ["identity_insertion", "transfer"])
def test_quick_is_less_than_twice_the_work_of_degradation(
    data: Dataset, tmp_path: Path, name: str
) -> None:
    """Parents and measures counted; degradation ends within four minutes on two quiet cores."""
    plans = [
        planning.make(get(n), Options(output_dir=tmp_path).of(get(n)), "quick", whole(data))
        for n in (name, "degradation")
    ]
    work, degradation = (sum(plan.amounts) for plan in plans)
    assert 1.2 * degradation < work < 2 * degradation


def whole(data: Dataset) -> Described:
    """A description of as many images as CIFAR-10 has."""
    sizes = {"animals": (30_000, 6_000), "vehicles": (20_000, 4_000), "": (50_000, 10_000)}
    found = {
        word: Described(named("cifar10", word), "", word, *(Labels(range(n)) for n in size), "")
        for word, size in sizes.items()
    }
    return replace(found[""], parts=(found["animals"], found["vehicles"]))


@pytest.mark.parametrize("name", ["identity_insertion", "transfer"])
def test_the_paper_preset_asks_every_claim(name: str) -> None:
    assert get(name).not_asked(get(name).nets) == {}


def test_quick_asks_every_claim_that_its_nets_can_decide() -> None:
    insertion, transfer = get("identity_insertion"), get("transfer")
    assert list(insertion.not_asked(insertion.quick_nets, "quick")) == ["ID-residual"]
    short = tuple(n.replace("@", "@quick-") for n in transfer.quick_nets)
    assert transfer.not_asked(short, "quick") == {}
    depth = transfer.claims_on(short, "quick")[-1]
    assert depth.arms == tuple(
        f"{net}-from-animals@quick-frozen" for net in ("plain38", "plain20", "resnet38", "resnet20")
    )


def test_a_report_speaks_of_the_experiments_part_and_not_of_the_parents() -> None:
    runs = pd.DataFrame(
        {"id": ["a", "b", "c"], "dataset": ["cifar10-animals", "synthetic-vehicles", None]}
    )
    assert on_part_of(runs, "cifar10-vehicles")["id"].tolist() == ["b"]
    assert on_part_of(runs, "cifar10")["id"].tolist() == ["a", "b", "c"]  # nothing is on a whole
