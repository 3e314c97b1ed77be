"""What is sent, how often, in which arrays; and what the commands say of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resnet.errors import UserError
from resnet.runs.folder import RunFolder
from sweeps import manifest as manifests
from sweeps.__main__ import main
from tests.sweeps.conftest import Bench, finish, make_spec

FOUR = [make_spec(seed) for seed in range(4)]


def test_submitting_twice_sends_once(bench: Bench) -> None:
    bench.sent(*FOUR)
    assert bench.submit(*FOUR)[1] is None
    assert bench.scheduler.jobs == ["1_0", "1_1", "1_2", "1_3"]


def test_only_what_is_neither_done_nor_under_way_is_sent(bench: Bench) -> None:
    finish(bench.root, FOUR[0])
    with RunFolder(bench.root, FOUR[1]).locked():  # another process has this one
        draft, sent = bench.submit(*FOUR)
    assert sent is not None
    assert sent.tasks == ((FOUR[2].id,), (FOUR[3].id,))
    assert [s.state for s in draft.states] == ["done", "running", "new", "new"]


def test_large_arrays_are_split(bench: Bench) -> None:
    bench.scheduler.limit(3)
    specs = [make_spec(seed) for seed in range(8)]
    sent = bench.sent(*specs)
    assert bench.scheduler.arrays() == [3, 3, 2]
    assert sent.jobs == ("1_0", "1_1", "1_2", "2_0", "2_1", "2_2", "3_0", "3_1")
    assert sum(len(task) for task in sent.tasks) == 8


def test_settings_reach_sbatch(bench: Bench) -> None:
    bench.sent(*FOUR, partition="gpu", gpus_per_node=2, mem="8GB", setup=("module load x",))
    text = bench.scheduler.script(1)
    for line in (
        "--partition=gpu",
        "--gpus-per-node=2",
        "--mem=8GB",
        "--requeue",
        "--signal=USR2@",
    ):
        assert line in text
    assert "module load x" in text.splitlines()


def test_mistakes_are_one_line_and_leave_nothing_sent(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"unknown partition 'gpo'.*gpu"):
        bench.submit(*FOUR, partition="gpo")
    with pytest.raises(UserError, match=r"unknown partition 'gpo'.*gpu"):
        bench.submit(*FOUR, partition="gpu,gpo")
    with pytest.raises(UserError, match="Invalid qos") as error:
        bench.submit(*FOUR, qos="bad")
    assert "\n" not in str(error.value)
    assert bench.state(FOUR[0]).state == "new"
    bench.sent(*FOUR)  # nothing stands in the way of the mended command
    assert len(bench.scheduler.jobs) == 4


@pytest.mark.parametrize("names", ["hidden", "debug,gpu"])
def test_partitions_may_be_several_or_hidden(bench: Bench, names: str) -> None:
    bench.sent(FOUR[0], partition=names)
    assert f"--partition={names}" in bench.scheduler.script(1)


def test_without_slurm_the_mend_is_named(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="login node"):
        bench.submit(*FOUR)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place with summer time."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_sweeps_sort_by_the_time_they_were_sent(bench: Bench) -> None:
    names = [  # those without a Z, of before, are in local time
        "20251026-003000-000Z-degradation",  # 02:30, the first time
        "20251026-013000-000Z-degradation",  # 02:30 again
        "20251026-030000-000-degradation",
        "20251026-021500-000Z-degradation",
    ]
    manifest = bench.sent(FOUR[0])
    for name in reversed(names):
        replace(manifest, folder=manifest.folder.with_name(name)).write()
    assert [m.name for m in manifests.load(bench.root)] == [*names, manifest.name]
    utc = datetime.strptime(manifest.name[:20], "%Y%m%d-%H%M%S-%fZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - utc).total_seconds()) < 60


def test_resume_sends_what_failed_or_is_missing_with_the_same_settings(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.sent(*FOUR, mem="7GB")
    finish(bench.root, FOUR[0])
    bench.scheduler.end("1_0", "COMPLETED")
    bench.scheduler.end("1_1", "FAILED")
    bench.scheduler.end("1_2", "CANCELLED by 0")
    assert main(["resume", "degradation"]) == 0
    last = manifests.load(bench.root)[-1]
    assert sorted(run for task in last.tasks for run in task) == sorted(s.id for s in FOUR[1:3])
    assert "--mem=7GB" in bench.scheduler.script(2)
    assert main(["resume", "degradation"]) == 0
    assert "nothing" in capsys.readouterr().out.splitlines()[-1]
    assert "1_3" in bench.scheduler.jobs  # the one that was alive all the time


def test_status_logs_and_cancel(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    sent = bench.sent(*FOUR)
    bench.scheduler.start("1_1", "n2")
    bench.scheduler.end("1_0", "OUT_OF_MEMORY", "n1")
    log = sent.logs / "1_0" / "1_0_0_log.out"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("one\nTraceback (most recent call last)\n")
    assert main(["status", "degradation"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "degradation: 4 runs: 1 waiting, 2 queued, 1 lost"
    (line,) = [line for line in shown if "lost" in line and "1_0" in line]
    assert "OUT_OF_MEMORY" in line
    assert main(["logs", "degradation"]) == 0
    assert "Traceback" in capsys.readouterr().out
    assert main(["cancel", "degradation"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "job 1_1: plain8 seed 1"
    assert "3 jobs cancelled" in out
    assert "{" not in out + err
    assert bench.scheduler.jobs == []
    assert main(["cancel", "degradation"]) == 0
    assert "nothing to cancel" in capsys.readouterr().out
    assert main(["cancel"]) == 2
    assert main(["status", "--al"]) == 2
    assert "--all" in capsys.readouterr().err
    assert main(["status", "degredation"]) == 2
    assert "unknown experiment 'degredation'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["cancel", "degradation", "--output-dir", "elsewhere"], "no runs were sent from"),
        (["logs", "--run", "zzz"], "--run zzz: no run has such an id"),
        (["plan", "degradation", "--output-dir", "file"], "'file' is a file, not a folder"),
        (["submit", "degradation", "--output-dir", "file"], "'file' is a file, not a folder"),
    ],
)
def test_what_names_nothing_is_one_line(
    bench: Bench, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    bench.sent(FOUR[0])
    (bench.root.parent / "file").write_text("")
    assert main(words) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
