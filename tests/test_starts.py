"""Runs that start from another run's weights."""

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resnet import recipes
from resnet.analysis.fit import fit
from resnet.analysis.measure import trained
from resnet.data import Dataset, Pipeline
from resnet.errors import UserError
from resnet.nets import build, initialise
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from resnet.training.signals import Interrupted
from resnet.training.start import Orphan, starting_net, trained_net, weights_sha256
from resnet.training.train import train
from tests.conftest import spec_of
from tests.starting import deeper, on_part, re_headed, small, train_parents
from tests.test_training import Stopper, result_of


@pytest.fixture(scope="module")
def data() -> Dataset:
    return small()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> Path:
    return train_parents(tmp_path_factory.mktemp("runs"), data)


@pytest.fixture(scope="module")
def shallow(data: Dataset) -> RunSpec:
    return spec_of(data, "plain8")


def test_a_run_from_scratch_has_the_id_and_the_json_that_it_always_had(shallow: RunSpec) -> None:
    assert "start" not in shallow.to_json()
    assert "start" not in shallow.identity()
    spec = RunSpec("resnet20", "cifar10", "original", "0" * 64, recipes.PAPER, 0, numerics=1)
    assert spec.id == "739cff840b9abeda"


def test_an_id_stands_for_all_that_came_before(shallow: RunSpec) -> None:
    child = deeper(shallow)
    other = deeper(replace(shallow, seed=1))
    another = replace(child, net="plain26-from-plain20-from-plain8").starting_from(child)
    third = replace(another).starting_from(other)
    assert len({spec.id for spec in (shallow, child, other, another, third)}) == 5
    assert RunSpec.from_json(json.loads(json.dumps(third.to_json()))) == third


def test_children_of_parents_trained_otherwise_are_of_another_scope(shallow: RunSpec) -> None:
    child, fast = deeper(shallow), replace(shallow, recipe=replace(shallow.recipe, lr=0.5))
    assert child.scope == shallow.scope
    assert child.starting_from(fast).scope != child.scope
    # Images to train on go by the data set: fewer of them are no other way to train.
    fewer = replace(shallow, recipe=replace(shallow.recipe, train_images=50, test_images=9))
    assert child.starting_from(fewer).scope == child.scope
    grandchild = replace(child, net="x").starting_from(child.starting_from(fast))
    assert grandchild.scope != child.scope


def test_a_deepened_net_starts_as_its_parent_ends(
    root: Path, data: Dataset, shallow: RunSpec
) -> None:
    child = deeper(shallow)
    first = starting_net(child, 10, root).eval()
    last = trained_net(RunFolder(root, shallow)).eval()
    x = torch.cat([x for x, _ in Pipeline(data.train).test(data.test)])
    assert (first.depth, last.depth) == (20, 8)
    with torch.no_grad():
        assert torch.equal(first(x), last(x))


def test_a_measure_finds_that_net_at_step_0(root: Path, data: Dataset, shallow: RunSpec) -> None:
    found = trained(deeper(shallow), data, root).net(0)
    assert weights_sha256(found) == weights_sha256(starting_net(deeper(shallow), 10, root))


@pytest.mark.parametrize("model", ["convnext_tiny", "vit_b_32"])
def test_a_net_that_is_not_convolutional_keeps_torchvisions_weights(
    data: Dataset, tmp_path: Path, model: str
) -> None:
    spec = spec_of(data, f"torchvision:{model}", seed=3)
    found = starting_net(spec, 10, tmp_path)
    assert weights_sha256(found) == weights_sha256(build(spec.net, 10, seed=3))


def test_a_net_of_the_same_depth_goes_on_from_the_very_weights(
    root: Path, shallow: RunSpec
) -> None:
    child = replace(shallow, net="plain8-from-plain8").starting_from(shallow)
    found = weights_sha256(starting_net(child, 10, root))
    assert found == result_of(root, shallow)["weights_sha256"]


def test_a_new_head_is_drawn_and_all_else_is_the_parents(root: Path, data: Dataset) -> None:
    child = re_headed(data)
    net = starting_net(child, 4, root)
    parent = trained_net(RunFolder(root, on_part(data, "animals", "resnet8"))).state_dict()
    drawn = build("resnet8", 4, child.seed)
    initialise(drawn, child.seed, child.recipe.init)
    assert (len(parent["fc.weight"]), len(net.fc.weight)) == (6, 4)
    for name, tensor in net.state_dict().items():
        expected = drawn.state_dict() if name.startswith("fc.") else parent
        assert torch.equal(tensor, expected[name]), name


def test_a_child_stopped_anywhere_ends_as_if_undisturbed(
    root: Path, data: Dataset, shallow: RunSpec
) -> None:
    child = replace(shallow, net="plain14-from-plain8").starting_from(shallow)
    whole = root / "elsewhere"
    whole.mkdir()
    (whole / shallow.id).symlink_to(root / shallow.id)
    assert train(child, data, whole, "test") == "done"
    stopper = Stopper(2, 13, signum=signal.SIGTERM)
    for _ in range(2):
        with pytest.raises(Interrupted):
            train(child, data, root, "test", progress=stopper)
    assert train(child, data, root, "test") == "done"
    results = [result_of(place, child) for place in (whole, root)]
    assert results[0]["weights_sha256"] == results[1]["weights_sha256"]
    assert results[0]["weights_sha256"] != result_of(root, shallow)["weights_sha256"]


@pytest.mark.parametrize("spoil", ["missing", "partial", "no weights", "altered"])
def test_a_parent_that_cannot_be_started_from_is_one_line(
    root: Path, data: Dataset, shallow: RunSpec, tmp_path: Path, spoil: str
) -> None:

    if spoil != "missing":
        shutil.copytree(root / shallow.id, tmp_path / shallow.id)
    weights = tmp_path / shallow.id / "weights" / "20.pt"
    if spoil == "partial":
        (tmp_path / shallow.id / "result.json").unlink()
    if spoil == "no weights":
        weights.unlink()
    if spoil == "altered":
        state = torch.load(weights)
        state["fc.bias"][0] += 1
        torch.save(state, weights)
    reason = {
        "missing": r"starts from run .*spec.json is missing",
        "partial": r"starts from run .*plain8.* seed 0 is not trained to its end",
        "no weights": r"plain8.* seed 0.*20.pt is missing; remove the run's folder",
        "altered": r"plain8.* seed 0.*not those of its result; remove the run's folder",
    }[spoil]
    with pytest.raises(UserError, match=reason) as error:
        train(deeper(shallow), data, tmp_path, "test")
    assert "\n" not in str(error.value)
    assert isinstance(error.value, Orphan) == (spoil in ("missing", "partial"))


# ---- the fit of the training images -------------------------------------------------------------


def test_the_fit_at_step_0_is_the_parents_exactly(root: Path, data: Dataset) -> None:
    parent = spec_of(data, "plain8")
    child = replace(parent, net="plain14-from-plain8").starting_from(parent)
    train(child, data, root, "test")
    found = fit(trained(child, data, root))
    assert found.values == {"start_gap": 0.0}
    assert [(step, key) for step, key, _ in found.rows] == [
        (step, "fit_error") for step in (0, 2, 5, 10, 15, 20)
    ]
    of_parent = fit(trained(parent, data, root))
    assert of_parent.values == {}  # it starts from nobody
    assert found.rows[0][2] == of_parent.rows[-1][2]
    images = data.take(96, 0, 32).train
    with torch.no_grad():
        x = torch.cat([x for x, _ in Pipeline(images).test(images)])
        logits = trained_net(RunFolder(root, child)).eval()(x)
    wrong = int((logits.argmax(1) != images.labels).sum())
    assert found.rows[-1][2] == pytest.approx(100 * wrong / 96)


def test_a_new_head_has_no_gap(root: Path, data: Dataset) -> None:
    child = re_headed(data, backbone_lr=0.0)
    train(child, data, root, "test")
    assert fit(trained(child, data, root)).values == {}
