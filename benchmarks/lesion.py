"""All single deletions with activations reused, against recomputing each: time for both.

Both delete each block of a net in turn and classify the same images. One computes what comes
before the deleted block once a batch, for all deletions, as `resnet.analysis.chain.errors` does;
the other goes through the whole net for every deletion. The errors that they find are equal, or
the benchmark stops. Repetitions take turns, so that whatever else the machine does meets both.

    python -m benchmarks lesion [--net resnet110] [--images 64] [--repetitions 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from resnet.runs.provenance import processor

if TYPE_CHECKING:
    from collections.abc import Callable

    from resnet.analysis.chain import Batches, Chain
    from resnet.analysis.orders import Order

DUE = 1.8


@dataclass(frozen=True)
class Result:
    """Seconds: medians over repetitions; the ratio is the median of paired ratios."""

    ratio: float
    ratio_low: float
    ratio_high: float
    due: float
    recomputed: float
    reused: float
    net: str
    deletions: int
    images: int
    threads: int
    repetitions: int
    hardware: str
    torch: str


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks lesion", description=__doc__)
    parser.add_argument("--net", default="resnet110")
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    result = measure(options.net, options.images, options.repetitions)
    print(json.dumps(asdict(result)) if options.json else told(result))


def measure(name: str, images: int, repetitions: int) -> Result:
    """Time both in turns; the first turn of each warms up and does not count."""
    import torch

    from resnet.analysis import orders
    from resnet.analysis.chain import Chain, errors
    from resnet.nets import build

    chain = Chain(build(name).to(memory_format=torch.channels_last).eval())
    x = torch.randn(images, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    batches = [(x, torch.arange(images) % 10)]
    asked = [orders.without(len(chain), [place]) for place in range(len(chain))]
    times = []
    for _ in range(repetitions + 1):
        slow, expected = _timed(afresh, chain, batches, asked)
        fast, found = _timed(errors, chain, batches, asked)
        if found != expected:
            raise SystemExit("reuse does not equal recomputation")
        times.append((slow, fast))
    ratios = sorted(slow / fast for slow, fast in times[1:])
    return Result(
        ratio=statistics.median(ratios),
        ratio_low=ratios[0],
        ratio_high=ratios[-1],
        due=DUE,
        recomputed=statistics.median(slow for slow, _ in times[1:]),
        reused=statistics.median(fast for _, fast in times[1:]),
        net=name,
        deletions=len(asked),
        images=images,
        threads=torch.get_num_threads(),
        repetitions=repetitions,
        hardware=processor(),
        torch=torch.__version__,
    )


def afresh(chain: Chain, batches: Batches, asked: list[Order]) -> list[float]:
    """Error in percent in each order, from the images on each time."""
    import torch

    with torch.inference_mode():
        logits = [(torch.cat([chain.logits(x, order) for x, _ in batches])) for order in asked]
        labels = torch.cat([y for _, y in batches])
        return [100 * int((z.argmax(1) != labels).sum()) / len(labels) for z in logits]


def _timed(
    work: Callable[[Chain, Batches, list[Order]], list[float]],
    chain: Chain,
    batches: Batches,
    asked: list[Order],
) -> tuple[float, list[float]]:
    start = time.perf_counter()
    found = work(chain, batches, asked)
    return time.perf_counter() - start, found


def told(result: Result) -> str:
    """The result in three lines."""
    met = "met" if result.ratio >= result.due else "NOT MET"
    return (
        f"{result.ratio:.2f} x as fast with activations reused ({result.ratio_low:.2f} to "
        f"{result.ratio_high:.2f} over {result.repetitions} pairs; due: {result.due} x, {met})\n"
        f"{result.deletions} single deletions of {result.net} on {result.images} images: "
        f"recomputed {result.recomputed:.2f} s, reused {result.reused:.2f} s; equal errors\n"
        f"{result.hardware}, {result.threads} threads, torch {result.torch}"
    )


if __name__ == "__main__":
    main()
