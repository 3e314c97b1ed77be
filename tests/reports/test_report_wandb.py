"""The same runs through W&B: real offline journals, and the real client on a stand-in server."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import factory
import pytest
from fake_wandb import Server
from pandas.testing import assert_frame_equal

from reports.frames import Frames
from reports.source import load
from reports.wandb_source import records, spec_of
from resnet.claims import registry, verdicts
from resnet.errors import UserError
from resnet.runs.folder import read_metrics, read_result

SEEDS = (0, 1)


def mirrored() -> list[tuple[Any, list[dict[str, Any]], dict[str, Any]]]:
    """Four runs as a mirror tells of them: (spec, lines, summary)."""
    told = []
    for net in ("plain20", "plain56"):
        for seed in SEEDS:
            one = factory.spec(net, seed)
            first, *lines = factory.lines(one, 5)
            for line in lines:
                del line["time"]
            last = {k: v for k, v in lines[-1].items() if k not in ("step", "epoch", "lr")}
            told.append((one, lines, {**last, "gradient_ratio": first["gradient_ratio"]}))
    return told


def check(frames: Frames) -> None:
    """The frames are those of the run folders, as far as W&B is told."""
    told = mirrored()
    runs = frames.runs.set_index("id")
    assert sorted(runs.index) == sorted(one.id for one, _, _ in told)
    for one, lines, summary in told:
        row = runs.loc[one.id]
        assert (row["net"], row["seed"], row["status"]) == (one.net, one.seed, "done")
        assert tuple(row[["dataset_digest", "recipe_digest", "numerics"]]) == one.scope
        assert row["experiment"] == "degradation"
        assert row["test_error"] == summary["test_error"]
        assert row["gradient_ratio"] == summary["gradient_ratio"]
        mine = frames.history[frames.history["run_id"] == one.id]
        for key in ("train_error", "test_error", "lr"):
            logged = mine[mine["key"] == key]
            assert list(logged["step"]) == [line["step"] for line in lines]
            assert list(logged["epoch"]) == [line["epoch"] for line in lines]
            assert list(logged["value"]) == [line[key] for line in lines]
        assert not mine["key"].str.startswith(("_", "trainer/")).any()


def write_journals(folder: Path, told: list[list[Any]]) -> None:
    """Have the real client write journals of [{id, config}, lines, summary] into `folder`."""
    script = Path(__file__).parent / "journals.py"
    subprocess.run(
        [sys.executable, str(script), str(folder), json.dumps(told)], check=True, timeout=120
    )


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Journals that the real client wrote, without a network; the first run in two attempts."""
    folder = tmp_path_factory.mktemp("wandb")
    told = [
        [{"id": one.id, "config": one.to_json()}, lines, summary]
        for one, lines, summary in mirrored()
    ]
    spec, lines, summary = told[0]
    told[0:1] = [[spec, [{**lines[0], "lr": 9.0}], {}], [spec, lines, summary]]
    write_journals(folder, told)
    return folder


def test_offline_journals(journals: Path) -> None:
    check(load(f"journals:{journals}"))


def test_a_preempted_run_is_not_done(tmp_path: Path) -> None:
    """W&B says 'finished' of a run that ended in good order, but before its last step."""
    one, lines, summary = mirrored()[0]
    told = [[{"id": one.id, "config": one.to_json()}, lines[:-1], summary]]
    write_journals(tmp_path, told)
    runs = load(f"journals:{tmp_path}").runs
    assert list(runs["status"]) == ["partial"]
    assert runs["test_error"].isna().all()


def test_both_sources_give_one_verdict_where_a_seed_diverged(tmp_path: Path) -> None:
    """Of four seeds of plain-56 the last diverged, after a preemption."""
    told: list[list[Any]] = []
    for net in ("plain20", "plain56"):
        for seed in range(4):
            one, failed = factory.spec(net, seed), (net, seed) == ("plain56", 3)
            path = factory.write(tmp_path / "runs", one, "failed" if failed else "done")
            lines = [line for line in read_metrics(path) if line["step"]]
            summary = read_result(path) or {"failed_at": 17, "reason": "the loss is nan"}
            told.append([{"id": one.id, "config": one.to_json()}, lines, summary])
    spec, lines, _ = told[-1]
    told[-1:] = [[spec, lines[:1], {"failed_at": None, "seconds": 9.0}], told[-1]]
    write_journals(tmp_path / "wandb", told)
    theirs, ours = (load(f"journals:{tmp_path / 'wandb'}").runs, load(tmp_path / "runs").runs)
    names = [name for name in ours if name not in ("hardware", "provenance", "waves")]
    assert_frame_equal(theirs[names], ours[names])
    claim = registry.claim("H15-F1")
    assert verdicts.decide(claim, theirs) == verdicts.decide(claim, ours)


def test_a_failed_run_that_was_trained_again_is_done(tmp_path: Path) -> None:
    one, lines, summary = mirrored()[0]
    spec = {"id": one.id, "config": one.to_json()}
    failed = {"failed_at": 17, "reason": "the loss is nan"}
    again = {**summary, "failed_at": None, "reason": None}
    write_journals(tmp_path, [[spec, lines[:1], failed], [spec, lines, again]])
    runs = load(f"journals:{tmp_path}").runs
    assert runs[["status", "reason"]].values.tolist() == [["done", None]]


@pytest.mark.parametrize(
    "changes",
    [{"recipe": "adam"}, {"recipe": {"optimizer": "adam"}}, {"seed": "first"}, {"net": 56}],
)
def test_runs_of_others_are_left_out(changes: dict[str, Any]) -> None:
    config = {**factory.spec("plain20", 0).to_json(), "_wandb": {}}
    assert spec_of(config) == factory.spec("plain20", 0)
    assert spec_of({**config, **changes}) is None
    assert spec_of({}) is None


def test_a_torn_journal_gives_what_is_whole(journals: Path, tmp_path: Path) -> None:
    whole = max(journals.rglob("*.wandb"), key=lambda path: path.stat().st_size)
    content = whole.read_bytes()
    everything = records(content)
    for size in (0, 7, 100, len(content) // 2, len(content) - 1):
        kept = records(content[:size])
        assert kept == everything[: len(kept)]
    (tmp_path / "run.wandb").write_bytes(content[: len(content) // 2])
    assert set(load(f"journals:{tmp_path}").runs["status"]) <= {"partial"}


def test_the_journal_of_a_run_that_could_not_be_online_comes_first(
    journals: Path, tmp_path: Path
) -> None:
    content = max(journals.rglob("*.wandb"), key=lambda path: path.stat().st_size).read_bytes()
    for folder, size in (("run-20260301_120000-a", -500), ("offline-run-20260301_120021-a", None)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "run-a.wandb").write_bytes(content[:size])
    assert list(load(f"journals:{tmp_path}").runs["status"]) == ["done"]


def test_records_longer_than_a_block() -> None:
    """A record that spans three blocks of 32 KiB, between two short ones."""
    long = bytes(range(256)) * 300
    content, room = b":W&B\0\0\0", 32_768 - 7
    for record in (b"one", long, b"two"):
        first, rest = True, record
        while first or rest:
            if room < 7:
                content, room = content + bytes(room), 32_768
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = {(1, 1): 1, (1, 0): 2, (0, 0): 3, (0, 1): 4}[first, not rest]
            head = b"\0" * 4 + len(piece).to_bytes(2, "little") + bytes([kind])
            content, room, first = content + head + piece, room - 7 - len(piece), False
    assert records(content) == [b"one", long, b"two"]


def test_a_project_on_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real client, over loopback, against a server that answers as W&B's does."""
    other = SimpleNamespace(id="other", title="a run of somebody else's")
    other.to_json = lambda: {"recipe": "adam", "seed": "first"}
    with Server([*mirrored(), (other, [{"step": 1, "loss": 2.0}], {})]) as server:
        for name, value in {
            "WANDB_BASE_URL": server.url,
            "WANDB_API_KEY": "0" * 40,
            "WANDB_CACHE_DIR": str(tmp_path),
            "WANDB_CONFIG_DIR": str(tmp_path),
            "WANDB_SILENT": "true",
        }.items():
            monkeypatch.setenv(name, value)
        check(load("wandb:someone/resnet-claims"))
        assert server.sampled == 0
        assert server.scanned > 0


@pytest.mark.parametrize("name", ["wandb:project", "wandb:a/b/c", "wandb:"])
def test_a_project_that_is_none(name: str) -> None:
    with pytest.raises(UserError, match="ENTITY/PROJECT"):
        load(name)


def test_a_folder_without_journals(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no W&B journals"):
        load(f"journals:{tmp_path}")
