"""The classes of a flat validation folder: from the devkit, its two files, or Kaggle's table."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from resnet.data.imagenet.wnids import VAL, numbers
from resnet.errors import UserError

TRUTH, META = "ILSVRC2012_validation_ground_truth.txt", "meta.mat"
KAGGLE = "LOC_val_solution.csv"
NUMBER = re.compile(r"ILSVRC2012_val_(\d{8})\.", re.ASCII)


def ground_truth(folder: Path, names: Sequence[str]) -> list[str]:
    """The class id of each of the files `names` in a flat validation folder.

    Looked for beside `folder`, in it, and in a devkit there: the ground truth with meta.mat (which
    says what the numbers in it mean), or LOC_val_solution.csv.

    Raises:
        UserError: none of them is there, or they do not cover the files.
    """
    for place in _places(folder):
        if (place / KAGGLE).is_file():
            return _kaggle(place / KAGGLE, names)
        if (place / TRUTH).is_file():
            return _official(place, names)
    raise UserError(
        f"{folder} is flat, and the classes of its photographs are not known: put the devkit's "
        f"{TRUTH} and {META} (or {KAGGLE}) beside it, or sort it into class folders"
    )


def files(folder: Path) -> list[Path]:
    """The files that may say the classes of a flat `folder`, as far as they are there."""
    names = (TRUTH, META, KAGGLE)
    return [place / name for place in _places(folder) for name in names if (place / name).is_file()]


def _places(folder: Path) -> list[Path]:
    places = [folder, folder.parent, *folder.parents[1:4]]
    kits = [kit / "data" for place in places for kit in sorted(place.glob("ILSVRC2012_devkit*"))]
    return [*places[:2], *kits, *places[2:]]


def _official(place: Path, names: Sequence[str]) -> list[str]:
    ids = _meta(place / META)
    try:
        labels = [ids[int(line)] for line in (place / TRUTH).read_text().split()]
    except (ValueError, KeyError) as error:
        raise UserError(f"{place / TRUTH} is cut or altered ({error}): restore it") from None
    if len(labels) != VAL:
        raise UserError(f"{place / TRUTH} has {len(labels):,} lines, not {VAL:,}: restore it")
    matches = [NUMBER.match(name) for name in names]
    strange = [name for name, m in zip(names, matches, strict=True) if not m or int(m[1]) > VAL]
    if strange:
        raise UserError(
            f"'{strange[0]}' is no validation image's name: the ground truth goes by numbers, as "
            "in ILSVRC2012_val_00000001.JPEG"
        )
    return [labels[int(match[1]) - 1] for match in matches if match]


def _meta(path: Path) -> dict[int, str]:
    """ILSVRC id, 1 to 1000, to WordNet id: the devkit's numbers are not in the order of the ids."""
    from scipy.io import loadmat

    try:
        # As a string: of a Path that is missing loadmat says no more than that it failed.
        rows = loadmat(str(path), squeeze_me=True)["synsets"]
        found = {int(row["ILSVRC2012_ID"]): str(row["WNID"]) for row in rows}
    except FileNotFoundError:
        raise UserError(f"{path} is missing: without it {TRUTH} names no classes") from None
    except Exception as error:  # loadmat raises many kinds for a broken file
        raise UserError(f"{path} cannot be read ({error}): restore it") from None
    return {number: wnid for number, wnid in found.items() if wnid in numbers()}


def _kaggle(path: Path, names: Sequence[str]) -> list[str]:
    with path.open(newline="") as file:
        rows = {row[0]: row[1].split()[0] for row in csv.reader(file) if len(row) > 1 and row[1]}
    try:
        found = [rows[Path(name).stem] for name in names]
    except KeyError as error:
        raise UserError(f"{path} says nothing of the photograph {error}: restore it") from None
    strange = sorted(set(found) - set(numbers()))
    if strange:
        raise UserError(f"{path} names classes that ImageNet does not have: {strange[0]}")
    return found
