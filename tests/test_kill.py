"""kill -9 at random moments, then the same command: the weights are the undisturbed run's."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def start(root: Path) -> subprocess.Popen[str]:
    """The process, once it is about to train."""
    command = [sys.executable, "-m", "tests.train_one", str(root)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def steps_done(root: Path) -> int:
    """Optimiser steps in the resume file, 0 without one."""
    import torch

    files = list(root.glob("*/resume.ckpt"))
    return torch.load(files[0], weights_only=True)["position"]["step"] if files else 0


def test_kill_9_three_times_changes_no_weight(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")  # on the other core
    moments = random.Random(time.time_ns())
    reached = []
    for _ in range(3):
        process = start(tmp_path / "cut")
        before = steps_done(tmp_path / "cut")
        deadline = time.monotonic() + 60
        while steps_done(tmp_path / "cut") <= before and time.monotonic() < deadline:
            time.sleep(0.01)  # some training has to happen, or the kill tests nothing
        time.sleep(moments.uniform(0, 0.15))
        process.kill()
        process.wait(30)
        reached.append(steps_done(tmp_path / "cut"))
    assert start(tmp_path / "cut").wait(300) == 0
    assert whole.wait(300) == 0
    assert 0 < reached[0] < 60
    assert process.returncode == -signal.SIGKILL
    results = [
        json.loads(next((tmp_path / name).glob("*/result.json")).read_text())
        for name in ("whole", "cut")
    ]
    assert results[0]["weights_sha256"] == results[1]["weights_sha256"]
    assert results[0]["test_error"] == results[1]["test_error"]
    assert len(list((tmp_path / "cut").glob("*/metrics-*.jsonl"))) == 4
