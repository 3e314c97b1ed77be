"""What the tests on a real SLURM share: small runs, an order, and patience."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from resnet import recipes
from resnet.planning.cluster import Cluster
from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps.source import Described
from sweeps.states import RunState, Survey
from sweeps.submit import Order
from tests import train_again

CLUSTER = Cluster(cpus_per_task=1, mem="1500MB", timeout_min=20, signal_delay_s=60)
EXPERIMENT = "degradation"
REPOSITORY = Path(__file__).resolve().parents[2]


@cache
def described() -> Described:
    """The synthetic set."""
    from resnet.data import load

    return Described.of(load("synthetic", say=lambda text: None))


def spec(seed: int = 0, net: str = "plain8", **changes: Any) -> RunSpec:
    """A run on the synthetic set under the smoke recipe, changed as asked."""
    recipe = replace(recipes.get("smoke"), **changes)
    data = described()
    return RunSpec(net, data.name, data.copy, data.digest, recipe, seed)


def steps_in(seconds: float, run: RunSpec) -> int:
    """How many steps of the run one thread of this machine takes in so long."""
    import torch

    from resnet.planning.estimate import layers, seconds_per_layer_image

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    least = min(seconds_per_layer_image(run, "cpu") for _ in range(5))  # others may be at work
    torch.set_num_threads(before)
    return round(seconds / (least * layers(run) * run.recipe.batch_size))


def order(root: Path, **changes: Any) -> Order:
    """An order for runs under `root`; a copy of the code, since others may be editing it."""
    cluster = replace(CLUSTER, **changes)
    return Order(root, EXPERIMENT, cluster, wandb="disabled", snapshot=True)


def state(root: Path, run: RunSpec) -> RunState:
    """The run's state now."""
    return Survey(root, manifests.load(root)).state(run.id, run.to_json())


def until(
    true: Callable[[], Any], seconds: float = 120, what: Callable[[], Any] = lambda: ""
) -> Any:
    """Wait until `true` is; what it returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.3)
    raise AssertionError(f"waited {seconds} s in vain; {what()}")


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """python -m sweeps, as a user has it."""
    words = [sys.executable, "-m", "sweeps", *arguments]
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=120)


def train_here(root: Path, run: RunSpec) -> subprocess.Popen[str]:
    """A process that trains the run undisturbed, with one thread as a task's worker does."""
    return train_again.started(run, root, threads=1)


def weights(root: Path, run: RunSpec) -> str:
    """The digest of a done run's weights."""
    from resnet.runs.folder import RunFolder

    result = RunFolder(root, run).result()
    assert result is not None
    return result["weights_sha256"]
