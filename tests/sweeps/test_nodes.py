"""On a real SLURM: one run on two nodes, and a time limit that cuts by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch

from resnet.runs.files import read_json
from resnet.runs.folder import RunFolder
from tests.sweeps import on_cluster
from tests.sweeps.on_cluster import spec, state, until, weights
from tests.sweeps.test_slurm import _leave_nothing, drive, events, send

__all__ = ["_leave_nothing"]

pytestmark = pytest.mark.slurm


def test_a_run_on_two_nodes_is_cut_and_ends_as_on_one_process(tmp_path: Path) -> None:
    root, run = tmp_path / "runs", spec(seed=8, steps=60, lr=0.002, milestones=(), bn_group=32)
    sent = send(root, run, nodes=2)
    here = on_cluster.train_here(tmp_path / "here", run)
    until(lambda: state(root, run).step > 0, 180, lambda: state(root, run))
    subprocess.run(["scancel", state(root, run).job, "--signal", "USR2"], check=True)
    until(lambda: events(sent, "requeue"), what=sent.events(0).read)
    (last,), said = drive(root, run)
    assert (last.state, said) == ("done", [])
    began = [event["step"] for event in events(sent, "run")]
    assert len(began) == 2
    assert 0 == began[0] < began[1] < 60
    attempts = read_json(root / run.id / "provenance.json")["attempts"]
    assert [attempt["processes"] for attempt in attempts] == [2, 2]
    assert here.wait(300) == 0
    one, two = RunFolder(tmp_path / "here", run), RunFolder(root, run)
    for step, most in ((7, 1e-4), (60, 5e-2)):  # rounding, which grows as training goes on
        for name, value in two.load_weights(step).items():
            assert torch.allclose(value, one.load_weights(step)[name], atol=most), (step, name)


def test_a_time_limit_cuts_and_requeues_and_changes_no_bit(tmp_path: Path) -> None:
    # Longer than the limit leaves after start-up, and on a slow machine not many times as long.
    steps = on_cluster.steps_in(60, spec())
    root, run = tmp_path / "runs", spec(seed=9, steps=steps, milestones=(steps // 2,))
    sent = send(root, run, timeout_min=1, signal_delay_s=15)
    undisturbed = on_cluster.train_here(tmp_path / "here", run)
    (last,), said = drive(root, run)
    assert (last.state, said) == ("done", [])
    assert events(sent, "requeue")
    assert undisturbed.wait(300) == 0
    assert weights(root, run) == weights(tmp_path / "here", run)
