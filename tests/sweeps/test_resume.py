"""What `resume` sends again: as it was sent before, and nothing that cannot be right."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import pytest

from resnet.errors import UserError
from resnet.training.speed import FAST, Speed
from sweeps import manifest as manifests
from sweeps import sending
from sweeps.__main__ import main
from sweeps.manifest import Manifest
from sweeps.submit import Order
from sweeps.task import Task
from tests.sweeps.conftest import Bench, make_spec

SPEC = make_spec()
SLOW = Speed(graph=False, compile=True, kernels=False)


def sent(bench: Bench, order: Order) -> Manifest:
    """Send the run; the manifest. Then its task dies."""
    _, manifest = sending.submit((SPEC,), order)
    assert manifest is not None
    bench.scheduler.end(manifest.jobs[0], "FAILED")
    return manifest


def task_of(manifest: Manifest) -> Task:
    """The task as submitit wrote it."""
    (file,) = manifest.logs.rglob("*_submitted.pkl")
    return pickle.loads(file.read_bytes()).function


def test_a_dry_run_prints_the_plan_and_sends_nothing(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.sent(SPEC)
    bench.scheduler.end("1", "CANCELLED by 0")
    assert main(["resume", "degradation", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "1 to send" in said
    assert "sent  " not in said
    assert bench.scheduler.jobs == []
    assert len(manifests.load(bench.root)) == 1


def test_what_is_measured_and_how_fast_stay_as_they_were_sent(bench: Bench) -> None:
    sent(bench, replace(bench.order(), measures=("landscape@25xx500",), speed=SLOW))
    assert main(["resume", "degradation"]) == 0
    last = manifests.load(bench.root)[-1]
    assert (last.measures, last.speed) == (("landscape@25xx500",), SLOW)
    assert task_of(last).job.measures == ("landscape@25xx500",)
    assert task_of(last).job.speed == SLOW


def test_speed_may_be_switched_off_now(bench: Bench) -> None:
    sent(bench, replace(bench.order(), speed=Speed(kernels=False)))
    assert main(["resume", "--plain-step"]) == 0
    assert manifests.load(bench.root)[-1].speed == Speed(graph=False, kernels=False)


def test_a_manifest_of_before_names_no_speed(bench: Bench) -> None:
    manifest = sent(bench, bench.order())
    file = manifest.folder / manifests.FILE
    values = json.loads(file.read_text())
    del values["speed"]
    file.write_text(json.dumps(values))
    assert manifests.read(manifest.folder).speed == FAST


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--nodes", "0"], "nodes = 0: give 1 or more"),
        (["--processes-per-run", "3", "--gpus-per-node", "2"], "give fewer processes or more GPUs"),
        (["--nets", "resnet110"], "--nets resnet110: not among those that were sent: plain8"),
        (
            ["--output-dir", "elsewhere"],
            "was sent to SLURM from 'elsewhere'",
        ),
        (["depth"], "nothing of depth was sent"),
        (["--partition", "gpo"], "unknown partition 'gpo'"),
        (["--seeds", "3"], "unknown argument '--seeds'"),
        (["--preset", "quick"], "unknown argument '--preset'"),
    ],
)
def test_mistakes_are_one_line_and_leave_the_next_resume_as_it_was(
    bench: Bench, capsys: pytest.CaptureFixture[str], flags: list[str], why: str
) -> None:
    sent(bench, bench.order())
    assert main(["resume", "degradation", *flags]) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
    assert len(manifests.load(bench.root)) == 1
    assert main(["resume", "degradation"]) == 0


def test_a_short_limit_shortens_the_time_to_save_once(bench: Bench) -> None:
    sent(bench, bench.order())
    assert main(["resume", "--timeout-min", "1"]) == 0
    assert "USR2@20" in bench.scheduler.script(2)
    bench.scheduler.end("2", "FAILED")
    assert main(["resume", "--timeout-min", "240"]) == 0
    assert "USR2@90" in bench.scheduler.script(3)
    assert task_of(manifests.load(bench.root)[-1]).patience == pytest.approx(63)


def test_settings_that_the_queue_refused_are_no_example(bench: Bench) -> None:
    sent(bench, bench.order(mem="7GB"))
    with pytest.raises(UserError, match="Invalid qos"):
        sending.submit((SPEC,), bench.order(mem="9GB", qos="bad"))
    assert main(["resume", "degradation"]) == 0
    assert "--mem=7GB" in bench.scheduler.script(3)
