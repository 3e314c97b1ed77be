"""Backbones that are frozen, for a time or to the end, or trained at a rate of their own."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet import recipes
from resnet.data import Dataset, Pipeline, Stream
from resnet.data.parts import part
from resnet.errors import UserError
from resnet.nets import build
from resnet.recipes import Recipe
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training.freeze import backbone, freeze
from resnet.training.signals import Interrupted
from resnet.training.start import starting_net
from resnet.training.train import train
from tests.starting import on_part, re_headed, small, train_parents
from tests.test_training import Stopper, result_of


@pytest.fixture(scope="module")
def data() -> Dataset:
    return small()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> Path:
    return train_parents(tmp_path_factory.mktemp("runs"), data)


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
