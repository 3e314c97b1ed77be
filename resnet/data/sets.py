"""What a data set is here: uint8 images and labels in memory, with a digest of the pixels."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from resnet.errors import UserError
from resnet.randomness import generator


@dataclass(frozen=True)
class Split:
    """Images, uint8 [N, 3, H, W], and their labels, int64 [N]."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, index: np.ndarray) -> "Split":
        """The images numbered `index`, int64 [M], in that order."""
        chosen = torch.from_numpy(np.ascontiguousarray(index))
        return Split(self.images[chosen], self.labels[chosen])

    def to(self, device: torch.device | str) -> "Split":
        """The same split on `device`."""
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Subset:
    """What one run uses of a data set: to train on, to choose with, and to report on."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes:
        name: 'cifar10' or 'synthetic', or a part of one, such as 'cifar10-animals'.
        train: training split.
        test: test split.
        classes: class names; a label is an index into them.
        copy: 'original', 'JPEG copy (lossy)', 'PNG copy' or 'synthetic'.
        source: how the images came, in words fit for a caption; no path of this machine.
        digest: sha256 (hex) over pixels and labels of both splits.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    copy: str
    source: str
    digest: str

    def part(self, name: str) -> "Dataset":
        """The part called `name`, such as 'cifar10-animals': see `resnet.data.parts`."""
        from resnet.data.parts import part

        return part(self, name)

    def take(self, train: int, validation: int, test: int) -> Subset:
        """Choose images for a run: the same ones for every seed, net and recipe of these sizes.

        Training images are the first of a fixed permutation of the training split, validation
        images the last of it, so that neither choice moves when the other's size changes.

        Raises:
            UserError: a size is negative, or more is asked for than there is.
        """
        self._check_room("training and validation", train, validation, len(self.train))
        self._check_room("test", test, 0, len(self.test))
        order = generator(0, "subset", "train").permutation(len(self.train))
        last = order[len(order) - validation :]
        chosen = generator(0, "subset", "test").permutation(len(self.test))[:test]
        return Subset(self.train.at(order[:train]), self.train.at(last), self.test.at(chosen))

    def _check_room(self, what: str, first: int, second: int, room: int) -> None:
        if first < 0 or second < 0:
            raise UserError(f"a number of {what} images is negative: {min(first, second)}")
        if first + second > room:
            raise UserError(
                f"{first + second:,} {what} images asked for, but the {self.name} set "
                f"has {room:,}: ask for fewer"
            )


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 (hex) over 'train_images', 'train_labels', 'test_images' and 'test_labels'."""
    sha = hashlib.sha256()
    for part in ("train_images", "train_labels", "test_images", "test_labels"):
        array = np.ascontiguousarray(arrays[part])
        sha.update(f"{part} {array.dtype.str} {array.shape}\n".encode())
        sha.update(array.data)
    return sha.hexdigest()


def splits(arrays: Mapping[str, np.ndarray]) -> tuple[Split, Split]:
    """The training and the test split of `arrays` (names as in `digest`), without a copy."""
    train, test = (
        Split(
            torch.from_numpy(arrays[f"{split}_images"]),
            torch.from_numpy(arrays[f"{split}_labels"]),
        )
        for split in ("train", "test")
    )
    return train, test
