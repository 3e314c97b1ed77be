"""W&B is a mirror: it gets what the record has, and its absence changes nothing."""

import json
import sys
import time
from pathlib import Path

import pytest

from reports.source import load
from resnet.analysis.measure import Measured
from resnet.data import Dataset
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from resnet.training.mirror import choose_mode, mirror_measures
from resnet.training.train import train
from tests.conftest import spec_of


def weights(root: Path, spec: RunSpec) -> object:
    result = RunFolder(root, spec).result()
    assert result is not None
    return result["weights_sha256"]


def test_an_offline_journal_lies_beside_the_runs(
    tmp_path: Path, dataset: Dataset, spec: RunSpec
) -> None:
    said: list[str] = []
    train(spec, dataset, tmp_path / "runs", "test", wandb="offline", say=said.append)
    journals = list(tmp_path.glob(f"wandb/offline-run-*-{spec.id}/*.wandb"))
    assert said == []
    assert len(journals) == 1
    assert journals[0].stat().st_size > 1_000
    assert spec.id.encode() in journals[0].read_bytes()


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
        (None, {"WANDB_API_KEY": "x"}, "online"),
        (None, {}, "offline"),
        (None, {"WANDB_API_KEY": "x", "WANDB_MODE": "offline"}, "offline"),
        (None, {"WANDB_MODE": "disabled"}, "disabled"),
    ],
)
def test_the_mode_is_as_asked_or_online_only_with_a_key(
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
    frames = load(f"journals:{tmp_path / 'wandb'}")
    deadline = time.monotonic() + 20  # W&B's own process writes on after `finish` returns
    while frames.runs["gradient_ratio"].tolist() != [-7.5] and time.monotonic() < deadline:
        time.sleep(0.2)
        frames = load(f"journals:{tmp_path / 'wandb'}")
    result = RunFolder(tmp_path / "runs", spec).result()
    assert result is not None
    assert frames.runs[["test_error", "gradient_ratio"]].values.tolist() == [
        [result["test_error"], -7.5]
    ]
    rows = frames.history.query("key == 'norm/0001'")
    assert rows[["step", "value"]].values.tolist() == [[0, 1.5], [20, 2.5]]
