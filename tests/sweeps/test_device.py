"""On which device a task trains: never on the CPU where a GPU only fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps import device, rank, task, worker
from sweeps.device import UNFIT, chosen
from sweeps.events import Events
from sweeps.job import Job
from sweeps.source import Unfit
from sweeps.task import Task
from sweeps.team import Seats
from tests.sweeps.test_task import Rank, make_task
from tests.sweeps.test_worker import Said


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two GPUs, and a driver that fails."""

    def init() -> None:
        raise RuntimeError("CUDA unknown error\nand more")

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.init", init)
    monkeypatch.setattr(device, "_gpus", lambda: [Path("nvidia0"), Path("nvidia1")])


@pytest.mark.parametrize("dealt", ["0", "1,0", "GPU-1f", "MIG-2e"])
def test_a_gpu_that_cuda_cannot_use_makes_the_node_unfit(
    broken: None, monkeypatch: pytest.MonkeyPatch, dealt: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", dealt)
    with pytest.raises(Unfit, match=r"cannot use it: CUDA unknown error$"):
        chosen("any", print)
    said: Any = Said()
    with pytest.raises(Unfit):
        worker._train_all(said, Job(Path(), "test", "any"), None, worker.Leaving())  # type: ignore[arg-type]
    assert said.messages == []  # it is not ready
    assert chosen("cpu", print) == "cpu"


@pytest.mark.parametrize(("dealt", "words"), [("2", 1), ("", 0), ("NoDevFiles", 0), ("-1", 0)])
def test_gpus_that_are_not_there_leave_the_cpu(
    broken: None, monkeypatch: pytest.MonkeyPatch, dealt: str, words: int
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", dealt)
    said: list[str] = []
    assert chosen("any", said.append) == "cpu"
    assert len(said) == words


def test_a_rank_on_an_unfit_node_says_so_by_its_status(
    broken: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(rank, "threading", SimpleNamespace(Thread=lambda **_: _Still()))
    monkeypatch.setattr(rank, "HEARD", ())
    assert rank.main("n1", "1", "2", "4", "any") == UNFIT
    assert "process 2: on " in capsys.readouterr().err


class _Still:
    """A thread that does nothing."""

    def start(self) -> None:
        """Nothing."""


def test_a_further_node_that_is_unfit_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "start", lambda *_: Rank(UNFIT))
    monkeypatch.setattr(Task, "_seats", lambda task: Seats(4, 2))
    monkeypatch.setenv("SLURM_NODEID", "1")
    made = make_task(tmp_path)
    with pytest.raises(Unfit, match="node 1"):
        made()
    assert Events(made.events_file).read()[-1]["kind"] == "unfit"


def test_a_task_stays_light() -> None:
    code = "import sys, sweeps.task; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
