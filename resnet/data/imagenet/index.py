"""The listing of a data folder, kept in the user's cache: 1.28 million files are looked at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from resnet.data import cache
from resnet.data.imagenet.listing import Listing, read
from resnet.data.imagenet.truth import files
from resnet.errors import UserError

FIELDS = ("paths", "wnids", "sizes")
PLACES = ("", "imagenet", "ImageNet", "ILSVRC2012", "ILSVRC/Data/CLS-LOC", "imagenet-sample")


def find(root: Path) -> Path | None:
    """The folder at or below `root` with train/ or val/ of ImageNet; None where there is none."""
    return next((root / place for place in PLACES if _is_here(root / place)), None)


def open_index(
    place: Path, say: Callable[[str], None], splits: Sequence[str] = ("train", "val")
) -> dict[str, Listing]:
    """The listings of the `splits`, as far as they are there.

    They are read from the cache while no class folder has changed (their times are looked at, not
    the files'), else made and checked.

    Raises:
        UserError: as `resnet.data.imagenet.listing.read` does.
    """
    splits = [split for split in splits if (place / split).is_dir()]
    try:
        kept = cache.folder() / f"imagenet-{_fingerprint(place, splits)}.npz"
        return _kept(kept, splits) or _made(place, splits, kept, say)
    except OSError as error:
        raise UserError(f"cannot read the photographs in {place}: {error}") from None


def digest(listings: dict[str, Listing]) -> str:
    """sha256 (hex) over class, name and size of every file, the same for either layout of val.

    Names and sizes, not pixels: to read 150 GB before every run would cost more than it tells.
    """
    sha = hashlib.sha256(b"imagenet by names and sizes 1\n")
    for split, listing in sorted(listings.items()):
        sha.update(f"{split}\n".encode())
        rows = zip(listing.wnids, listing.paths, listing.sizes, strict=True)
        for wnid, path, size in rows:
            sha.update(b"%s %s %d\n" % (wnid, path.rpartition(b"/")[2], size))
    return sha.hexdigest()


def _is_here(place: Path) -> bool:
    """Whether there is a train/ or val/ with a class of ImageNet, or a flat val/ of it."""
    for split in ("train", "val"):
        with contextlib.suppress(OSError), os.scandir(place / split) as entries:
            if any(_is_ours(entry.name) for entry in entries):
                return True
    return False


def _is_ours(name: str) -> bool:
    wnid = len(name) == 9 and name[0] == "n" and name[1:].isdigit()
    return wnid or name.startswith("ILSVRC2012_val_")


def _fingerprint(place: Path, splits: list[str]) -> str:
    """Of the folders' names and times: adding, removing or renaming a file changes its folder's."""
    sha = hashlib.sha256(f"1 {place.resolve()}\n".encode())
    folders = [place / split for split in splits]
    for path in [*folders, *files(place / "val")]:
        sha.update(f"{path} {path.stat().st_mtime_ns}\n".encode())
    for folder in folders:
        with os.scandir(folder) as entries:
            lines = [f"{e.name} {e.stat().st_mtime_ns}\n" for e in entries if e.is_dir()]
        sha.update("".join(sorted(lines)).encode())
    return sha.hexdigest()[:32]


def _kept(path: Path, splits: list[str]) -> dict[str, Listing] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {s: Listing(*(file[f"{s}_{field}"] for field in FIELDS)) for s in splits}
    except Exception:  # missing, cut or altered: all mean, look again
        return None


def _made(
    place: Path, splits: list[str], kept: Path, say: Callable[[str], None]
) -> dict[str, Listing]:
    say(f"looking at every photograph in {place} (once; later calls read a list of them)")
    listings = {split: read(place / split) for split in splits}
    arrays = {f"{s}_{field}": getattr(listings[s], field) for s in splits for field in FIELDS}
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.tmp.npz")
        np.savez(part, **arrays)
        os.replace(part, kept)
    except OSError as error:
        say(f"the list could not be cached ({error}): looking again next time")
    return listings
