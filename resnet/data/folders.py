"""CIFAR-10 as class folders: {train,test}/<class>/*.png or *.jpg, decoded and cached."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from resnet.data import cache
from resnet.data.names import CIFAR10_CLASSES
from resnet.errors import UserError
from resnet.machine import cores

Arrays = dict[str, np.ndarray]

COUNTS = {"train": 50_000, "test": 10_000}
SIZE = 32
COPIES = {".png": "PNG copy", ".jpg": "JPEG copy (lossy)", ".jpeg": "JPEG copy (lossy)"}


@dataclass(frozen=True)
class Image:
    """One image file of a split, with what tells whether it has changed."""

    path: Path
    label: int
    size: int
    mtime_ns: int


def is_here(root: Path) -> bool:
    """Whether `root` looks like class folders, whole or not."""
    return (root / "train").is_dir() or (root / "test").is_dir()


def read(root: Path, say: Callable[[str], None]) -> tuple[Arrays, str, str]:
    """Read class folders, from the cache when the files have not changed.

    Returns:
        Arrays (names as in `resnet.data.sets.digest`), their digest, and the copy's name.

    Raises:
        UserError: a class is missing, images are too few or too many, or one is unreadable.
    """
    listing = {split: _listed(root, split) for split in COUNTS}
    copy = _copy(root, listing)
    arrays, digest = cache.through(
        _fingerprint(root, listing), lambda: _decoded(root, listing, say), say
    )
    return arrays, digest, copy


def _listed(root: Path, split: str) -> list[Image]:
    _check_classes(root, split)
    found = [
        Image(Path(entry.path), label, entry.stat().st_size, entry.stat().st_mtime_ns)
        for label, name in enumerate(CIFAR10_CLASSES)
        for entry in sorted(os.scandir(root / split / name), key=lambda entry: entry.name)
        if _is_image(entry)
    ]
    if len(found) != COUNTS[split]:
        raise UserError(
            f"{root / split} holds {len(found):,} images, CIFAR-10 has {COUNTS[split]:,}"
            f"{_short_classes(found, split)}: complete the copy, or leave out --data-dir"
        )
    return found


def _is_image(entry: os.DirEntry[str]) -> bool:
    known = Path(entry.name).suffix.lower() in COPIES
    return known and not entry.name.startswith(".") and entry.is_file()


def _check_classes(root: Path, split: str) -> None:
    missing = [name for name in CIFAR10_CLASSES if not (root / split / name).is_dir()]
    if missing:
        raise UserError(
            f"class folders missing in {root / split}: {', '.join(missing)}; "
            f"CIFAR-10 needs all ten: {', '.join(CIFAR10_CLASSES)}"
        )


def _short_classes(found: list[Image], split: str) -> str:
    each = COUNTS[split] // len(CIFAR10_CLASSES)
    counts = np.bincount([image.label for image in found], minlength=len(CIFAR10_CLASSES))
    odd = [f"{CIFAR10_CLASSES[c]} {n:,}" for c, n in enumerate(counts) if n != each]
    return f" ({', '.join(odd[:4])}{', …' if len(odd) > 4 else ''}; each should have {each:,})"


def _copy(root: Path, listing: dict[str, list[Image]]) -> str:
    kinds = {COPIES[image.path.suffix.lower()] for images in listing.values() for image in images}
    if len(kinds) > 1:
        raise UserError(f"{root} mixes PNG and JPEG images: keep one kind")
    return kinds.pop()


def _fingerprint(root: Path, listing: dict[str, list[Image]]) -> str:
    sha = hashlib.sha256(b"cifar10 class folders 1\n")
    for images in listing.values():
        for image in images:
            name = image.path.relative_to(root).as_posix()
            sha.update(f"{name} {image.size} {image.mtime_ns}\n".encode())
    return sha.hexdigest()[:32]


def _decoded(root: Path, listing: dict[str, list[Image]], say: Callable[[str], None]) -> Arrays:
    total = sum(len(images) for images in listing.values())
    say(f"decoding {total:,} images of {root} (once; later runs read them from the cache)")
    arrays: Arrays = {}
    # PIL lets go of the interpreter lock while it decodes, so threads are enough.
    with ThreadPoolExecutor(max_workers=min(8, cores())) as pool:
        for split, images in listing.items():
            paths = [image.path for image in images]
            pixels = np.empty((len(paths), 3, SIZE, SIZE), np.uint8)
            chunks = [range(i, min(i + 500, len(paths))) for i in range(0, len(paths), 500)]
            jobs = [pool.submit(_decode_into, pixels, paths, chunk) for chunk in chunks]
            try:
                for job in jobs:
                    job.result()
            finally:
                for job in jobs:
                    job.cancel()
            arrays[f"{split}_images"] = pixels
            arrays[f"{split}_labels"] = np.array([image.label for image in images], np.int64)
    return arrays


def _decode_into(pixels: np.ndarray, paths: list[Path], chunk: range) -> None:
    for number in chunk:
        pixels[number] = decode(paths[number])


def decode(path: Path) -> np.ndarray:
    """One 32 x 32 RGB image file as uint8 [3, 32, 32].

    Raises:
        UserError: the file is unreadable, truncated, of another size or not RGB.
    """
    from PIL import Image as PillowImage

    try:
        with PillowImage.open(path) as image:
            image.load()
            mode, size, pixels = image.mode, image.size, np.asarray(image)
    except Exception as error:  # PIL raises many kinds for a broken file
        raise UserError(f"image {path} is unreadable or cut ({error}): restore it") from None
    if mode != "RGB" or size != (SIZE, SIZE):
        raise UserError(f"image {path} is {size[0]} x {size[1]} {mode}, not {SIZE} x {SIZE} RGB")
    return pixels.transpose(2, 0, 1)
