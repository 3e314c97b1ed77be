"""The photographs of a data folder, found and checked before anything is trained on them.

train/<wnid>/*.JPEG, and val/<wnid>/*.JPEG or a flat val/ with the official ground truth beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from resnet.data.imagenet.truth import ground_truth
from resnet.data.imagenet.wnids import numbers
from resnet.errors import UserError

SUFFIXES = (".jpeg", ".jpg", ".png")
HEADS = (b"\xff\xd8", b"\x89P")  # of a JPEG and of a PNG: ImageNet has one that is called JPEG
NAMED = 5  # bad files that a message names
THREADS = 16


@dataclass(frozen=True)
class Listing:
    """Files of one split: paths below its folder as bytes, class ids, sizes in bytes; all [N]."""

    paths: np.ndarray
    wnids: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        return len(self.paths)

    @classmethod
    def of(cls, files: Sequence[tuple[str, str, int]]) -> Listing:
        """From (path, wnid, size), in the order of ids and names."""
        ordered = sorted(files, key=lambda file: (file[1], os.path.basename(file[0])))
        paths, wnids, sizes = zip(*ordered, strict=True) if ordered else ((), (), ())
        return cls(
            np.array([os.fsencode(path) for path in paths], dtype=np.bytes_),
            np.array([wnid.encode() for wnid in wnids], dtype="S9"),
            np.array(sizes, np.int64),
        )


def read(folder: Path) -> Listing:
    """The photographs below `folder` (train or val), every file checked.

    Raises:
        UserError: a class that ImageNet does not have, an empty class, files that are empty, cannot
            be read or are no photographs, a flat folder without its ground truth.
    """
    entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    classes = sorted(entry.name for entry in entries if entry.is_dir())
    flat = [entry.name for entry in entries if _is_photograph(entry.name)]
    if classes and flat:
        raise UserError(
            f"{folder} has class folders and loose photographs ('{flat[0]}' and {len(flat) - 1} "
            "more): keep one layout"
        )
    files = _flat(folder, sorted(flat)) if flat else _by_class(folder, classes)
    _check(folder, files)
    return Listing.of(files)


def _by_class(folder: Path, classes: Sequence[str]) -> list[tuple[str, str, int]]:
    strange = [name for name in classes if name not in numbers()]
    if strange:
        raise UserError(
            f"{folder} has folders that are no classes of ImageNet: {_some(strange)}; classes are "
            "WordNet ids such as n01440764"
        )
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda wnid: _scanned(folder, wnid), classes))
    empty = [wnid for wnid, files in zip(classes, found, strict=True) if not files]
    if empty or not found:
        what = f"the classes {_some(empty)}" if empty else "no class folders"
        raise UserError(f"{folder} holds {what}{' without photographs' * bool(empty)}: complete it")
    return list(chain.from_iterable(found))


def _scanned(folder: Path, wnid: str) -> list[tuple[str, str, int]]:
    with os.scandir(folder / wnid) as entries:
        return [
            (f"{wnid}/{entry.name}", wnid, _size(entry))
            for entry in entries
            if _is_photograph(entry.name)
        ]


def _flat(folder: Path, names: Sequence[str]) -> list[tuple[str, str, int]]:
    truth = ground_truth(folder, names)
    return [(name, wnid, _size(folder / name)) for name, wnid in zip(names, truth, strict=True)]


def _check(folder: Path, files: Sequence[tuple[str, str, int]]) -> None:
    """Name what is empty, cannot be read, or begins like no photograph."""
    size = max(1, len(files) // (8 * THREADS))
    parts = [files[start : start + size] for start in range(0, len(files), size)]
    with ThreadPoolExecutor(THREADS) as pool:
        bad = list(chain.from_iterable(pool.map(lambda part: _bad(folder, part), parts)))
    if bad:
        raise UserError(
            f"{len(bad):,} of {len(files):,} files in {folder} are no photographs: {_some(bad)}; "
            "restore or remove them"
        )


def _bad(folder: Path, files: Iterable[tuple[str, str, int]]) -> list[str]:
    found = []
    for path, _, size in files:
        try:
            with open(folder / path, "rb", buffering=0) as file:
                head = file.read(2)
            if size == 0:
                found.append(f"{path} (empty)")
            elif head not in HEADS:
                found.append(f"{path} (not a JPEG)")
        except OSError as error:
            found.append(f"{path} ({(error.strerror or 'unreadable').lower()})")
    return found


def _is_photograph(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _size(entry: os.DirEntry[str] | Path) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return -1  # a link to nowhere: `_check` names it


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
