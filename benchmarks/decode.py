"""Decoders of JPEG files: photographs a second on one core, each against PIL.

`decode` is from the file's bytes to RGB pixels; `crop` goes on to a training crop of 224 pixels, as
`resnet.data.imagenet` makes it, scaled decoding included. The usual way to that crop is
torchvision's: PIL, then `RandomResizedCrop(224)` on the PIL image. All decode the same photographs;
repetitions take turns, so that whatever else the machine does meets all.

    python -m benchmarks decode --data-dir DIR [--json] [--repetitions 5] [--images 200]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from resnet.runs.provenance import processor

USUAL = "usual"


@dataclass(frozen=True)
class Rate:
    """Photographs a second by one decoder, medians; `ratio` is that of whole crops to the usual."""

    decoder: str
    ratio: float
    ratio_low: float
    ratio_high: float
    decode: float
    crop: float


def main() -> None:
    """Measure and print, the ratios first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks decode")
    parser.add_argument("--data-dir", type=Path, help="photographs (default: the drawn ones)")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    contents = photographs(options.data_dir, options.images)
    rates = measure(contents, max(options.repetitions, 1))
    about = {"images": len(contents), "hardware": f"{processor()}, one thread"}
    if options.json:
        print(json.dumps({"rates": [asdict(rate) for rate in rates], **about}))
    else:
        print(told(rates, len(contents)))


def photographs(root: Path | None, count: int) -> list[bytes]:
    """The bytes of up to `count` validation photographs below `root`, spread over its classes."""
    from resnet.data.imagenet import sets
    from resnet.data.imagenet.photographs import load

    split = load(print).test if root is None else sets.validation(root, print)[0]
    step = max(1, len(split) // count)
    return [split.path(number).read_bytes() for number in range(0, len(split), step)][:count]


def measure(contents: Sequence[bytes], repetitions: int) -> list[Rate]:
    """Time each decoder that is here, in turns, on one thread."""
    import torch

    from resnet.data.imagenet.decode import DECODERS, is_here

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    names = [name for name in DECODERS if is_here(name)]
    ways: dict[tuple[str, str], Callable[[bytes, int], object]] = {(USUAL, "crop"): usual()}
    for name in names:
        ways[name, "decode"] = _decoding(name)
        ways[name, "crop"] = ours(name)
    found: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for repetition in range(repetitions + 1):
        for way, make in ways.items():
            rate = _rate(make, contents)
            if repetition:  # the first warms up
                found[way].append(rate)
    torch.set_num_threads(threads)
    return [_result(name, found) for name in names]


def _decoding(decoder: str) -> Callable[[bytes, int], object]:
    from resnet.data.imagenet.decode import decode

    return lambda content, _: decode(content, decoder=decoder)


def ours(decoder: str) -> Callable[[bytes, int], object]:
    """The suite's way to a training crop, by a decoder."""
    from resnet.data.imagenet.crops import cut, scale_and_aspect_crop, shrunk
    from resnet.data.imagenet.decode import decode, header, reduction
    from resnet.randomness import generator

    def make(content: bytes, number: int) -> object:
        frame = header(content)
        assert frame is not None
        box = scale_and_aspect_crop(frame[0], frame[1], generator(0, "crop", number))
        scale = reduction(min(box[2:]), 224)
        pixels = decode(content, scale, decoder)
        if pixels.shape[:2] != frame[:2]:
            box = shrunk(box, scale, *pixels.shape[:2])
        return cut(pixels, box, 224)

    return make


def usual() -> Callable[[bytes, int], object]:
    """PIL and torchvision's transforms on the PIL image, to uint8."""
    import io

    from PIL import Image
    from torchvision.transforms import v2

    transform = v2.Compose([v2.RandomResizedCrop(224), v2.PILToTensor()])
    return lambda content, _: transform(Image.open(io.BytesIO(content)).convert("RGB"))


def _rate(make: Callable[[bytes, int], object], contents: Sequence[bytes]) -> float:
    start = time.perf_counter()
    for number, content in enumerate(contents):
        make(content, number)
    return len(contents) / (time.perf_counter() - start)


def _result(name: str, found: dict[tuple[str, str], list[float]]) -> Rate:
    pairs = zip(found[name, "crop"], found[USUAL, "crop"], strict=True)
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    medians = (statistics.median(found[name, what]) for what in ("decode", "crop"))
    return Rate(name, statistics.median(ratios), ratios[0], ratios[-1], *medians)


def told(rates: Sequence[Rate], images: int) -> str:
    """The results, a line a decoder."""
    lines = [
        f"{rate.ratio:.2f} x the usual way's crops/s with {rate.decoder} "
        f"({rate.ratio_low:.2f} to {rate.ratio_high:.2f}): {rate.crop:,.0f} crops/s, "
        f"{rate.decode:,.0f} decoded/s"
        for rate in rates
    ]
    return "\n".join([*lines, f"{images} photographs; {processor()}, one thread"])


if __name__ == "__main__":
    main()
