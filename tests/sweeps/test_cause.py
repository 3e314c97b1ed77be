"""The cause of a rank's end: told, brought to the record, and not taken for an accident."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import nullcontext
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch.distributed import DistBackendError

from resnet.errors import UserError
from resnet.runs.folder import TRACE, RunFolder
from resnet.runs.spec import RunSpec
from sweeps import cause, rank, task
from sweeps.cause import TOLD, tell, told, watch
from sweeps.events import Events
from sweeps.job import Job
from sweeps.pool import Pool, Worker
from sweeps.task import Task
from sweeps.team import RankLost, Seats
from tests.sweeps.conftest import make_spec
from tests.sweeps.test_task import Rank, make_task

BROKEN = UserError("n01440764_1.JPEG is no photograph")
LINE = f"process 1: {BROKEN}"


class Store(dict[str, str]):
    """What the ranks share."""

    def set(self, key: str, value: str) -> None:
        """Keep it."""
        self[key] = value

    def check(self, keys: list[str]) -> bool:
        """Whether all are there."""
        return all(key in self for key in keys)


class Ended(BaseException):
    """The process ended, with a status."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty one, and an end of the process that a test outlives."""

    def leave(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr(cause.os, "_exit", leave)
    monkeypatch.setattr(cause, "PATIENCE", 0.0)
    return Store()


def seen(store: Store, gone: bool, trace: Path | None = None) -> int:
    """With which status rank 0 ends beside a rank that is gone, or has told a cause."""
    with pytest.raises(Ended) as ended:
        watch(store, lambda: gone, threading.Event(), trace, pause=0.0)
    return ended.value.args[0]


def test_a_users_error_is_told_on_the_log_and_to_rank_0(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(store, "1", BROKEN, "cuda") == TOLD
    assert capsys.readouterr().err == f"{LINE}\n"
    found = told(store)
    assert isinstance(found, UserError)
    assert str(found) == LINE
    assert seen(store, gone=True, trace=tmp_path / TRACE) == TOLD
    assert seen(store, gone=False) == TOLD  # on a further node: nobody here sees it end
    assert (tmp_path / TRACE).read_text() == f"{LINE}\n"
    assert capsys.readouterr().err == f"{LINE}\n" * 2


def test_another_error_leaves_its_trace_on_the_log(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(store, "3", ValueError("no\nsuch"), "cpu") == TOLD
    assert "Traceback" not in str(told(store))
    assert repr(told(store)) == repr(RuntimeError("process 3: ValueError: no"))
    assert "ValueError: no\nsuch" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["peer", "peer on a GPU", "device"])
def test_what_is_no_error_of_the_run_is_an_accident(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(cause, "dead", lambda device: kind == "device")
    error = {
        "peer": RuntimeError("Connection reset by peer"),
        "peer on a GPU": DistBackendError("ncclRemoteError: a process exited prematurely"),
        "device": RuntimeError("an illegal memory access was encountered"),
    }[kind]
    assert tell(store, "1", error, "cuda") == 1
    assert told(store) is None
    assert seen(store, gone=True) == 1


def test_rank_0_is_left_alone_that_meets_the_end_itself(store: Store) -> None:
    over = threading.Event()
    tell(store, "1", BROKEN, "cpu")
    over.set()
    watch(store, lambda: True, over, None, pause=0.0)


@pytest.mark.parametrize("seats", [Seats(2, 2), Seats(4, 2)])
def test_a_run_whose_cause_was_told_is_not_taken_up_again(tmp_path: Path, seats: Seats) -> None:
    spec, ends = make_spec(), list[tuple[RunSpec, str]]()
    witness: Any = SimpleNamespace(end=lambda *end: ends.append(end))
    pool = Pool(Job(tmp_path, "test", seats=seats), None, 1, witness)  # type: ignore[arg-type]
    process = SimpleNamespace(exitcode=TOLD, join=lambda: None)
    pool._queue = deque()
    pool._workers = [Worker(process, None, spec, ready=True)]
    RunFolder(tmp_path, spec).open("test", print)
    (tmp_path / spec.id / TRACE).write_text(f"{LINE}\n")
    pool._lose(pool._workers[0])
    assert ends == [(spec, "error")]
    assert pool.errors == {spec.id: LINE}
    assert not pool._queue


def test_a_rank_waits_an_hour_for_the_first_one_to_load_its_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("torch.distributed.TCPStore", lambda *a, **more: asked.append((*a, more)))
    rank._found("n1", 12_345)
    assert asked == [("n1", 12_345, {"is_master": False, "timeout": timedelta(hours=1)})]


@pytest.mark.parametrize(("code", "lost"), [(TOLD, False), (1, True)])
def test_a_further_node_waits_for_what_the_first_has_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, lost: bool
) -> None:
    made, clock = make_task(tmp_path), count()

    def sleep(seconds: float) -> None:
        if next(clock) > 3:  # later than a rank that was killed is waited for
            Events(made.events_file).add("end", start=task._start_id())

    stopped: Any = SimpleNamespace(monotonic=lambda: float(next(clock)), sleep=sleep)
    monkeypatch.setattr(task, "time", stopped)
    monkeypatch.setattr(task, "start", lambda *_: Rank(code))
    monkeypatch.setattr(task, "PATIENCE", 2.0)
    monkeypatch.setattr(Task, "_seats", lambda task: Seats(4, 2))
    monkeypatch.setenv("SLURM_NODEID", "1")
    with pytest.raises(RankLost) if lost else nullcontext():
        made()
