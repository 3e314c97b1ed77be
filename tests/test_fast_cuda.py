"""Captured graphs against the plain step, on a GPU: within rounding, since kernels may differ."""

import os
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
import torch

from resnet.data import Dataset, Pipeline, Stream
from resnet.nets import build
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training import hasten as hasten_module
from resnet.training import train as training
from resnet.training.hasten import hasten
from resnet.training.module import Classifier
from resnet.training.signals import Interrupted
from resnet.training.speed import PLAIN, Speed
from resnet.training.step import choose_kernels, evaluate, set_precision
from resnet.training.train import train
from tests.conftest import spec_of
from tests.test_training import Stopper

pytestmark = pytest.mark.cuda

STEPS = 50
WITHIN = {"float32": 1e-3, "tf32": 1e-2, "bfloat16": 5e-2}  # relative, of losses after 50 steps
APART = 0.3  # of the way that the weights have gone by then, in any precision


@pytest.fixture(autouse=True)
def deterministic(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """cuDNN's deterministic kernels: what differs then is not the order of atomic additions."""

    def choose(by_trial: bool = False, repeatable: bool = False) -> None:
        choose_kernels(by_trial, repeatable=True)

    for where in (hasten_module, training):
        monkeypatch.setattr(where, "choose_kernels", choose)
    yield
    choose_kernels()
    set_precision("float32")


def module_of(dataset: Dataset, speed: Speed, name: str = "resnet8", **changes: object):
    spec = spec_of(dataset, name, **changes)
    set_precision(spec.recipe.precision)
    subset = dataset.take(96, 0, 32)
    pipeline = Pipeline(subset.train, device="cuda", memory_format=torch.channels_last)
    net = build(name, 10).cuda().to(memory_format=torch.channels_last).train()
    module = Classifier(spec, net, pipeline, Stream(spec.seed, 96, spec.recipe.batch_size, 4))
    loaders = hasten(module, [list(pipeline.test(subset.test, 20))], speed, "cuda")
    return module, loaders[0]


def losses(module: Classifier) -> torch.Tensor:
    parts = [module._take(range(a, a + 10))[0].double().cpu() for a in range(0, STEPS, 10)]
    return torch.cat(parts)


def flat(net: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in net.parameters()])


@pytest.mark.parametrize("precision", list(WITHIN))
@pytest.mark.parametrize("name", ["plain8", "resnet8", "preact-resnet8", "resnet11"])
def test_fifty_replays_are_fifty_plain_steps(dataset: Dataset, name: str, precision: str) -> None:
    plain, _ = module_of(dataset, PLAIN, name, precision=precision, lr=0.005, milestones=(25,))
    fast, _ = module_of(dataset, Speed(), name, precision=precision, lr=0.005, milestones=(25,))
    assert plain.fast is None
    assert fast.fast is not None
    start = deepcopy(plain.net)
    one, other = losses(plain), losses(fast)
    assert torch.allclose(one, other, rtol=WITHIN[precision])
    ours, theirs, before = (flat(net) for net in (fast.net, plain.net, start))
    assert float((ours - theirs).norm()) < APART * float((theirs - before).norm())
    assert plain.net.bn1.num_batches_tracked == fast.net.bn1.num_batches_tracked == STEPS


def test_the_captured_test_is_the_plain_test(dataset: Dataset) -> None:
    module, loader = module_of(dataset, Speed())
    losses(module)
    module.eval()
    for _ in range(2):  # the first captures, the second only replays
        (sums,) = [batch() for batch in loader]
    batches = module.pipeline.test(dataset.take(96, 0, 32).test, 20)
    expected = evaluate(module.net, batches)
    assert float(sums[2]) == 32
    assert float(sums[0]) / 32 == pytest.approx(expected["loss"], rel=1e-4)
    assert 100 * float(sums[1]) / 32 == pytest.approx(expected["error"])


@pytest.mark.parametrize("name", ["plain14", "resnet14", "resnet14-B", "preact-resnet14"])
def test_the_captured_test_by_our_kernels_is_near_the_librarys(dataset: Dataset, name: str) -> None:
    module, loader = module_of(dataset, Speed(), name, precision="bfloat16", lr=0.005)
    assert type(module.net).__name__ == "FusedResNet"
    losses(module)
    library = build(name, 10).cuda().to(memory_format=torch.channels_last)
    library.load_state_dict(module.net.state_dict())
    module.eval()
    (sums,) = [batch() for batch in loader]
    expected = evaluate(library, module.pipeline.test(dataset.take(96, 0, 32).test, 20))
    assert float(sums[2]) == 32
    assert float(sums[0]) / 32 == pytest.approx(expected["loss"], rel=2e-2)
    assert 100 * float(sums[1]) / 32 == pytest.approx(expected["error"], abs=100 * 2 / 32)


def result_of(root: Path, spec: RunSpec) -> dict[str, object]:
    result = RunFolder(root, spec).result()
    assert result is not None
    return result


def test_a_whole_run_by_graph_ends_near_the_plain_one(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, "resnet8", lr=0.005)
    for name, speed in (("plain", PLAIN), ("fast", Speed())):
        assert train(spec, dataset, tmp_path / name, "test", device="cuda", speed=speed) == "done"
    plain, fast = (read_metrics(tmp_path / name / spec.id) for name in ("plain", "fast"))
    assert [row["step"] for row in plain] == [row["step"] for row in fast]
    for ours, theirs in zip(fast[1:], plain[1:], strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=0.01)
        assert ours["lr"] == theirs["lr"]


def test_a_run_by_graph_that_is_cut_goes_on(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, "resnet8", lr=0.005)
    train(spec, dataset, tmp_path / "whole", "test", device="cuda")
    stopper = Stopper(2, 13)
    for _ in range(2):
        with pytest.raises(Interrupted):
            train(spec, dataset, tmp_path / "cut", "test", device="cuda", progress=stopper)
    assert train(spec, dataset, tmp_path / "cut", "test", device="cuda") == "done"
    whole, cut = (result_of(tmp_path / name, spec) for name in ("whole", "cut"))
    assert cut["steps"] == whole["steps"]
    assert cut["train_loss"] == pytest.approx(whole["train_loss"], rel=0.01)


def test_a_loss_that_is_not_finite_is_found_at_the_epochs_end(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, lr=1e30)
    assert train(spec, dataset, tmp_path, "test", device="cuda") == "failed"


def test_nets_that_draw_train_without_a_graph(dataset: Dataset) -> None:
    module, _ = module_of(dataset, Speed(), "resnet8-dropout-shortcut")
    assert module.fast is None


def test_compiled_blocks_can_be_captured(dataset: Dataset) -> None:
    plain, _ = module_of(dataset, PLAIN, lr=0.005)
    fast, _ = module_of(dataset, Speed(compile=True), lr=0.005)
    assert torch.allclose(losses(plain), losses(fast), rtol=1e-2)


PRINT_WEIGHTS = """
import hashlib
from resnet.training.speed import Speed
from tests.conftest import make_dataset
from tests.test_fast_cuda import flat, losses, module_of
module, _ = module_of(make_dataset(), Speed(), "resnet14", precision="bfloat16", lr=0.005)
losses(module)
print(type(module.net).__name__, hashlib.sha256(flat(module.net).cpu().numpy()).hexdigest())
"""


def test_kernels_launched_early_change_no_bit() -> None:
    def told(early: str) -> str:
        environment = {**os.environ, "RESNET_EARLY": early}
        words = [sys.executable, "-c", PRINT_WEIGHTS]
        return subprocess.run(
            words, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert told("0").startswith("FusedResNet")
    assert told("1") == told("0")


def test_training_needs_no_more_memory_as_epochs_go_by(dataset: Dataset) -> None:
    module, loader = module_of(dataset, Speed())
    used = []
    for epoch in range(6):
        module._take(range(epoch * 6, epoch * 6 + 6))
        module.eval()
        for batch in loader:
            batch()
        module.train()
        torch.cuda.synchronize()
        used.append(torch.cuda.memory_allocated())
    assert len(set(used[2:])) == 1
