"""Flags that go to a cluster: refused where nothing would heed them; a dry run's plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.main import run
from resnet.errors import UserError
from resnet.experiment import get
from resnet.planning.options import parse
from sweeps.__main__ import main
from tests.sweeps.conftest import Bench, make_spec

DEGRADATION = get("degradation")
SMOKE = ["--dataset", "synthetic", "--recipe", "smoke", "--nets", "plain8", "--preset", "quick"]


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--gpus-per-node", "4"], "--launcher slurm takes --gpus-per-node: add that, or leave it"),
        (["--mem", "8GB", "--nodes", "2"], "takes --nodes, --mem: add that, or leave them out"),
        (["--cluster", "my.toml"], "takes --cluster"),
        (["--snapshot", "--launcher", "debug"], "takes --snapshot"),
        (["--processes-per-run", "2", "--launcher", "debug"], "trains in this process"),
        (["--processes-per-run", "0"], "--processes-per-run 0: give 1 or more"),
        (["--output-dir", ""], "--output-dir: names no folder"),
        (["--minutes", "inf"], "give a number, more than 0"),
        (["--seeds", "0,99999999999"], "the largest seed is 2,147,483,647"),
        (["--processes-per-run", "-1", "--launcher", "slurm"], "give 1 or more"),
    ],
)
def test_flags_of_a_cluster_ask_for_one(flags: list[str], why: str) -> None:
    with pytest.raises(UserError, match=why) as error:
        parse(DEGRADATION, flags)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "flags",
    [["--processes-per-run", "2"], ["--mem", "8GB", "--cluster", "a.toml", "--launcher", "slurm"]],
)
def test_flags_that_are_heeded_are_taken(flags: list[str]) -> None:
    assert parse(DEGRADATION, flags).cluster_flags


@pytest.mark.parametrize("command", ["plan", "submit"])
@pytest.mark.parametrize(
    ("flags", "mend"),
    [
        (["--launcher", "local"], "without it: python experiments/degradation.py"),
        (
            ["--until-decided", "8"],
            "python experiments/degradation.py --launcher slurm --until-decided 8",
        ),
    ],
)
def test_a_sweep_refuses_what_it_does_not_do(
    bench: Bench, capsys: pytest.CaptureFixture[str], command: str, flags: list[str], mend: str
) -> None:
    assert main([command, "degradation", *SMOKE, *flags]) == 2
    assert capsys.readouterr().err.strip().endswith(mend)
    assert not bench.root.exists()


THREE = {"flags": ["--nodes", "3", "--gpus-per-node", "1"], "file": ["--cluster", "three.toml"]}


@pytest.mark.parametrize("place", THREE)
@pytest.mark.parametrize("command", ["plan", "submit", "script"])
def test_processes_that_cannot_share_a_batch_are_not_sent(
    bench: Bench, capsys: pytest.CaptureFixture[str], command: str, place: str
) -> None:
    Path("three.toml").write_text("processes_per_run = 3\n")
    flags = [*SMOKE, "--launcher", "slurm", *THREE[place]]
    if command == "script":
        with pytest.raises(UserError, match="3 processes cannot share a batch of 64"):
            run(DEGRADATION, parse(DEGRADATION, flags))
    else:
        assert main([command, "degradation", *flags]) == 2
        assert "3 processes cannot share a batch of 64 images" in capsys.readouterr().err
    assert bench.scheduler.jobs == []


def test_processes_that_cannot_share_a_batch_are_not_sent_again(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.sent(make_spec())
    bench.scheduler.end("1", "FAILED")
    assert main(["resume", "degradation", "--nodes", "3"]) == 2
    assert "3 processes cannot share a batch of 64 images" in capsys.readouterr().err
    assert bench.scheduler.jobs == []


def test_a_dry_run_tells_what_would_be_sent_and_no_device_of_this_machine(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--launcher", "slurm", "--dry-run", "--gpus-per-node", "1", "--mem", "7GB"]
    assert main(["plan", "degradation", *SMOKE, *flags[2:]]) == 0
    planned = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert run(DEGRADATION, parse(DEGRADATION, [*SMOKE, *flags])) == 0
    said = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert said[-len(planned) :] == planned
    assert any(line.startswith("a task") and "7GB" in line for line in planned)
    assert not any(line.startswith("device") for line in said)
