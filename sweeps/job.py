"""What every run of one launch has in common, whoever trains it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resnet.training.speed import FAST, Speed
from sweeps.team import ALONE, Seats


@dataclass(frozen=True)
class Job:
    """Where the runs go, what trains them, and what is done with each."""

    root: Path
    experiment: str
    device: str = "cpu"  # "any": CUDA where there is some
    wandb: str | None = "disabled"  # None: as the environment has it
    threads: int | None = None
    cluster: bool = False  # part of a SLURM task, whose signals come to every process
    measures: tuple[str, ...] = ()  # taken of every run once it is done
    seats: Seats = ALONE  # of the processes that train one run together
    speed: Speed = FAST
