"""Workers: which signals they serve, and what they wait for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from resnet.runs.folder import RunFolder
from sweeps import worker
from sweeps.job import Job
from sweeps.pool import _start_deaf
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
