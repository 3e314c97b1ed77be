"""A whole training run against the bare loop: images a second on the CPU.

The bare loop is forward, backward and update on one fixed batch: no data, no Lightning, no
record. The whole run is `resnet.training.train.train`: Lightning, augmentation, order, resume
file, record, the epoch's test. Same net, layout, batch, threads and process; repetitions take
turns, so that whatever else the machine does meets both.

    python -m benchmarks train [--net resnet20] [--steps 192] [--repetitions 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from resnet.runs.provenance import processor

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec

DUE = 0.95


@dataclass(frozen=True)
class Result:
    """Images a second: medians over repetitions; the ratio is the median of paired ratios."""

    ratio: float
    ratio_low: float
    ratio_high: float
    due: float
    whole_run: float
    bare_loop: float
    net: str
    steps: int
    threads: int
    repetitions: int
    hardware: str
    torch: str


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks train", description=__doc__)
    parser.add_argument("--net", default="resnet20")
    parser.add_argument("--steps", type=int, default=192)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    result = measure(options.net, options.steps, options.repetitions)
    print(json.dumps(asdict(result)) if options.json else told(result))


def measure(net: str, steps: int, repetitions: int) -> Result:
    """Time both in turns; the first turn of each warms up and does not count."""
    import torch

    from resnet.data import load
    from resnet.recipes import get
    from resnet.runs.spec import RunSpec

    dataset = load("synthetic")
    # 64 images are tested an epoch, as a smoke test of that path: the bare loop tests none.
    recipe = replace(get("quick"), steps=steps, milestones=(), test_images=64)
    spec = RunSpec(net, dataset.name, dataset.copy, dataset.digest, recipe, seed=0)
    pairs = [(_whole(spec, dataset), _bare(spec)) for _ in range(repetitions + 1)][1:]
    ratios = sorted(whole / bare for whole, bare in pairs)
    return Result(
        ratio=statistics.median(ratios),
        ratio_low=ratios[0],
        ratio_high=ratios[-1],
        due=DUE,
        whole_run=statistics.median(whole for whole, _ in pairs),
        bare_loop=statistics.median(bare for _, bare in pairs),
        net=net,
        steps=steps,
        threads=torch.get_num_threads(),
        repetitions=repetitions,
        hardware=processor(),
        torch=torch.__version__,
    )


def _whole(spec: RunSpec, dataset: Dataset) -> float:
    from resnet.training.train import train

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        train(spec, dataset, Path(folder), "benchmark")
        return _images(spec) / (time.perf_counter() - start)


def _bare(spec: RunSpec) -> float:
    import torch
    from torch.nn.functional import cross_entropy

    from resnet.nets import build
    from resnet.training.step import sgd

    net = build(spec.net, 10).to(memory_format=torch.channels_last).train()
    optimizer, batch = sgd(net, spec.recipe), spec.recipe.batch_size
    x = torch.randn(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    y = torch.arange(batch) % 10
    start = time.perf_counter()
    for _ in range(spec.recipe.steps):
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(net(x), y).backward()
        optimizer.step()
    return _images(spec) / (time.perf_counter() - start)


def _images(spec: RunSpec) -> int:
    return spec.recipe.steps * spec.recipe.batch_size


def told(result: Result) -> str:
    """The result in three lines."""
    return (
        f"{result.ratio:.3f} of the bare loop's images a second (due: {result.due}; "
        f"{result.ratio_low:.3f} to {result.ratio_high:.3f} over {result.repetitions} pairs)\n"
        f"whole run {result.whole_run:.0f}, bare loop {result.bare_loop:.0f} images a second; "
        f"{result.net}, {result.steps} steps\n"
        f"{result.hardware}, {result.threads} threads, torch {result.torch}"
    )


if __name__ == "__main__":
    main()
