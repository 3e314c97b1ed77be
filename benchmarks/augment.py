"""Batched augmentation against the usual PIL pipeline: images a second on one CPU thread.

Both make the same thing from the same uint8 images: pad 4, random crop, random flip, float in
0 to 1, normalised by channel, in batches of 128. The usual pipeline is torchvision's, as in most
CIFAR-10 training code: `RandomCrop(32, 4)`, `RandomHorizontalFlip()`, `ToTensor()`,
`Normalize()`, an image at a time, stacked. Ours is `resnet.data.Pipeline`, order drawn included.

    python -m benchmarks augment [--json] [--turns 15]
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from benchmarks.common import Result, compare, in_turns, parser, seconds, show

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from resnet.data import Split

BATCH = 128
USUAL_BATCHES, OUR_BATCHES = 4, 40
DUE = 5.0


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    given = parser("augment", __doc__ or "", turns=15).parse_args(arguments)
    show([measure(given.turns)], given.json)


def measure(turns: int) -> Result:
    """Time both pipelines in turns, on one thread; the first turn warms up."""
    import torch

    from resnet.data import load

    images = load("synthetic").train
    arms = {
        "usual": rated(usual(images), USUAL_BATCHES),
        "batched": rated(ours(images, torch.contiguous_format), OUR_BATCHES),
        "channels_last": rated(ours(images, torch.channels_last), OUR_BATCHES),
    }
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        in_turns(arms, 1)
        values = in_turns(arms, turns)
        what = "x the usual pipeline's images a second on one thread"
        return compare(what, values, "batched", "usual", "images a second", due=DUE)
    finally:
        torch.set_num_threads(threads)


def rated(make_batch: Callable[[int], object], batches: int) -> Callable[[], float]:
    """A function that makes so many further batches and returns images a second."""
    steps = count()

    def work() -> None:
        for _ in range(batches):
            make_batch(next(steps))

    return lambda: batches * BATCH / seconds(work)


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


if __name__ == "__main__":
    main()
