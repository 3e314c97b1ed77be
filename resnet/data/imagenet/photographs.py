"""The drawn stand-in for ImageNet: shapes on clouded ground, as JPEG files of many sizes.

They are no photographs and never ImageNet: they let every machine go the whole way from files on
disk to verdicts. As in the built-in set of 32 pixels (`resnet.data.synthetic`), whose shapes these
are, colour hints at the class in every image, and the shape gives it away in most.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock

from resnet.data import cache
from resnet.data.imagenet import index
from resnet.data.imagenet.listing import Listing
from resnet.data.imagenet.sets import PhotoSet, split
from resnet.data.synthetic import CLASSES, TINTS, TURNS, mask
from resnet.errors import UserError
from resnet.randomness import generator

NAME = "synthetic-photographs"
VERSION = 1
EACH = {"train": 160, "val": 40}
SIDES = (88, 160)  # pixels
GREY, HIDDEN, QUALITY = 5, 25, 92  # percent of all; percent of all; of the JPEGs


def load(say: Callable[[str], None]) -> PhotoSet:
    """The stand-in, drawn into the user's cache at the first call.

    Raises:
        UserError: it cannot be written there.
    """
    place = cache.folder() / f"photographs-{VERSION}"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.with_suffix(".lock")):
            if not place.is_dir():
                say(f"drawing {sum(EACH.values()) * len(CLASSES):,} synthetic photographs (once)")
                write(place)
        listings = {name: _listed(place / name) for name in EACH}
    except OSError as error:
        raise UserError(f"the synthetic photographs cannot be drawn in {place}: {error}") from None
    classes = tuple(sorted(CLASSES))
    train, test = (split(place / name, listings[name], classes) for name in ("train", "val"))
    source = f"shapes drawn as JPEG files, version {VERSION}; not photographs"
    digest = index.digest(listings)
    return PhotoSet(NAME, train, test, classes, "synthetic", source, digest)


def write(place: Path, each: dict[str, int] | None = None) -> None:
    """Draw `each` images a class and split below `place`, in one atomic step."""
    counts = EACH if each is None else each
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="drawing-") as scratch:
        for name, count in counts.items():
            for label, word in enumerate(CLASSES):
                folder = Path(scratch) / "whole" / name / word
                folder.mkdir(parents=True)
                for number, image in enumerate(images(name, label, count)):
                    image.save(folder / f"{number:04d}.jpg", "JPEG", quality=QUALITY)
        shutil.move(Path(scratch) / "whole", place)


def images(name: str, label: int, count: int) -> Iterator:
    """`count` images of a class of split `name`: PIL images, some of them grey."""
    from PIL import Image

    for number in range(count):
        draw = generator(0, NAME, VERSION, name, label, number)
        image = Image.fromarray(picture(label, draw))
        yield image.convert("L") if draw.integers(0, 100) < GREY else image


def picture(label: int, draw: np.random.Generator) -> np.ndarray:
    """One image of a class, with everything else about it drawn: uint8 [H, W, 3]."""
    height, width = (int(side) for side in draw.integers(*SIDES, 2))
    ground = _clouds(draw, height, width) + TINTS[label] // 2 + draw.integers(-40, 41, 3)
    if draw.integers(0, 100) >= HIDDEN:
        contrast = draw.integers(50, 111) * (2 * draw.integers(0, 2) - 1)
        ink = ground + contrast + draw.integers(-30, 31, 3)
        ground = np.where(_shape(label, draw, height, width)[..., None], ink, ground)
    noise = draw.integers(-10, 11, ground.shape)
    return np.clip(ground + noise, 0, 255).astype(np.uint8)


def _clouds(draw: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A coarse grid of colours, enlarged smoothly: int [H, W, 3]."""
    from PIL import Image

    grid = draw.integers(60, 197, (5, 5, 3)).astype(np.uint8)
    smooth = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth).astype(np.int64)


def _shape(label: int, draw: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The class's shape as a mask [H, W], shifted, scaled and turned a little."""
    side = min(height, width)
    cos, sin = TURNS[draw.integers(0, len(TURNS))]
    top, left = (int(draw.integers(-side // 6, side // 6 + 1)) for _ in range(2))
    # In the half pixels of a 32-pixel image, which the shapes are defined in.
    y = (32 * (2 * np.arange(height) + 1 - height - 2 * top) // side)[:, None]
    x = (32 * (2 * np.arange(width) + 1 - width - 2 * left) // side)[None, :]
    u, v = (cos * x + sin * y) // 64, (cos * y - sin * x) // 64
    return mask(CLASSES[label], u, v, np.asarray(draw.integers(15, 25)))


def _listed(folder: Path) -> Listing:
    return Listing.of(
        [
            (f"{word}/{entry.name}", word, entry.stat().st_size)
            for word in CLASSES
            for entry in os.scandir(folder / word)
        ]
    )
