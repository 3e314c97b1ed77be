"""Does time grow as the work does? By depth, and over epochs.

By depth: seconds an image and a layer at each depth over those at the shallowest; a ratio of one is
linear. Over epochs: seconds an image of the last epochs over those of the first ones, from a run's
own record; a ratio of one is flat. That memory stays flat and nothing leaks is tested, not timed.

    python -m benchmarks growth [--depths 20,56,110,1202] [--epochs 24] [--device cpu]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from resnet.data import Dataset

BATCH = {"cpu": 4, "cuda": 128}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratios first."""
    options = parser("growth", __doc__ or "", turns=3)
    options.add_argument("--depths", default="20,56,110,1202")
    options.add_argument("--epochs", type=int, default=24)
    given = options.parse_args(arguments)
    device, depths = device_of(given), [int(depth) for depth in given.depths.split(",")]
    show(by_depth(depths, given.turns, device), given.json)
    show([over_epochs(given.epochs, device)], given.json)


def by_depth(depths: Sequence[int], turns: int, device: str) -> list[Result]:
    """A result for each depth but the first."""
    from benchmarks.loops import Ours, spec_of
    from benchmarks.step import recipe_of
    from resnet.data import load
    from resnet.training.speed import FAST

    dataset, batch = load("synthetic"), BATCH[device]
    recipe = recipe_of(batch)

    def arm(depth: int) -> Callable[[], float]:
        loop = Ours(spec_of(f"resnet{depth}", dataset, recipe), dataset, device, FAST)
        steps = max(1, 400 // depth)
        return lambda: 1e6 * seconds(lambda: loop.advance(steps)) / steps / batch / depth

    arms = {str(depth): arm(depth) for depth in depths}
    in_turns(arms, 1)
    values = in_turns(arms, turns)
    first, *rest = arms
    return [
        compare(
            f"x the time an image and layer of depth {first}, at depth {depth}, {device}",
            {depth: values[depth], first: values[first]},
            depth,
            first,
            "us an image and layer",
            device,
        )
        for depth in rest
    ]


def over_epochs(epochs: int, device: str) -> Result:
    """The last third of a run's epochs against the first, without the very first (it warms up)."""
    from resnet.data import load

    times = epoch_seconds(epochs, load("synthetic"), device)[1:]
    third = max(1, len(times) // 3)
    what = f"x the time an epoch of the first third, in the last third of {epochs}, {device}"
    values = {"last": [median(times[-third:])], "first": [median(times[:third])]}
    return compare(what, values, "last", "first", "s an epoch", device)


def epoch_seconds(epochs: int, dataset: Dataset, device: str) -> list[float]:
    """Seconds of each epoch but the first, by the record of a run of resnet8."""
    from benchmarks.loops import spec_of
    from resnet.recipes import get
    from resnet.runs.folder import read_metrics
    from resnet.training.train import train

    sizes: dict[str, Any] = {
        "train_images": 512,
        "test_images": 64,
        "batch_size": 64,
        "steps": 8 * epochs,
    }
    spec = spec_of("resnet8", dataset, replace(get("quick"), milestones=(), **sizes))
    with tempfile.TemporaryDirectory() as folder:
        train(spec, dataset, Path(folder), "benchmark", device=device)
        ends = [row["time"] for row in read_metrics(Path(folder) / spec.id)[1:]]
    return [after - before for before, after in pairwise(ends)]


if __name__ == "__main__":
    main()
