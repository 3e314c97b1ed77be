"""What a run leaves behind in its process: nothing; and what a capture must not be hit by."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from resnet.data import Dataset
from resnet.training import graph
from resnet.training.graph import Graph
from resnet.training.module import Classifier
from resnet.training.signals import Interrupted
from resnet.training.speed import FAST, PLAIN, Speed
from resnet.training.train import train
from tests.conftest import spec_of
from tests.test_fast_runs import on_cpu  # noqa: F401
from tests.test_training import Stopper


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[weakref.ref]]:
    """The modules made from now on, while nobody collects garbage."""
    found: list[weakref.ref] = []
    make = Classifier.__init__

    def init(self: Classifier, *arguments: object) -> None:
        make(self, *arguments)  # type: ignore[arg-type]
        found.append(weakref.ref(self))

    monkeypatch.setattr(Classifier, "__init__", init)
    gc.disable()
    yield found
    gc.enable()


@pytest.mark.parametrize("speed", [PLAIN, FAST], ids=["plain", "fast"])
@pytest.mark.parametrize(("lr", "status"), [(0.02, "done"), (1e30, "failed")])
@pytest.mark.usefixtures("on_cpu")
def test_nothing_of_a_run_outlives_it(
    tmp_path: Path,
    dataset: Dataset,
    modules: list[weakref.ref],
    speed: Speed,
    lr: float,
    status: str,
) -> None:
    spec = spec_of(dataset, lr=lr, steps=6, milestones=())
    assert train(spec, dataset, tmp_path, "test", speed=speed) == status
    assert [module() for module in modules] == [None]


def test_nothing_of_an_interrupted_run_outlives_it(
    tmp_path: Path, dataset: Dataset, modules: list[weakref.ref]
) -> None:
    with pytest.raises(Interrupted):
        train(spec_of(dataset), dataset, tmp_path, "test", progress=Stopper(2))
    assert [module() for module in modules] == [None]


@pytest.mark.parametrize("fails", [False, True])
def test_garbage_is_not_collected_while_a_graph_is_captured(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    collected = []

    def work() -> None:
        collected.append(gc.isenabled())
        if fails and len(collected) == 2:
            raise RuntimeError("out of memory")

    monkeypatch.setattr("torch.cuda.CUDAGraph", object)
    monkeypatch.setattr("torch.cuda.graph", lambda *a, **k: nullcontext())
    monkeypatch.setattr(graph, "warm_up", lambda work: work())
    with pytest.raises(RuntimeError) if fails else nullcontext():
        Graph(work, [])
    assert collected == [True, False]
    assert gc.isenabled()
