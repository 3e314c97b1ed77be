"""A task: who requeues, when it gives up, and what signals do to it."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resnet.runs.folder import RESUME, RunFolder
from resnet.runs.spec import RunSpec
from sweeps import code, task
from sweeps.events import Events
from sweeps.job import Job
from sweeps.pool import Pool
from sweeps.source import Source, Unfit
from sweeps.task import STALLED, NoProgress, Task
from sweeps.team import RankLost, Seats
from tests.sweeps.conftest import finish, make_spec

SPECS = (make_spec(0), make_spec(1))


@pytest.fixture(autouse=True)
def handlers() -> Iterator[list[int]]:
    """Submitit's place: a handler that counts; what was there before comes back."""
    calls: list[int] = []
    before = {s: signal.getsignal(s) for s in (signal.SIGUSR2, signal.SIGTERM)}
    signal.signal(signal.SIGUSR2, lambda signum, frame: calls.append(signum))
    yield calls
    for signum, handler in before.items():
        signal.signal(signum, handler)


def make_task(root: Path) -> Task:
    job = Job(root, "degradation", cluster=True)
    source = Source("synthetic", None, "d" * 64)
    return Task(root / "events.jsonl", SPECS, job, source, count=1, patience=1.0)


def script(monkeypatch: pytest.MonkeyPatch, act: Callable[[Pool, list[RunSpec]], None]) -> None:
    """Let `act` stand for the pool's training."""
    monkeypatch.setattr(task.Pool, "train", lambda pool, specs: act(pool, list(specs)))


def cut_after(steps: int) -> Callable[[Pool, list[RunSpec]], None]:
    """The first run gets so many steps further; then SLURM's signal comes."""
    reached = [0]

    def act(pool: Pool, specs: list[RunSpec]) -> None:
        pool.watcher.start(specs[0], reached[0])
        reached[0] += steps
        pool.watcher.advance(specs[0], reached[0])
        os.kill(os.getpid(), signal.SIGUSR2)
        assert pool.stopped()
        pool.watcher.end(specs[0], "interrupted")

    return act


def attempt(again: Task) -> Task:
    """One attempt; the task as submitit pickles it for the next one."""
    handler = signal.getsignal(signal.SIGUSR2)
    again()
    signal.signal(signal.SIGUSR2, handler)
    return pickle.loads(pickle.dumps(again.checkpoint().function))


def test_submitit_is_called_once_and_after_the_runs_are_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    script(monkeypatch, cut_after(5))
    again = attempt(make_task(tmp_path))
    assert handlers == [signal.SIGUSR2]
    kinds = [event["kind"] for event in Events(tmp_path / "events.jsonl").read()]
    assert kinds == ["start", "run", "interrupted", "requeue", "end"]  # submitit would exit
    assert again.reached == {SPECS[0].id: 5}


def test_as_many_requeues_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    script(monkeypatch, cut_after(1))
    again = make_task(tmp_path)
    for _ in range(20):
        again = attempt(again)
    assert len(handlers) == 20
    assert again.attempts == 20


def test_without_progress_it_is_stopped_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    script(monkeypatch, cut_after(0))
    again = make_task(tmp_path)
    for _ in range(STALLED - 1):
        again = attempt(again)
    with pytest.raises(NoProgress, match="timeout-min"):
        attempt(again)
    assert len(handlers) == STALLED - 1
    assert Events(tmp_path / "events.jsonl").read()[-1]["kind"] == "stalled"


@pytest.mark.parametrize(("said", "stalled"), [(False, 0), (True, STALLED - 1)])
def test_what_a_killed_worker_saved_is_progress(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    handlers: list[int],
    said: bool,
    stalled: int,
) -> None:
    folder = RunFolder(tmp_path, SPECS[0])

    def act(pool: Pool, specs: list[RunSpec]) -> None:
        folder.open("degradation", print)
        (folder.path / RESUME).write_bytes(b"")
        os.utime(folder.path / RESUME, (0, 1 + len(handlers)))
        os.kill(os.getpid(), signal.SIGUSR2)
        if said:  # it saved where it had begun
            pool.watcher.end(specs[0], "interrupted")

    script(monkeypatch, act)
    again = make_task(tmp_path)
    for _ in range(STALLED - 1):
        again = attempt(again)
    assert again.stalled == stalled


def test_what_ended_without_a_word_is_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    def act(pool: Pool, specs: list[RunSpec]) -> None:
        RunFolder(tmp_path, SPECS[1]).open("degradation", print)  # begun, and no more
        if not handlers:
            finish(tmp_path, SPECS[0])
        os.kill(os.getpid(), signal.SIGUSR2)

    script(monkeypatch, act)
    again = attempt(make_task(tmp_path))
    assert again.stalled == 0
    assert attempt(again).stalled == 1


def test_a_long_measure_may_take_as_many_attempts_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    for spec in SPECS:
        finish(tmp_path, spec)
    script(monkeypatch, cut_after(0))
    again = make_task(tmp_path)
    again.job = replace(again.job, measures=("signals",))
    for _ in range(STALLED + 2):
        again = attempt(again)
    assert len(handlers) == STALLED + 2


def test_nothing_is_requeued_when_the_signal_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    def act(pool: Pool, specs: list[RunSpec]) -> None:
        for spec in specs:
            finish(tmp_path, spec)
            pool.watcher.end(spec, "done")
        os.kill(os.getpid(), signal.SIGUSR2)

    script(monkeypatch, act)
    assert make_task(tmp_path)() == {"done": 2}
    assert handlers == []


def test_a_task_takes_up_only_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[RunSpec] = []
    finish(tmp_path, SPECS[0])
    script(monkeypatch, lambda pool, specs: seen.extend(specs))
    make_task(tmp_path)()
    assert seen == [SPECS[1]]


def test_sigterm_is_noted_and_the_task_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handlers: list[int]
) -> None:
    def act(pool: Pool, specs: list[RunSpec]) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert not pool.stopped()

    script(monkeypatch, act)
    make_task(tmp_path)()
    assert handlers == []
    assert "term" in [event["kind"] for event in Events(tmp_path / "events.jsonl").read()]


def test_the_workers_refuse_other_code(tmp_path: Path) -> None:
    made = make_task(tmp_path)
    other = {**code.digests(), "resnet/randomness.py": "0" * 16}
    made.source = Source("synthetic", None, "d" * 64, other)
    with pytest.raises(Unfit, match=r"resnet/randomness\.py"):
        made()
    assert Events(tmp_path / "events.jsonl").read()[-1]["kind"] == "changed"
    assert not (tmp_path / SPECS[0].id).exists()


class Rank:
    """A process that has ended, or not."""

    def __init__(self, code: int | None) -> None:
        self.code = code

    def poll(self) -> int | None:
        """The exit status."""
        return self.code

    def kill(self) -> None:
        """Nothing."""


@pytest.mark.parametrize(("codes", "lost"), [((0, 0), False), ((0, 1), True), ((None, 1), True)])
def test_a_further_node_waits_no_longer_for_a_word_that_a_full_disk_took(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    handlers: list[int],
    codes: tuple[int | None, ...],
    lost: bool,
) -> None:
    ranks = [Rank(code) for code in codes]
    monkeypatch.setattr(task, "start", lambda *_: ranks.pop(0))
    monkeypatch.setattr(task, "PATIENCE", -1.0)
    monkeypatch.setenv("SLURM_NODEID", "1")
    made = make_task(tmp_path)
    monkeypatch.setattr(Task, "_seats", lambda task: Seats(4, 2))
    if lost:
        with pytest.raises(RankLost, match="node 1"):
            made()
    else:
        assert made() == {}


def test_events_survive_a_cut_line_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    events = Events(tmp_path / "events.jsonl", echo=False)
    events.add("one")
    with open(events.path, "a") as file:
        file.write('{"kind": "tw')
    assert [event["kind"] for event in events.read()] == ["one"]
    (tmp_path / "file").write_text("")
    Events(tmp_path / "file" / "events.jsonl", echo=False).add("lost")


def test_gpus_are_dealt_out_to_the_workers_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    hired: list[tuple[str, ...]] = []
    monkeypatch.setattr(task.Pool, "_hire", lambda pool, gpus: hired.append(gpus))
    made = make_task(tmp_path)
    made.count, made.specs = 4, tuple(make_spec(seed) for seed in range(6))
    made()
    assert hired == [("2",), ("3",), ("2",), ("3",)]
    hired.clear()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4")
    made.count, made.job = 2, replace(made.job, seats=Seats(2, 2))
    made()
    assert hired == [("0", "1"), ("2", "3")]
