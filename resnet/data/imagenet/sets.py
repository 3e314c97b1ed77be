"""A data set of photographs on disk: what a run may take of it, as `resnet.data.Dataset` has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from resnet.data.imagenet import index
from resnet.data.imagenet.listing import Listing
from resnet.data.imagenet.wnids import TRAIN, VAL, wnids
from resnet.data.names import DataUnavailable
from resnet.data.sets import Subset
from resnet.errors import UserError
from resnet.randomness import generator
from resnet.recipes import Recipe


@dataclass(frozen=True)
class Photographs:
    """Files of one split, paths below `folder` as bytes [N], and their labels, int64 [N]."""

    folder: Path
    paths: np.ndarray
    labels: Tensor

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, number: int) -> Path:
        """Where photograph `number` lies."""
        return self.folder / os.fsdecode(self.paths[number])

    def at(self, chosen: np.ndarray) -> Photographs:
        """The photographs numbered `chosen`, int64 [M], in that order."""
        where = torch.from_numpy(np.ascontiguousarray(chosen))
        return Photographs(self.folder, self.paths[chosen], self.labels[where])

    def to(self, device: object) -> Photographs:
        """Itself: photographs stay on disk."""
        return self

    def only(self, classes: np.ndarray) -> Photographs:
        """Those of the classes numbered `classes`, whose places become the labels."""
        place = np.full(int(max(classes.max(), self._most())) + 1, -1)
        place[classes] = np.arange(len(classes))
        labels = place[self.labels.numpy()]
        kept = np.flatnonzero(labels >= 0)
        return replace(self.at(kept), labels=torch.from_numpy(labels[kept]))

    def at_most(self, each: int) -> Photographs:
        """At most `each` of a class, the same for every run; in the old order."""
        labels, order = self.labels.numpy(), generator(0, "photographs").permutation(len(self))
        shuffled = order[np.argsort(labels[order], kind="stable")]
        first = np.searchsorted(labels[shuffled], labels[shuffled])
        return self.at(np.sort(shuffled[np.arange(len(self)) - first < each]))

    def _most(self) -> int:
        return int(self.labels.max()) if len(self) else 0


@dataclass(frozen=True)
class PhotoSet:
    """ImageNet, a part of it, or its drawn stand-in.

    `classes` are WordNet ids, a label is an index into them; `copy` says whether it is all of it.
    `digest` is over names and sizes (`resnet.data.imagenet.index.digest`).
    """

    name: str
    train: Photographs
    test: Photographs
    classes: tuple[str, ...]
    copy: str
    source: str
    digest: str

    def narrowed(self, recipe: Recipe) -> PhotoSet:
        """The recipe's choice of classes and of training images of each, the same for every seed.

        Raises:
            UserError: more classes are asked for than there are.
        """
        chosen = choose(len(self.classes), recipe.classes or len(self.classes))
        train, test = self.train.only(chosen), self.test.only(chosen)
        if recipe.images_per_class:
            train = train.at_most(recipe.images_per_class)
        return replace(self, train=train, test=test, classes=tuple(self.classes[c] for c in chosen))

    def part(self, name: str) -> PhotoSet:
        """Itself: a part of the classes is the recipe's to choose. UserError for another name."""
        if name != self.name:
            raise UserError(f"'{name}' is no part of the data set '{self.name}': use --classes")
        return self

    def take(self, train: int, validation: int, test: int) -> Subset:
        """Choose images for a run, as `resnet.data.Dataset.take` does."""
        for what, wanted, room in (
            ("training and validation", train + validation, len(self.train)),
            ("test", test, len(self.test)),
        ):
            if wanted > room:
                raise UserError(
                    f"{wanted:,} {what} images asked for, but the {self.name} set has {room:,}: "
                    "ask for fewer"
                )
        order = generator(0, "subset", "train").permutation(len(self.train))
        last = order[len(order) - validation :]
        chosen = np.sort(generator(0, "subset", "test").permutation(len(self.test))[:test])
        parts = (self.train.at(order[:train]), self.train.at(last), self.test.at(chosen))
        return Subset(*parts)  # type: ignore[arg-type]


def choose(have: int, count: int) -> np.ndarray:
    """The numbers of `count` out of `have` classes, in order; the same for every run.

    Raises:
        UserError: more are asked for than there are.
    """
    if count > have:
        raise UserError(
            f"{count:,} classes asked for, but the data has {have:,}: ask for fewer with --classes"
        )
    return np.sort(generator(0, "classes").permutation(have)[:count])


def load(root: Path, say: Callable[[str], None]) -> PhotoSet:
    """The photographs at or below `root`, with train/ and val/.

    Raises:
        DataUnavailable: there are none. UserError: a split is missing, or as `open_index` does.
    """
    place = index.find(root)
    if place is None:
        raise DataUnavailable(
            f"no ImageNet in {root} (train/<wnid>/ and val/): name its folder with --data-dir, or "
            "use --dataset synthetic-photographs"
        )
    listings = index.open_index(place, say)
    for split in ("train", "val"):
        if split not in listings:
            raise UserError(
                f"{place} has no {split}/ folder: training needs train/ and val/ "
                "(--weights evaluates on val/ alone)"
            )
    return of(place, listings)


def validation(root: Path, say: Callable[[str], None]) -> tuple[Photographs, str]:
    """The validation photographs at or below `root` alone, and the digest of their listing.

    Labels are the official numbers, 0 to 999, as weights from elsewhere have them, whichever of
    the classes are there.

    Raises:
        DataUnavailable, UserError: as `load` does.
    """
    place = index.find(root)
    if place is None or not (place / "val").is_dir():
        raise DataUnavailable(
            f"no validation photographs of ImageNet in {root} (val/<wnid>/, or a flat val/ with "
            "its ground truth): name their folder with --data-dir"
        )
    listings = index.open_index(place, say, ("val",))
    return split(place / "val", listings["val"], wnids()), index.digest(listings)


def of(place: Path, listings: dict[str, Listing]) -> PhotoSet:
    """The data set of these listings; UserError where the splits' classes differ."""
    train, val = listings["train"], listings["val"]
    classes = tuple(wnid.decode() for wnid in np.unique(train.wnids))
    if odd := sorted(set(classes) ^ {wnid.decode() for wnid in np.unique(val.wnids)}):
        raise UserError(
            f"train/ and val/ of {place} have different classes: {', '.join(odd[:5])} "
            f"{'and more ' * (len(odd) > 5)}in one of them only; complete the other"
        )
    whole = (len(classes), len(train), len(val)) == (len(wnids()), TRAIN, VAL)
    copy = (
        "original" if whole else f"part: {len(classes):,} of 1,000 classes, {len(train):,} images"
    )
    return PhotoSet(
        "imagenet",
        split(place / "train", train, classes),
        split(place / "val", val, classes),
        classes,
        copy,
        f"{len(train):,} photographs to train on, {len(val):,} to test; digest of names and sizes",
        index.digest(listings),
    )


def split(folder: Path, listing: Listing, classes: tuple[str, ...]) -> Photographs:
    """The photographs of one listing, labelled by their class's place in `classes` (sorted)."""
    labels = np.searchsorted(np.array([c.encode() for c in classes]), listing.wnids)
    return Photographs(folder, listing.paths, torch.from_numpy(labels.astype(np.int64)))
