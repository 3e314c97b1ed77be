"""Small ImageNet folders that tests write and read: drawn pictures as real JPEG files."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from resnet.data.imagenet import photographs
from resnet.data.imagenet.sets import PhotoSet, load
from resnet.data.imagenet.wnids import wnids
from resnet.recipes import Recipe, get

CLASSES = wnids()[:1000:300]  # four, in order
TINY = replace(
    get("quick-imagenet"),
    name="tiny-imagenet",
    train_images=24,
    test_images=8,
    batch_size=8,
    steps=8,
    milestones=(6,),
    size=32,
    sides=(36, 60),
    test_side=36,
    classes=0,
    images_per_class=0,
)


def jpeg(image: Image.Image, **options: object) -> bytes:
    """The image as the bytes of a JPEG file."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 90, **options})
    return stream.getvalue()


def picture(label: int, number: int) -> Image.Image:
    """One drawn picture of a class."""
    draw = np.random.default_rng([label, number])
    return Image.fromarray(photographs.picture(label, draw))


def write(root: Path, train: int = 6, val: int = 2) -> Path:
    """train/<wnid>/ and val/<wnid>/ with so many pictures a class, every third of them grey."""
    for split, count in (("train", train), ("val", val)):
        for label, wnid in enumerate(CLASSES):
            folder = root / split / wnid
            folder.mkdir(parents=True)
            for number in range(count):
                image = picture(label, number + 100 * (split == "val"))
                image = image.convert("L") if number % 3 == 2 else image
                (folder / f"{wnid}_{number}.JPEG").write_bytes(jpeg(image))
    return root


def dataset(root: Path) -> PhotoSet:
    """The data set under `root`."""
    return load(root, lambda text: None)


def recipe(**changes: object) -> Recipe:
    """The tiny recipe, changed as asked."""
    return replace(TINY, **changes)  # type: ignore[arg-type]
