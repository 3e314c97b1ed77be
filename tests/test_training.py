"""Training through Lightning equals the plain loop; resumed equals undisturbed."""

import json
import signal
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from resnet.data import Dataset, Pipeline, Stream
from resnet.errors import UserError
from resnet.nets import build, initialise
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training import callbacks
from resnet.training import train as training
from resnet.training.module import Classifier
from resnet.training.signals import NOTED, Interrupted, Signals
from resnet.training.step import evaluate
from resnet.training.train import train, weights_sha256
from tests.conftest import spec_of


def result_of(root: Path, spec: RunSpec) -> dict[str, object]:
    """The result in the run's folder, which must be done."""
    result = RunFolder(root, spec).result()
    assert result is not None
    return result


def by_hand(spec: RunSpec, dataset: Dataset) -> torch.nn.Module:
    """The recipe's training as anybody would write it: one loop, torch.optim.SGD, nothing else."""
    recipe = spec.recipe
    subset = dataset.take(recipe.train_images, 0, recipe.test_images)
    pipeline = Pipeline(subset.train, memory_format=torch.channels_last)
    stream = Stream(spec.seed, recipe.train_images, recipe.batch_size, recipe.pad)
    net = build(spec.net, 10)
    initialise(net, spec.seed, recipe.init)
    net = net.to(memory_format=torch.channels_last).train()
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 1e-4}, {"params": others, "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, lr=recipe.lr, momentum=0.9)
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.lr if step < recipe.milestones[0] else recipe.lr * recipe.gamma
        draw = stream.batch(step)
        optimizer.zero_grad()
        F.cross_entropy(net(pipeline.train(draw)), pipeline.labels(draw)).backward()
        optimizer.step()
    return net


@pytest.mark.parametrize("name", ["plain8", "resnet8"])
def test_a_run_ends_with_the_weights_of_the_plain_loop(
    tmp_path: Path, dataset: Dataset, name: str
) -> None:
    spec = spec_of(dataset, name)
    assert train(spec, dataset, tmp_path, "test") == "done"
    net = by_hand(spec, dataset)
    result = result_of(tmp_path, spec)
    assert result["weights_sha256"] == weights_sha256(net)
    subset = dataset.take(96, 0, 32)
    test = Pipeline(subset.train, memory_format=torch.channels_last).test(subset.test)
    assert result["test_error"] == pytest.approx(evaluate(net, test)["error"])


def test_the_record_has_a_line_an_epoch_and_the_gradients_at_the_start(
    tmp_path: Path, dataset: Dataset, spec: RunSpec
) -> None:
    train(spec, dataset, tmp_path, "test")
    rows = read_metrics(tmp_path / spec.id)
    assert [row["step"] for row in rows] == [0, 6, 12, 18, 20]
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4]
    assert sum(key.startswith("gradient_norm/") for key in rows[0]) == 3
    assert rows[-1]["test_error"] == result_of(tmp_path, spec)["test_error"]


def test_a_done_run_is_not_trained_again(tmp_path: Path, dataset: Dataset, spec: RunSpec) -> None:
    train(spec, dataset, tmp_path, "test")
    before = (tmp_path / spec.id / "result.json").stat().st_mtime_ns
    assert train(spec, dataset, tmp_path, "test") == "done"
    assert (tmp_path / spec.id / "result.json").stat().st_mtime_ns == before
    assert not (tmp_path / spec.id / "metrics-2.jsonl").exists()


class Stopper:
    """A progress that sends a signal to this very process when a step is done."""

    def __init__(self, *steps: int, signum: int = signal.SIGTERM) -> None:
        self.steps, self.signum = list(steps), signum

    def start(self, spec: RunSpec, step: int) -> None: ...

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None: ...

    def advance(self, step: int) -> None:
        if self.steps and step >= self.steps[0]:
            self.steps.pop(0)
            signal.raise_signal(self.signum)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR2])
def test_a_run_stopped_anywhere_ends_as_if_undisturbed(
    tmp_path: Path, dataset: Dataset, signum: signal.Signals
) -> None:
    spec = spec_of(dataset)
    train(spec, dataset, tmp_path / "whole", "test")
    stopper = Stopper(2, 6, 13, 17, signum=signum)  # mid-epoch, at an epoch's end, past the cut
    for _ in range(4):
        with pytest.raises(Interrupted):
            train(spec, dataset, tmp_path / "cut", "test", progress=stopper)
    assert train(spec, dataset, tmp_path / "cut", "test") == "done"
    whole, cut = (result_of(tmp_path / name, spec) for name in ("whole", "cut"))
    for result in (whole, cut):
        del result["seconds"]
    assert whole == cut
    lines = [
        [
            {k: v for k, v in row.items() if k != "time"}
            for row in read_metrics(tmp_path / n / spec.id)
        ]
        for n in ("whole", "cut")
    ]
    assert lines[0] == lines[1]


def test_signals_are_given_back(tmp_path: Path, dataset: Dataset, spec: RunSpec) -> None:
    before = [signal.getsignal(signum) for signum in NOTED]
    with pytest.raises(Interrupted):
        train(spec, dataset, tmp_path, "test", progress=Stopper(3))
    train(spec, dataset, tmp_path, "test")
    assert [signal.getsignal(signum) for signum in NOTED] == before


def test_the_chunk_size_changes_no_bit(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(dataset, warmup="until-error", warmup_error=95.0, steps=60)
    train(spec, dataset, tmp_path / "1", "test")
    monkeypatch.setattr(training, "steps_a_chunk", lambda *_: 7)
    train(spec, dataset, tmp_path / "7", "test")
    results = [result_of(tmp_path / n, spec) for n in ("1", "7")]
    assert results[0]["weights_sha256"] == results[1]["weights_sha256"]
    assert results[0]["train_error"] == results[1]["train_error"]


@pytest.mark.parametrize("in_a_task", [True, False])
def test_slurms_sigterm_only_saves_where_somebody_requeues(
    monkeypatch: pytest.MonkeyPatch, in_a_task: bool
) -> None:
    """In a shell of salloc's it is a user's own kill, and ends the run."""
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    before = signal.getsignal(signal.SIGUSR2)
    signal.signal(signal.SIGUSR2, (lambda *_: None) if in_a_task else signal.SIG_DFL)
    saved: list[int] = []
    try:
        with Signals() as signals:
            signals.install()
            signal.raise_signal(signal.SIGTERM)
            with nullcontext() if in_a_task else pytest.raises(Interrupted):
                signals.serve(lambda: saved.append(1))
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert saved == [1]


def test_the_warm_up_ends_when_the_error_is_low_enough(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, warmup="until-error", warmup_error=95.0, steps=60, milestones=())
    train(spec, dataset, tmp_path, "test")
    rates = {row["step"]: row["lr"] for row in read_metrics(tmp_path / spec.id) if row["step"]}
    assert rates[48] == 0.01  # the first window of 50 steps is not over
    assert rates[60] == 0.02


def test_a_loss_that_is_not_finite_fails_the_run_at_its_step(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, lr=1e30)
    assert train(spec, dataset, tmp_path, "test") == "failed"
    failure = json.loads((tmp_path / spec.id / "failure.json").read_text())
    assert 0 < failure["step"] < 20
    assert train(spec, dataset, tmp_path, "test") == "failed"  # and is not tried again
    assert not (tmp_path / spec.id / "metrics-2.jsonl").exists()


def test_weights_that_the_last_update_spoils_fail_the_run(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, milestones=(19,), gamma=1e30)
    assert train(spec, dataset, tmp_path, "test") == "failed"
    failure = json.loads((tmp_path / spec.id / "failure.json").read_text())
    assert failure == {"step": 20, "reason": "the loss is nan"}


@pytest.mark.parametrize(
    ("seconds", "between"), [(0.0, 15.0), (0.75, 15.0), (4.0, 80.0), (30.0, 600.0), (99.0, 600.0)]
)
def test_the_resume_file_is_written_the_more_seldom_the_longer_it_takes(
    tmp_path: Path, spec: RunSpec, monkeypatch: pytest.MonkeyPatch, seconds: float, between: float
) -> None:
    now = [7.0]
    record = callbacks.Record(RunFolder(tmp_path, spec), 1, None)
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(
        RunFolder, "save_resume", lambda self, state: now.append(now.pop() + seconds)
    )
    record._save(SimpleNamespace(state=dict))  # type: ignore[arg-type]
    assert record.save_every == between


def test_an_error_leaves_its_trace_and_the_next_attempt_forgets_it(
    tmp_path: Path, dataset: Dataset, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Classifier, step: int) -> None:
        raise ZeroDivisionError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "one_step", broken)
        with pytest.raises(ZeroDivisionError):
            train(spec, dataset, tmp_path, "test")
    assert "on purpose" in (tmp_path / spec.id / "error.txt").read_text()
    train(spec, dataset, tmp_path, "test")
    assert not (tmp_path / spec.id / "error.txt").exists()


def test_arms_of_one_seed_start_from_the_same_weights(dataset: Dataset) -> None:
    plain, residual = build("plain20", 10), build("resnet20", 10)
    for net in (plain, residual):
        initialise(net, 3, "fan-in")
    assert weights_sha256(plain) == weights_sha256(residual)


def test_a_run_keeps_its_weights_early_each_quarter_and_at_the_end(
    tmp_path: Path, dataset: Dataset, spec: RunSpec
) -> None:
    train(spec, dataset, tmp_path, "test")
    folder = RunFolder(tmp_path, spec)
    assert sorted(int(p.stem) for p in (folder.path / "weights").iterdir()) == [2, 5, 10, 15, 20]
    last = folder.load_weights(20)
    net = by_hand(spec, dataset)
    assert all(torch.equal(last[k], v) for k, v in net.state_dict().items())
    with pytest.raises(UserError, match=r"weights/7\.pt is missing; remove"):
        folder.load_weights(7)
