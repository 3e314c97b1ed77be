"""Sweeps on a real SLURM: to verdict and PDF, cut, killed, cancelled, failing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps import sending, slurm
from sweeps.driver import Driver
from sweeps.manifest import Manifest
from sweeps.states import RunState
from tests.sweeps import on_cluster
from tests.sweeps.on_cluster import order, spec, state, until, weights

pytestmark = pytest.mark.slurm

NETS = "plain8,resnet8,plain14,resnet14"


@pytest.fixture(autouse=True)
def _leave_nothing(tmp_path: Path) -> Iterator[None]:
    yield
    jobs = {job for m in manifests.load(tmp_path / "runs") for job in m.jobs if job}
    with suppress(slurm.NoAnswer):
        slurm.cancel(jobs & set(slurm.queue()))


def send(root: Path, *runs: RunSpec, **changes: Any) -> Manifest:
    """Send the runs; the manifest."""
    _, sent = sending.submit(runs, order(root, **changes))
    assert sent is not None
    return sent


def drive(root: Path, *runs: RunSpec) -> tuple[list[RunState], list[str]]:
    """Wait as the driver does: the states at the end, and what it said."""
    said: list[str] = []
    driver = Driver(order(root), runs, lambda states: None, said.append, sleep=_briefly)
    return driver.wait(), said


def _lasting(seconds: float, seed: int = 0) -> RunSpec:
    """A run of at least so long a training, however fast the machine."""
    steps = on_cluster.steps_in(seconds, spec())
    return spec(seed, steps=steps, milestones=(steps * 3 // 4,))


def _briefly(seconds: float) -> None:
    """A cluster of one machine may be asked often."""
    time.sleep(min(seconds, 2))


def events(sent: Manifest, kind: str, task: int = 0) -> list[dict[str, Any]]:
    """A task's events of one kind."""
    return [event for event in sent.events(task).read() if event["kind"] == kind]


def test_a_sweep_over_two_nodes_goes_to_verdict_and_pdf(tmp_path: Path) -> None:
    script = on_cluster.REPOSITORY / "experiments" / "degradation.py"
    (tmp_path / "cluster.toml").write_text(
        'gpus_per_node = 2\nruns_per_task = 4\ncpus_per_task = 2\nmem = "3GB"\ntimeout_min = 20\n'
    )
    words = f"--launcher slurm --dataset synthetic --recipe smoke --seeds 2 --nets {NETS}"
    done = subprocess.run(
        [sys.executable, str(script), *words.split(), "--wandb", "disabled", "--snapshot"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (sent,) = manifests.load(tmp_path / "runs")
    nodes = {events(sent, "start", task)[0]["node"] for task in (0, 1)}
    assert nodes == {"n1", "n2"}
    results = sorted((tmp_path / "runs").glob("*/result.json"))
    assert len(results) == 8
    assert "Verdicts" in done.stdout
    assert "8 runs: 8 done" in done.stdout
    assert (tmp_path / "reports" / "pdf" / "degradation.pdf").read_bytes()[:5] == b"%PDF-"
    for result in results:
        provenance = json.loads((result.parent / "provenance.json").read_text())
        assert provenance["commit"] == sent.code["commit"]


def test_cuts_and_requeues_change_no_bit(tmp_path: Path) -> None:
    # A requeued run goes on for SLURM's KillWait (10 s), and must not be done by then.
    root, run = tmp_path / "runs", _lasting(30)
    sent = send(root, run)
    undisturbed = on_cluster.train_here(tmp_path / "here", run)
    _under_way(root, run, sent, 1)
    subprocess.run(["scancel", state(root, run).job, "--signal", "USR2"], check=True)
    until(lambda: events(sent, "requeue"), what=sent.events(0).read)
    _under_way(root, run, sent, 2)
    subprocess.run(["scontrol", "requeue", state(root, run).job], check=True)
    until(lambda: len(events(sent, "start")) == 3)
    assert sending.submit((run,), order(root))[1] is None  # it is under way: not sent twice
    (last,), _ = drive(root, run)
    assert last.state == "done"
    assert len(manifests.load(root)) == 1  # SLURM brought it back: nothing was sent twice
    began = [event["step"] for event in events(sent, "run")]
    assert len(began) == 3
    assert 0 == began[0] < began[1] < began[2] < run.recipe.steps
    assert undisturbed.wait(300) == 0
    assert weights(root, run) == weights(tmp_path / "here", run)


def _under_way(root: Path, run: RunSpec, sent: Manifest, number: int) -> None:
    """Wait until an epoch of the `number`th attempt is over."""
    until(lambda: len(events(sent, "run")) == number, what=sent.events(0).read)
    began = events(sent, "run")[-1]["step"]
    until(lambda: state(root, run).step > began)


def test_a_killed_task_is_sent_again_and_goes_on(tmp_path: Path) -> None:
    root, run = tmp_path / "runs", _lasting(15, seed=1)
    sent = send(root, run)
    until(lambda: state(root, run).step >= 16)
    os.kill(events(sent, "start")[0]["pid"], signal.SIGKILL)
    (last,), said = drive(root, run)
    assert last.state == "done"
    assert len(manifests.load(root)) == 2
    assert "sent again" in said[0]


def test_runs_outlive_their_node(tmp_path: Path) -> None:
    root, run = tmp_path / "runs", spec(seed=2, steps=240, milestones=(120,))
    sent = send(root, run)
    until(lambda: state(root, run).step > 0)
    node = events(sent, "start")[0]["node"]
    _crash(node)
    try:
        until(lambda: len(events(sent, "start")) == 2 or len(manifests.load(root)) == 2, 90)
        (last,), _ = drive(root, run)
    finally:
        subprocess.run(["slurmd", "-N", node], check=True, timeout=30)
        until(lambda: f"{node} idle" in _nodes(), 40)
    assert last.state == "done"


def test_what_was_cancelled_stays_so_until_resumed(tmp_path: Path) -> None:
    root, run = tmp_path / "runs", spec(seed=3, steps=2000)
    send(root, run)
    until(lambda: state(root, run).step > 0)
    done = on_cluster.command("cancel", "degradation", cwd=tmp_path)
    assert "1 jobs cancelled" in done.stdout, done.stderr
    (last,), said = drive(root, run)
    assert (last.state, said) == ("cancelled", [])
    done = on_cluster.command("status", "degradation", cwd=tmp_path)
    assert re.search(rf"{run.id} .* cancelled .* step \d+/2000", done.stdout), done.stdout
    before = state(root, run).step
    done = on_cluster.command("resume", "degradation", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    until(lambda: state(root, run).step > before)


def test_one_failing_run_harms_no_other(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    good, bad = spec(seed=4), spec(seed=5, normalisation="nonsense")
    more = spec(seed=6, net="resnet8")
    send(root, good, bad, more, runs_per_task=3)
    states, said = drive(root, good, bad, more)
    assert [s.state for s in states] == ["done", "error", "done"]
    assert "nonsense" in states[1].cause
    assert said == []  # the same error would come again: it is not sent again
    shown = on_cluster.command("status", cwd=tmp_path).stdout
    (line,) = [line for line in shown.splitlines() if bad.id in line]
    assert "error" in line
    assert "nonsense" in line
    logs = on_cluster.command("logs", cwd=tmp_path).stdout
    assert "Traceback (most recent call last)" in logs
    assert [line.split()[1] for line in logs.splitlines() if line[:3] == "== "] == [bad.id]


def test_other_code_is_refused_and_named(tmp_path: Path) -> None:
    root, run = tmp_path / "runs", spec(seed=7)
    sent = send(root, run, setup=("sleep 4",))
    target = sent.folder / "code" / "resnet" / "randomness.py"
    target.write_text(target.read_text() + "\n# changed after it was sent\n")
    last = until(lambda: (s := state(root, run)).state == "changed" and s)
    assert "resnet/randomness.py" in last.cause
    assert not (root / run.id).exists()


def _crash(node: str) -> None:
    """Kill the node's daemon, its step daemons and its tasks at once."""
    mark = f"SLURMD_NODENAME={node}".encode()
    daemon = int((Path(os.environ["SLURM_CONF"]).parents[1] / f"slurmd-{node}.pid").read_text())
    doomed = [daemon]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = mark in (process / "environ").read_bytes().split(b"\0")
            step = b"slurmstepd" in (process / "cmdline").read_bytes()
            if ours or (step and _parent(process) in (1, daemon)):
                doomed.append(int(process.name))
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)


def _parent(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def _nodes() -> str:
    command = ["sinfo", "-h", "-N", "-o", "%N %t"]
    return subprocess.run(command, capture_output=True, text=True).stdout
