"""A fake scheduler on PATH, and runs that are never trained."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from resnet import recipes
from resnet.planning.cluster import Cluster
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps import sending
from sweeps.manifest import Manifest
from sweeps.sending import Draft
from sweeps.states import RunState, Survey
from sweeps.submit import Order
from tests.sweeps.fake import Scheduler

RECIPE = replace(recipes.get("smoke"), steps=100)


def make_spec(seed: int = 0, net: str = "plain8") -> RunSpec:
    """A run that nobody trains."""
    return RunSpec(net, "synthetic", "synthetic", "d" * 64, RECIPE, seed)


def finish(root: Path, spec: RunSpec, seconds: float = 60.0, device: str = "cpu") -> None:
    """Make the run's folder that of a done one."""
    from resnet.runs.files import write_json

    folder = RunFolder(root, spec)
    folder.open("degradation", print)
    write_json(folder.path / "provenance.json", {"hardware": {"device": device, "name": device}})
    folder.finish({"train_error": 1.0, "weights_sha256": "ab", "seconds": seconds})


@dataclass
class Bench:
    """A root for runs, and the fake scheduler."""

    root: Path
    scheduler: Scheduler

    def order(self, **changes: Any) -> Order:
        """An order with some cluster settings changed."""
        cluster = replace(Cluster(cpus_per_task=1, runs_per_task=1), **changes)
        return Order(self.root, "degradation", cluster, wandb="disabled")

    def submit(self, *specs: RunSpec, **changes: Any) -> tuple[Draft, Manifest | None]:
        """Submit as the commands do."""
        return sending.submit(specs, self.order(**changes))

    def sent(self, *specs: RunSpec, **changes: Any) -> Manifest:
        """The same; the manifest."""
        _, manifest = self.submit(*specs, **changes)
        assert manifest is not None
        return manifest

    def state(self, spec: RunSpec) -> RunState:
        """The run's state."""
        return Survey(self.root, manifests.load(self.root)).state(spec.id, spec.to_json())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A fresh root and a fresh fake."""
    scheduler = Scheduler(tmp_path / "slurm", monkeypatch.setenv, os.environ["PATH"])
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path / "runs", scheduler)
