"""--until-decided buys seeds in waves and stops; its verdicts allow for the looks."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reports import attach
from reports.frames import Frames
from reports.opening import narrowed
from reports.source import load
from tests.test_degradation import QUICK, rows, run

NETS = (*QUICK, "--recipe", "smoke", "--nets", "plain8,plain14")


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # In `cwd` lies a folder reports/, which is not the package.
    call = [sys.executable, *arguments]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with three seeds an arm as anybody trains them, then up to four in waves."""
    cwd = tmp_path_factory.mktemp("bought")
    run(*NETS, "--seeds", "3", "--no-report", cwd=cwd)
    done = run(*NETS, "--until-decided", "4", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd, done.stdout


def intervals(frames: Frames) -> dict[str, tuple[float | None, float | None]]:
    return {v.claim.id: (v.low, v.high) for v in narrowed("degradation", frames).verdicts}


def test_seeds_come_in_waves_up_to_the_budget(bought: tuple[Path, str]) -> None:
    cwd, said = bought
    assert {int(row["seed"]) for row in rows(cwd)} in ({0, 1, 2}, {0, 1, 2, 3})
    assert re.search(r"intervals allow for looks at 3, 4 seeds", said)


def test_the_looks_stay_with_the_runs_and_widen_whatever_is_made_of_them_later(
    bought: tuple[Path, str],
) -> None:
    cwd, _ = bought
    python("-m", "reports", "data", "kept", cwd=cwd)
    runs, kept, pdf = load(cwd / "runs"), load(cwd / "kept"), cwd / "reports/pdf/degradation.pdf"
    assert set(runs.runs["waves"]) == {"3,4"}
    assert intervals(runs) == intervals(kept) == intervals(load(pdf))
    alone = intervals(Frames(runs.runs.assign(waves=None), runs.history))
    for claim, (low, high) in intervals(runs).items():
        narrow = alone[claim]
        assert low is not None
        assert narrow[0] is not None
        assert low < narrow[0] < narrow[1] < high
    told = json.loads(attach.contents(pdf)[attach.MANIFEST])["elements"]
    assert any("allow for looks at 3 and 4 seeds" in one["caption"] for one in told)
    python("-m", "reports", "verify", str(pdf), cwd=cwd)


def test_a_budget_cannot_grow_once_it_was_looked_at(bought: tuple[Path, str]) -> None:
    done = run(*NETS, "--until-decided", "6", "--dry-run", cwd=bought[0])
    assert done.returncode == 2
    assert "a budget of 4 seeds" in done.stderr
    assert done.stderr.count("\n") == 1
    assert run(*NETS, "--until-decided", "4", "--dry-run", cwd=bought[0]).returncode == 0
    # Looks at plain nets alone were none at what shortcuts do, but stay looks at plain nets.
    more = (*NETS[:-1], "plain8,plain14,resnet8,resnet14", "--until-decided", "6", "--dry-run")
    assert run(*more, cwd=bought[0]).returncode == 2
    other = (*NETS[:-1], "resnet8,resnet14", "--until-decided", "6", "--dry-run")
    assert run(*other, cwd=bought[0]).returncode == 0


def test_a_cut_record_of_looks_is_set_aside_like_any_other(
    tmp_path: Path, bought: tuple[Path, str]
) -> None:
    shutil.copytree(bought[0] / "runs", tmp_path / "runs")
    one = next((tmp_path / "runs").glob("*/waves.json"))
    one.write_text('{"waves": [3')
    done = run(*NETS, "--until-decided", "4", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 corrupt" in done.stdout


def test_seeds_and_until_decided_exclude_each_other(tmp_path: Path) -> None:
    done = run("--until-decided", "5", "--seeds", "3", cwd=tmp_path)
    assert done.returncode == 2
    assert "leave --seeds out" in done.stderr
