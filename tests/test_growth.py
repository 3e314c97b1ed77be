"""What must not grow with the number of runs or of epochs: memory, threads, open files."""

import gc
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from resnet.data import Dataset
from resnet.training.train import train
from tests.conftest import make_dataset, spec_of

RUNS = 100


@dataclass(frozen=True)
class Held:
    """What this process holds on to."""

    tensors: int
    threads: int
    files: int

    @classmethod
    def now(cls) -> "Held":
        """Counted after a collection of garbage."""
        gc.collect()
        tensors = sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())
        return cls(tensors, threading.active_count(), len(os.listdir("/proc/self/fd")))


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def few() -> Dataset:
    """Sixteen images: a run is over in no time."""
    return make_dataset(16, 8)


def train_one(root: Path, few: Dataset, seed: int, steps: int = 1) -> None:
    sizes = {"train_images": 16, "test_images": 8, "batch_size": 4, "milestones": ()}
    spec = spec_of(few, "plain8", seed, steps=steps, **sizes)
    assert train(spec, few, root, "test") == "done"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_a_hundred_runs_in_one_process_leak_nothing(tmp_path: Path, few: Dataset) -> None:
    for seed in range(5):  # what is made once and kept is made here
        train_one(tmp_path, few, seed)
    held, memory = Held.now(), resident()
    for seed in range(5, RUNS):
        train_one(tmp_path, few, seed)
    assert Held.now() == held
    # A leak of one run's net, momenta and images would come to more than 100 MB.
    assert resident() - memory < 50 * 2**20


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_epochs_leave_nothing_behind(tmp_path: Path, few: Dataset) -> None:
    held: dict[int, Held] = {}

    class Watch:
        def start(self, spec: object, step: int) -> None: ...

        def advance(self, step: int) -> None: ...

        def epoch(self, step: int, epoch: int, metrics: object) -> None:
            if epoch in (5, 40):
                held[epoch] = Held.now()

    spec = spec_of(
        few,
        "plain8",
        train_images=16,
        test_images=8,
        batch_size=8,
        steps=80,
        milestones=(),
    )
    assert train(spec, few, tmp_path, "test", progress=Watch()) == "done"
    assert held[40] == held[5]
