"""Workers: which signals they serve, and what they wait for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from resnet.runs.folder import RunFolder
from sweeps import worker
from sweeps.job import Job
from sweeps.pool import Pool, Worker, _start_deaf
from sweeps.worker import HELD
from tests.sweeps.conftest import finish, make_spec

SPECS = (make_spec(0), make_spec(1))


def _survive(pipe: Any, held: set[signal.Signals]) -> None:
    time.sleep(0.3)  # the signal is pending by now
    heard: list[int] = []
    for signum in held:
        signal.signal(signum, lambda s, frame: heard.append(s))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
    pipe.send(sorted(heard))


@pytest.mark.parametrize("held", [HELD, {signal.SIGINT}])
def test_a_worker_that_starts_keeps_signals_until_it_can_serve_them(
    held: set[signal.Signals],
) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_survive, args=(theirs, held))
    _start_deaf(process, held)
    for signum in held:
        os.kill(process.pid or 0, signum)
    assert ours.poll(30)
    assert ours.recv() == sorted(held)
    process.join(10)
    assert process.exitcode == 0
    assert not held & signal.pthread_sigmask(signal.SIG_BLOCK, ())


class Mortal(Pool):
    """A pool whose workers, none of them a process, die in their runs."""

    ended = ""

    def _end(self, worker: Worker, status: str, error: str = "") -> None:
        self.ended = error

    def _hire(self, gpus: tuple[str, ...]) -> None:
        process = SimpleNamespace(exitcode=-9, join=lambda: None)
        self._workers = [Worker(process, None, self._queue.popleft(), ready=True)]

    def live(self, step: int) -> None:
        """Go on from `step`, and die."""
        (worker,) = self._workers
        self._hear(worker, ("start", step))
        self._hear(worker, ("advance", 10**6))  # which is lost: what was saved counts
        self._lose(worker)


@pytest.mark.parametrize(
    ("steps", "given_up"),
    [
        ((0, 0, 0), True),
        ((0, 90, 90, 90), True),
        ((0, 90, 180, 270, 360), False),
        ((90, 90, 180, 180), False),
    ],
)
def test_a_run_is_given_up_that_no_longer_gets_on(
    tmp_path: Path, steps: tuple[int, ...], given_up: bool
) -> None:
    watcher: Any = SimpleNamespace(start=lambda *_: None, advance=lambda *_: None)
    pool = Mortal(Job(tmp_path, "test"), None, 1, watcher, say=lambda text: None)  # type: ignore[arg-type]
    pool._queue = deque(SPECS[:1])
    pool._hire(())
    for step in steps:
        assert not pool.ended
        pool.live(step)
    assert ("without getting on" in pool.ended) is given_up


@pytest.mark.parametrize(
    ("device", "probe", "lost"),
    [
        ("cuda", RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        ("cuda", None, False),  # as when there is too little memory
        ("cpu", RuntimeError("no GPU"), False),
    ],
)
def test_a_worker_ends_whose_gpu_is_dead_and_drains_no_queue(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    probe: Exception | None,
    lost: bool,
) -> None:
    def synchronize() -> None:
        if probe:
            raise probe

    def complete(*_: object) -> str:
        raise RuntimeError("CUDA error: out of memory\nand more")

    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr("torch.cuda.synchronize", synchronize)
    monkeypatch.setattr("sweeps.complete.complete", complete)
    monkeypatch.setattr(worker.os, "_exit", leave)
    said = Said()
    with pytest.raises(SystemExit, match="1") if lost else nullcontext():
        end = worker._train_one(SPECS[0], None, Job(tmp_path, "test"), device, said)  # type: ignore[arg-type]
        assert end == ("error", "RuntimeError: CUDA error: out of memory")
    assert [message[0] for message in said.messages] == (["say"] if lost else [])


class Said:
    """A pipe's end that keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, ...]] = []

    def send(self, message: tuple[str, ...]) -> None:
        """Keep it."""
        self.messages.append(message)


def test_a_worker_waits_for_a_run_that_another_process_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resnet.runs.folder.PATIENCE", 0.1)
    said, ends = Said(), list[tuple[str, str]]()

    def work() -> None:
        ends.append(worker._train_one(SPECS[0], None, Job(tmp_path, "test"), "cpu", said))  # type: ignore[arg-type]

    waiting = threading.Thread(target=work)
    with RunFolder(tmp_path, SPECS[0]).locked():
        waiting.start()
        while not said.messages:
            time.sleep(0.05)
        assert "another process" in said.messages[0][1]
        assert not ends
        finish(tmp_path, SPECS[0])
    waiting.join(20)
    assert ends == [("end", "done")]
    with RunFolder(tmp_path, SPECS[1]).locked():  # a task goes on with its other runs instead
        job = Job(tmp_path, "test", cluster=True)
        found = worker._train_one(SPECS[1], None, job, "cpu", said)  # type: ignore[arg-type]
    assert found == ("end", "busy")
