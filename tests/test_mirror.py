"""W&B is a mirror: it gets what the record has, and its absence changes nothing."""

import errno
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb
from pandas.testing import assert_frame_equal
from wandb.errors import CommError

from reports.source import load
from resnet.analysis.measure import Measured
from resnet.data import Dataset
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from resnet.training import mirror
from resnet.training import train as training
from resnet.training.mirror import Mirror, choose_mode, mirror_measures
from resnet.training.train import train
from tests.conftest import spec_of


def weights(root: Path, spec: RunSpec) -> object:
    result = RunFolder(root, spec).result()
    assert result is not None
    return result["weights_sha256"]


def wait_for(done: Callable[[], bool]) -> None:
    """W&B's own process writes on after `finish` returns."""
    deadline = time.monotonic() + 20
    while not done() and time.monotonic() < deadline:
        time.sleep(0.2)


def test_an_offline_journal_lies_beside_the_runs(
    tmp_path: Path, dataset: Dataset, spec: RunSpec
) -> None:
    said: list[str] = []
    train(spec, dataset, tmp_path / "runs", "test", wandb="offline", say=said.append)
    journals = list(tmp_path.glob(f"wandb/offline-run-*-{spec.id}/*.wandb"))
    assert said == []
    assert len(journals) == 1
    wait_for(lambda: journals[0].stat().st_size > 1_000)
    assert spec.id.encode() in journals[0].read_bytes()


def test_journals_of_runs_in_a_folder_of_another_name_go_into_it(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, seed=6)
    train(spec, dataset, tmp_path / "alice", "test", wandb="offline")
    assert [path.name for path in tmp_path.iterdir()] == ["alice"]
    assert len(list(tmp_path.glob(f"alice/wandb/offline-run-*-{spec.id}/*.wandb"))) == 1


def test_a_run_that_diverged_is_told_as_that(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, lr=1e30)
    assert train(spec, dataset, tmp_path / "runs", "test", wandb="offline") == "failed"
    where = f"journals:{tmp_path / 'wandb'}"
    wait_for(lambda: load(where).runs["status"].tolist() == ["failed"])
    theirs, ours = load(where).runs, load(tmp_path / "runs").runs
    names = ["id", "status", "reason", "test_error"]
    assert_frame_equal(theirs[names], ours[names])


def test_the_result_does_not_wait_for_wandb(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(dataset, seed=7)
    there: list[bool] = []
    free = threading.Event()

    def never(exit_code: int | None = None) -> None:
        there.append((tmp_path / "runs" / spec.id / "result.json").exists())
        free.wait(60)

    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(wandb, "finish", never)
        patch.setattr(mirror, "PATIENCE", 0.1)
        train(spec, dataset, tmp_path / "runs", "test", wandb="offline", say=said.append)
    free.set()
    wandb.finish()
    assert there[0]
    assert said == [
        "W&B is off for this run (it has not ended in 0.1 s); the record is complete without it"
    ]


def test_a_disk_that_is_full_at_the_end_leaves_no_run_open_in_wandb(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> float:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training, "_note_end", full)
    with pytest.raises(OSError, match="No space"):
        train(spec_of(dataset, seed=8), dataset, tmp_path / "runs", "test", wandb="offline")
    assert wandb.run is None


def test_nothing_is_told_to_a_run_that_was_left_open_in_wandb(
    tmp_path: Path, dataset: Dataset
) -> None:
    spec = spec_of(dataset, seed=9)
    wandb.init(id="other", mode="offline", dir=tmp_path, settings=mirror._lean(wandb))
    train(spec, dataset, tmp_path / "runs", "test", wandb="offline")
    assert len(list(tmp_path.glob(f"wandb/offline-run-*-{spec.id}/*.wandb"))) == 1


def test_where_the_server_is_not_reached_journals_stay_here(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def unreachable(mode: str, **about: Any) -> Any:
        asked.append(mode)
        if mode == "online":
            raise CommError("no route")
        return init(mode=mode, **about)

    init = wandb.init
    monkeypatch.setattr(wandb, "init", unreachable)
    monkeypatch.setattr(Mirror, "unreachable", False)
    said: list[str] = []
    specs = [spec_of(dataset, seed=seed, steps=1, milestones=()) for seed in (10, 11)]
    for spec in specs:
        train(spec, dataset, tmp_path / "runs", "test", wandb="auto", say=said.append)
        assert len(list(tmp_path.glob(f"wandb/offline-run-*-{spec.id}/*.wandb"))) == 1
    assert asked == ["online", "offline", "offline"]
    assert said == ["W&B cannot be reached (no route); its journals stay here for `wandb sync`"]


def test_a_missing_wandb_stops_nothing(
    tmp_path: Path, dataset: Dataset, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "wandb", None)  # import wandb now raises ImportError
        train(spec, dataset, tmp_path / "a", "test", wandb="offline", say=said.append)
    train(spec, dataset, tmp_path / "b", "test", wandb="disabled")
    assert len(said) == 1
    assert "W&B is off" in said[0]
    assert weights(tmp_path / "a", spec) == weights(tmp_path / "b", spec)


def test_an_unreachable_server_stops_nothing(
    tmp_path: Path, dataset: Dataset, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # nothing listens there
    said: list[str] = []
    assert train(spec, dataset, tmp_path, "test", wandb="online", say=said.append) == "done"
    assert "W&B is off" in said[0]


@pytest.mark.parametrize(
    ("asked", "environment", "mode"),
    [
        ("disabled", {"WANDB_API_KEY": "x"}, "disabled"),
        ("auto", {}, "auto"),
        (None, {"WANDB_API_KEY": "x"}, "auto"),
        (None, {}, "offline"),
        (None, {"WANDB_API_KEY": "x", "WANDB_MODE": "offline"}, "offline"),
        (None, {"WANDB_API_KEY": "x", "WANDB_MODE": "online"}, "online"),
        (None, {"WANDB_MODE": "disabled"}, "disabled"),
    ],
)
def test_the_mode_is_as_asked_and_without_a_key_offline(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, environment: dict[str, str], mode: str
) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_mode(asked) == mode


def test_the_run_id_is_the_id_in_wandb(tmp_path: Path, dataset: Dataset, spec: RunSpec) -> None:
    train(spec, dataset, tmp_path / "runs", "test", wandb="offline")
    spec_file = json.loads((tmp_path / "runs" / spec.id / "spec.json").read_text())
    assert spec_file["id"] == spec.id
    assert list((tmp_path / "wandb").glob(f"*-{spec.id}"))


def test_measures_reach_the_journals_of_their_run(tmp_path: Path, dataset: Dataset) -> None:
    spec = spec_of(dataset, seed=5)  # no other test has it open in this process
    train(spec, dataset, tmp_path / "runs", "test", wandb="offline")
    found = Measured({"gradient_ratio": -7.5}, ((0, "norm/0001", 1.5), (20, "norm/0001", 2.5)))
    time.sleep(1.1)  # W&B names a journal's folder by the second
    mirror_measures(spec, "test", "offline", tmp_path / "runs", [found], print)
    where = f"journals:{tmp_path / 'wandb'}"
    wait_for(lambda: load(where).runs["gradient_ratio"].tolist() == [-7.5])
    frames = load(where)
    result = RunFolder(tmp_path / "runs", spec).result()
    assert result is not None
    assert frames.runs[["test_error", "gradient_ratio"]].values.tolist() == [
        [result["test_error"], -7.5]
    ]
    rows = frames.history.query("key == 'norm/0001'")
    assert rows[["step", "value"]].values.tolist() == [[0, 1.5], [20, 2.5]]
