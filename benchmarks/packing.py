"""Runs side by side against one after another, through the workers that a sweep uses.

    python -m benchmarks packing [--net resnet20] [--runs 2] [--workers 2] [--steps 48] [--turns 2]

On a CPU one run at a time has all cores, N at a time an equal share each. On a GPU the workers
share it, each with its own graphs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec


class Quiet:
    """A watcher that has nothing to say."""

    def start(self, spec: RunSpec, step: int) -> None:
        """A run begins."""

    def advance(self, spec: RunSpec, step: int) -> None:
        """Steps are done."""

    def epoch(self, spec: RunSpec, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over."""

    def end(self, spec: RunSpec, status: str) -> None:
        """A run is over."""


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    options = parser("packing", __doc__ or "", turns=2)
    options.add_argument("--net", default="resnet20")
    options.add_argument("--runs", type=int, help="default: as many as workers")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--steps", type=int, default=48)
    given = options.parse_args(arguments)
    count, device = given.workers, device_of(given)
    runs = given.runs or count
    show([measure(given.net, runs, count, given.steps, given.turns, device)], given.json)


def measure(net: str, runs: int, workers: int, steps: int, turns: int, device: str) -> Result:
    """Train the same runs, `workers` at a time and one at a time, in turns."""
    from benchmarks.loops import spec_of
    from resnet.data import load
    from resnet.recipes import get

    dataset = load("synthetic")
    recipe = replace(get("quick"), steps=steps, milestones=(), test_images=64)
    specs = [replace(spec_of(net, dataset, recipe), seed=seed) for seed in range(runs)]
    images = runs * steps * recipe.batch_size
    arms = {
        "packed": lambda: images / seconds(lambda: pool(specs, dataset, workers, device)),
        "one by one": lambda: images / seconds(lambda: pool(specs, dataset, 1, device)),
    }
    what = f"x one by one: {runs} runs of {net}, {workers} at a time, {device}; workers' start told"
    return compare(what, in_turns(arms, turns), "packed", "one by one", "images a second", device)


def pool(
    specs: Sequence[RunSpec],
    dataset: Dataset,
    workers: int,
    device: str,
    look: Callable[[Path], object] = lambda folder: None,
    compile: bool = False,
) -> None:
    """Train them in so many worker processes, whose start is part of it; `look` at the folder."""
    from resnet.training.speed import Speed
    from sweeps.job import Job
    from sweeps.pool import Pool, share

    count, threads = share(len(specs), device, workers)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            Path(folder), "benchmark", device, "disabled", threads, speed=Speed(compile=compile)
        )
        team = Pool(job, dataset, count, Quiet())
        team.train(specs)
        if team.errors:
            raise RuntimeError(f"a run was cut short: {next(iter(team.errors.values()))}")
        look(Path(folder))


def pool_records(
    specs: Sequence[RunSpec], dataset: Dataset, workers: int, device: str, compile: bool = False
) -> tuple[float, dict[str, tuple[float, float]]]:
    """(seconds in all, by net the times at which its first and its last epoch ended)."""
    from resnet.runs.folder import read_metrics

    ends: dict[str, tuple[float, float]] = {}

    def look(folder: Path) -> None:
        for spec in specs:
            rows = read_metrics(folder / spec.id)
            ends[spec.net] = (rows[1]["time"], rows[-1]["time"])

    took = seconds(lambda: pool(specs, dataset, workers, device, look, compile))
    return took, ends


if __name__ == "__main__":
    main()
