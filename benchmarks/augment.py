"""Batched augmentation against the usual PIL pipeline: images a second on one CPU thread.

Both make the same thing from the same uint8 images: pad 4, random crop, random flip, float in
0 to 1, normalised by channel, in batches of 128. The usual pipeline is torchvision's, as in most
CIFAR-10 training code: `RandomCrop(32, 4)`, `RandomHorizontalFlip()`, `ToTensor()`,
`Normalize()`, an image at a time, stacked. Ours is `resnet.data.Pipeline`, order drawn included.
Repetitions of the two take turns, so that whatever else the machine does meets both.

    python -m benchmarks.augment [--json] [--repetitions 15]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from resnet.runs.provenance import processor

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from resnet.data import Split

BATCH = 128
USUAL_BATCHES, OUR_BATCHES = 4, 40
DUE = 5.0


@dataclass(frozen=True)
class Result:
    """Images a second: medians over repetitions; the ratio is the median of paired ratios."""

    ratio: float
    ratio_low: float
    ratio_high: float
    due: float
    ours: float
    ours_channels_last: float
    usual: float
    repetitions: int
    hardware: str
    torch: str


def main() -> None:
    """Measure and print, the ratio first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.augment")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()
    result = measure(max(options.repetitions, 1))
    print(json.dumps(asdict(result)) if options.json else told(result))


def measure(repetitions: int) -> Result:
    """Time both pipelines in turns, on one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rates = _rates(repetitions)
    finally:
        torch.set_num_threads(threads)
    ratios = sorted(o / u for o, u in zip(rates["ours"], rates["usual"], strict=True))
    median = {name: statistics.median(values) for name, values in rates.items()}
    return Result(
        ratio=statistics.median(ratios),
        ratio_low=ratios[0],
        ratio_high=ratios[-1],
        due=DUE,
        repetitions=repetitions,
        hardware=f"{processor()}, one thread",
        torch=torch.__version__,
        **median,
    )


def _rates(repetitions: int) -> dict[str, list[float]]:
    import torch

    from resnet.data import load

    images = load("synthetic").train
    sides = {
        "usual": (usual(images), USUAL_BATCHES),
        "ours": (ours(images, torch.contiguous_format), OUR_BATCHES),
        "ours_channels_last": (ours(images, torch.channels_last), OUR_BATCHES),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions + 1):
        for name, (make_batch, batches) in sides.items():
            rate = _rate(make_batch, repetition * batches, batches)
            if repetition:  # the first warms up
                rates[name].append(rate)
    return rates


def _rate(make_batch: Callable[[int], object], first: int, batches: int) -> float:
    start = time.perf_counter()
    for step in range(first, first + batches):
        make_batch(step)
    return batches * BATCH / (time.perf_counter() - start)


def usual(split: Split) -> Callable[[int], Tensor]:
    """torchvision's transforms, an image at a time, as in torchvision's own CIFAR10 data set."""
    import torch
    from PIL import Image
    from torchvision import transforms

    from resnet.data import Stream
    from resnet.data.normalise import channel_statistics

    mean, std = (values.flatten().tolist() for values in channel_statistics(split.images))
    steps = [transforms.RandomCrop(32, 4), transforms.RandomHorizontalFlip()]
    steps += [transforms.ToTensor(), transforms.Normalize(mean, std)]
    transform = transforms.Compose(steps)
    pixels = split.images.permute(0, 2, 3, 1).contiguous().numpy()
    stream = Stream(0, len(split), BATCH, 4)

    def make_batch(step: int) -> Tensor:
        index = stream.batch(step).index
        return torch.stack([transform(Image.fromarray(pixels[i])) for i in index])

    return make_batch


def ours(split: Split, memory_format: torch.memory_format) -> Callable[[int], Tensor]:
    """`Pipeline.train`, with its draws."""
    from resnet.data import Pipeline, Stream

    pipeline = Pipeline(split, "channel", 4, "cpu", memory_format)
    stream = Stream(0, len(split), BATCH, 4)
    return lambda step: pipeline.train(stream.batch(step))


def told(result: Result) -> str:
    """The result in three lines."""
    met = "met" if result.ratio >= result.due else "NOT MET"
    return (
        f"{result.ratio:.1f} x the usual pipeline's images/s on one thread "
        f"({result.ratio_low:.1f} to {result.ratio_high:.1f} over {result.repetitions} pairs; "
        f"due: {result.due:g} x, {met})\n"
        f"batched {result.ours:,.0f}/s (channels last {result.ours_channels_last:,.0f}/s), "
        f"usual {result.usual:,.0f}/s\n"
        f"{result.hardware}; torch {result.torch}"
    )


if __name__ == "__main__":
    main()
