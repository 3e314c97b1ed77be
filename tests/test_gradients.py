"""The gradient that reaches each block, as a run notes it before its first step."""

import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from resnet.analysis.gradients import block_gradient_norms, ratio
from resnet.data import Dataset
from resnet.nets import build
from resnet.runs.folder import read_metrics
from resnet.training import train as training
from resnet.training.train import train, weights_sha256
from tests.conftest import spec_of
from tests.test_training import result_of


def test_a_ratio_that_is_not_finite_does_not_keep_a_run_from_its_end(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "ratio", lambda norms: math.nan)
    spec = spec_of(dataset)
    assert train(spec, dataset, tmp_path, "test") == "done"
    assert "gradient_ratio" not in result_of(tmp_path, spec)
    assert "gradient_ratio" not in read_metrics(tmp_path / spec.id)[0]


def test_what_a_net_draws_at_its_first_gradients_is_its_own(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, "torchvision:mobilenet_v3_small", steps=1, milestones=())
    found = set()
    for name in "ab":
        torch.manual_seed(ord(name))
        train(spec, dataset, tmp_path / name, "test")
        found.add(result_of(tmp_path / name, spec)["gradient_ratio"])
    assert len(found) == 1


@pytest.mark.parametrize(
    ("norms", "expected"),
    [((1, 100), -2), ((0, 1), -45), ((1e-300, 1), -45), ((1, 0), math.inf), ((0, 0), math.nan)],
)
def test_a_gradient_of_zero_is_told_as_one(norms: tuple[float, float], expected: float) -> None:
    assert ratio(list(norms)) == pytest.approx(expected, nan_ok=True)


def test_a_net_without_blocks_is_trained_without_gradients_by_depth(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, "torchvision:mnasnet0_5", steps=2, milestones=())
    assert train(spec, dataset, tmp_path, "test") == "done"
    assert "gradient_ratio" not in result_of(tmp_path, spec)
    assert set(read_metrics(tmp_path / spec.id)[0]) == {"step", "epoch"}


def test_the_probe_leaves_the_net_as_it_was(dataset: Dataset) -> None:
    net = build("plain20", 10)
    before = weights_sha256(net)
    x, y = torch.randn(8, 3, 32, 32), torch.arange(8)
    norms = block_gradient_norms(net, x, y)
    assert weights_sha256(net) == before
    assert len(norms) == 9
    assert all(p.grad is None for p in net.parameters())


def test_the_probe_measures_the_gradient_at_each_block() -> None:
    net, x, y = build("resnet8", 10), torch.randn(8, 3, 32, 32), torch.arange(8)
    outputs = []
    h = F.relu(net.bn1(net.conv1(x)))
    for block in net.blocks:
        h = block(h)
        h.retain_grad()
        outputs.append(h)
    F.cross_entropy(net.fc(h.mean((2, 3))), y).backward()
    expected = [float(output.grad.norm()) for output in outputs]
    assert block_gradient_norms(net, x, y) == pytest.approx(expected, rel=1e-5)
    assert ratio([1.0, 2.0, 100.0]) == pytest.approx(-2.0)
