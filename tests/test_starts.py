"""Runs that start from another run's weights; backbones that are frozen or trained slowly."""

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet import recipes
from resnet.analysis.fit import fit
from resnet.analysis.measure import trained
from resnet.data import Dataset, Pipeline, Stream
from resnet.data.parts import part
from resnet.errors import UserError
from resnet.nets import build, initialise
from resnet.recipes import Recipe
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training.freeze import backbone, freeze
from resnet.training.signals import Interrupted
from resnet.training.start import Orphan, starting_net, trained_net, weights_sha256
from resnet.training.train import train
from tests.conftest import make_dataset, spec_of
from tests.test_training import Stopper, result_of


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Enough of each part: 120 animals and 80 vehicles or so."""
    return make_dataset(train=240, test=80)


@pytest.fixture(scope="module")
def shallow(data: Dataset) -> RunSpec:
    return spec_of(data, "plain8")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, data: Dataset, shallow: RunSpec) -> Path:
    """Runs with two parents that are done: plain-8, and ResNet-8 on the animals."""
    folder = tmp_path_factory.mktemp("runs")
    for spec in (shallow, on_part(data, "animals", "resnet8")):
        assert train(spec, data, folder, "test") == "done"
    return folder


def on_part(data: Dataset, word: str, net: str, **changes: object) -> RunSpec:
    """A run on a part of the small data set."""
    return spec_of(
        part(data, f"synthetic-{word}"), net, **{"train_images": 60, "test_images": 16, **changes}
    )


def deeper(shallow: RunSpec) -> RunSpec:
    return replace(shallow, net="plain20-from-plain8").starting_from(shallow)


def re_headed(data: Dataset, **changes: object) -> RunSpec:
    child = on_part(data, "vehicles", "resnet8-from-animals", **changes)
    return child.starting_from(on_part(data, "animals", "resnet8"))


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


# ---- freezing, and two rates --------------------------------------------------------------------


def test_frozen_features_do_not_change_by_a_bit(root: Path, data: Dataset) -> None:
    child = re_headed(data, backbone_lr=0.0)
    before = starting_net(child, 4, root).state_dict()
    assert train(child, data, root, "test") == "done"
    after = RunFolder(root, child).load_weights(20)
    assert before.keys() == after.keys()
    for name in before:
        assert torch.equal(before[name], after[name]) != name.startswith("fc."), name


def test_features_thaw_after_the_frozen_steps_and_not_before(root: Path, data: Dataset) -> None:
    child = re_headed(data, frozen_steps=10)
    assert train(child, data, root, "test") == "done"
    folder, start = RunFolder(root, child), starting_net(child, 4, root).state_dict()
    for step, frozen in ((10, True), (15, False)):
        now = folder.load_weights(step)
        names = [name for name in now if not name.startswith("fc.")]
        assert all(torch.equal(start[name], now[name]) for name in names) == frozen
        assert not torch.equal(start["fc.weight"], now["fc.weight"])


def by_hand(spec: RunSpec, data: Dataset, net: nn.Module) -> dict[str, Tensor]:
    """Two rates as anybody would write them: four groups, one loop."""
    recipe = spec.recipe
    pipeline = Pipeline(
        part(data, spec.dataset).take(60, 0, 16).train, memory_format=torch.channels_last
    )
    stream = Stream(spec.seed, 60, 16, 4)
    net = net.to(memory_format=torch.channels_last).train()
    features = [p for name, p in net.named_parameters() if not name.startswith("fc.")]
    groups = [
        {"params": [p for p in features if p.ndim > 1], "weight_decay": 1e-4},
        {"params": [p for p in features if p.ndim == 1], "weight_decay": 0},
        {"params": [net.fc.weight], "weight_decay": 1e-4},
        {"params": [net.fc.bias], "weight_decay": 0},
    ]
    optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
    for step in range(20):
        rate = 0.02 if step < 15 else 0.02 * 0.1
        for group, factor in zip(optimizer.param_groups, (0.1, 0.1, 1, 1), strict=True):
            group["lr"] = rate * factor
        if step < recipe.frozen_steps:
            net.eval()
        else:
            net.train()
        draw = stream.batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(pipeline.train(draw)), pipeline.labels(draw)).backward()
        if step < recipe.frozen_steps:
            for p in features:
                p.grad = None
        optimizer.step()
    return net.state_dict()


@pytest.mark.parametrize("frozen_steps", [0, 5])
def test_two_rates_equal_a_loop_written_by_hand(
    root: Path, data: Dataset, frozen_steps: int
) -> None:
    child = re_headed(data, backbone_lr=0.1, frozen_steps=frozen_steps)
    assert train(child, data, root, "test") == "done"
    expected = by_hand(child, data, starting_net(child, 4, root))
    found = RunFolder(root, child).load_weights(20)
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name


def test_a_run_that_thaws_goes_on_exactly_where_it_was_cut(
    root: Path, data: Dataset, tmp_path: Path
) -> None:
    child = re_headed(data, backbone_lr=0.1, frozen_steps=10)
    parent = on_part(data, "animals", "resnet8").id
    (tmp_path / parent).symlink_to(root / parent)
    train(child, data, root, "test")
    stopper = Stopper(4, 10, 13)
    for _ in range(3):
        with pytest.raises(Interrupted):
            train(child, data, tmp_path, "test", progress=stopper)
    train(child, data, tmp_path, "test")
    results = [result_of(place, child) for place in (root, tmp_path)]
    assert results[0]["weights_sha256"] == results[1]["weights_sha256"]
    rows = [read_metrics(place / child.id)[-1] for place in (root, tmp_path)]
    assert [row["train_error"] for row in rows] == [rows[0]["train_error"]] * 2


def test_frozen_means_no_gradients_and_no_batch_statistics() -> None:
    net = build("resnet8", 10).train()
    freeze(net, True)
    assert {name for name, p in net.named_parameters() if p.requires_grad} == {
        "fc.weight",
        "fc.bias",
    }
    assert not any(m.training for module in backbone(net) for m in module.modules())
    freeze(net, False)
    assert all(m.training for m in net.modules())
    assert all(p.requires_grad for p in net.parameters())
    with pytest.raises(UserError, match="classifier 'fc'"):
        freeze(build("torchvision:squeezenet1_0", 10), True)


def test_the_recipes_freeze_as_they_say() -> None:
    frozen, slow = recipes.get("frozen"), recipes.get("two-rates")
    assert all(frozen.frozen_at(step) for step in (0, 63_999))
    assert [slow.frozen_at(step) for step in (0, 15_999, 16_000)] == [True, True, False]
    quick = recipes.get("quick-two-rates")
    assert (quick.frozen_steps, quick.backbone_lr, quick.steps) == (48, 0.1, 192)
    assert not recipes.PAPER.freezes
    for wrong in ({"backbone_lr": -0.1}, {"frozen_steps": 70_000}, {"frozen_steps": -1}):
        with pytest.raises(UserError, match="frozen steps are 0 to 64,000"):
            Recipe("x", **wrong)  # type: ignore[arg-type]


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
