"""Whole runs by the fast way, rehearsed on a CPU, are the plain runs."""

from pathlib import Path

import pytest
import torch

from resnet.data import Dataset
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training import hasten as hasten_module
from resnet.training import train as training
from resnet.training.fast import Fast
from resnet.training.hasten import applies
from resnet.training.signals import Interrupted
from resnet.training.speed import PLAIN, Speed
from resnet.training.train import train
from tests.conftest import spec_of
from tests.test_fast import rehearsed
from tests.test_training import Stopper


@pytest.fixture
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs on the CPU go the way of those on a GPU: chunks, static buffers, late sums."""
    make = Fast.__init__

    def init(self: Fast, *arguments: object) -> None:
        make(self, *arguments, capture=rehearsed)  # type: ignore[arg-type]

    real = applies
    monkeypatch.setattr(Fast, "__init__", init)
    monkeypatch.setattr(
        hasten_module, "applies", lambda speed, module, device: real(speed, module, "cuda")
    )
    for where in (hasten_module, training):
        monkeypatch.setattr(where, "steps_a_chunk", lambda *_: 7)


def without_clock(folder: Path) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if k != "time"} for row in read_metrics(folder)]


def outcome(root: Path, spec: RunSpec) -> tuple[dict[str, object], list[dict[str, object]]]:
    result = RunFolder(root, spec).result()
    assert result is not None
    del result["seconds"]
    return result, without_clock(root / spec.id)


def same(one: tuple[dict, list[dict]], other: tuple[dict, list[dict]]) -> bool:
    """Equal but for the order in which an epoch's losses were added."""
    rounded = [{"train_loss": pytest.approx(row["train_loss"])} for row in other[1][1:]]
    rows = [other[1][0], *(row | near for row, near in zip(other[1][1:], rounded, strict=True))]
    near = {"train_loss": pytest.approx(other[0]["train_loss"])}
    return one[0] == other[0] | near and one[1] == rows


def test_a_fast_run_is_the_plain_run(tmp_path: Path, dataset: Dataset, on_cpu: None) -> None:
    spec = spec_of(dataset, "resnet8", validation_images=0)
    train(spec, dataset, tmp_path / "plain", "test", speed=PLAIN)
    train(spec, dataset, tmp_path / "fast", "test")
    assert same(outcome(tmp_path / "fast", spec), outcome(tmp_path / "plain", spec))


def test_the_runs_were_made_by_the_steps_asked_for(
    tmp_path: Path, dataset: Dataset, on_cpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    steps = Fast.steps
    monkeypatch.setattr(Fast, "steps", lambda self, *a: calls.append(len(a[1])) or steps(self, *a))
    spec = spec_of(dataset)
    train(spec, dataset, tmp_path / "plain", "test", speed=PLAIN)
    assert calls == []
    train(spec, dataset, tmp_path / "fast", "test")
    assert sum(calls) == spec.recipe.steps
    assert max(calls) > 1


def test_the_warm_up_ends_at_the_same_step(tmp_path: Path, dataset: Dataset, on_cpu: None) -> None:
    changes = {"warmup": "until-error", "warmup_error": 95.0, "steps": 110, "milestones": ()}
    spec = spec_of(dataset, **changes)
    train(spec, dataset, tmp_path / "plain", "test", speed=PLAIN)
    train(spec, dataset, tmp_path / "fast", "test")
    assert same(outcome(tmp_path / "fast", spec), outcome(tmp_path / "plain", spec))
    assert {row["lr"] for row in read_metrics(tmp_path / "fast" / spec.id)[1:]} == {0.01, 0.02}


def test_a_fast_run_that_is_cut_ends_as_if_undisturbed(
    tmp_path: Path, dataset: Dataset, on_cpu: None
) -> None:
    spec = spec_of(dataset)
    train(spec, dataset, tmp_path / "whole", "test")
    stopper = Stopper(2, 6, 13)
    for _ in range(3):
        with pytest.raises(Interrupted):
            train(spec, dataset, tmp_path / "cut", "test", progress=stopper)
    plain = PLAIN  # the rest without the graph: a run may change machines
    assert train(spec, dataset, tmp_path / "cut", "test", speed=plain) == "done"
    assert same(outcome(tmp_path / "cut", spec), outcome(tmp_path / "whole", spec))


def test_a_loss_that_is_not_finite_is_found_at_its_step(
    tmp_path: Path, dataset: Dataset, on_cpu: None
) -> None:
    spec = spec_of(dataset, lr=1e30)
    failures = []
    for name, speed in (("plain", PLAIN), ("fast", Speed())):
        assert train(spec, dataset, tmp_path / name, "test", speed=speed) == "failed"
        failures.append((tmp_path / name / spec.id / "failure.json").read_text())
    assert failures[0] == failures[1]


def test_the_kept_weights_are_those_of_the_plain_run(
    tmp_path: Path, dataset: Dataset, on_cpu: None
) -> None:
    spec = spec_of(dataset)
    train(spec, dataset, tmp_path / "plain", "test", speed=PLAIN)
    train(spec, dataset, tmp_path / "fast", "test")
    for step in spec.recipe.kept:
        one, other = (RunFolder(tmp_path / n, spec).load_weights(step) for n in ("plain", "fast"))
        assert all(torch.equal(one[key], other[key]) for key in one)
