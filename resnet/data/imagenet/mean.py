"""What is subtracted from photographs, and the mean image that the papers subtract."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from resnet.data import cache
from resnet.data.imagenet import views
from resnet.data.imagenet.loader import Loader, Request
from resnet.data.imagenet.sets import Photographs
from resnet.data.normalise import IMAGENET_MEAN, IMAGENET_STD
from resnet.errors import UserError
from resnet.recipes import Recipe

ENOUGH = 10_000  # photographs: the mean of so many is within 0.2 % of all 1.28 million's
BATCH = 128


@dataclass(frozen=True)
class Normaliser:
    """x - mean, then / scale; pixels in 0 to 1 before the subtraction.

    Attributes:
        mean: float32 [3, S, S], or [3, 1, 1]. At any other size than S its mean a channel serves.
        scale: float32 [3, 1, 1], or None for no scaling.
    """

    mean: Tensor
    scale: Tensor | None

    @classmethod
    def of(
        cls,
        split: Photographs,
        recipe: Recipe,
        key: str,
        loader: Loader,
        say: Callable[[str], None] = print,
    ) -> Normaliser:
        """The recipe's normaliser: ImageNet's published statistics, or the mean image of `split`.

        `key` names the split, so that its mean image is found in the cache.

        Raises:
            UserError: no such normalisation; or as `mean_image` does.
        """
        if recipe.normalisation == "imagenet":
            mean, scale = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
            return cls(mean, scale)
        if recipe.normalisation == "per-pixel mean":
            return cls(mean_image(split, recipe, key, loader, say), None)
        raise UserError(
            f"recipe '{recipe.name}': photographs are normalised by 'per-pixel mean' or "
            f"'imagenet', not by '{recipe.normalisation}'"
        )

    def to(self, device: torch.device) -> Normaliser:
        """The same normaliser on `device`."""
        scale = None if self.scale is None else self.scale.to(device)
        return Normaliser(self.mean.to(device), scale)

    def __call__(self, x: Tensor) -> Tensor:
        """Images x [B, 3, H, W] in 0 to 1, normalised."""
        fits = self.mean.shape[1:] in ((1, 1), x.shape[2:])
        mean = self.mean if fits else self.mean.mean((1, 2), keepdim=True)
        shifted = x - mean
        return shifted if self.scale is None else shifted / self.scale


def mean_image(
    split: Photographs,
    recipe: Recipe,
    key: str,
    loader: Loader,
    say: Callable[[str], None] = print,
) -> Tensor:
    """Mean of the centre crops of the first ENOUGH photographs in 0 to 1: float32 [3, S, S].

    `split` is in random order, so that these are of all classes. Summed in integers, so the same
    everywhere; kept in the user's cache. How many were left out as corrupt is said when it is made.

    Raises:
        UserError: one is corrupt and the recipe skips none, or all are; or one cannot be read now.
    """
    about = f"{key} {len(split)} {recipe.size} {recipe.test_side} {recipe.skip_corrupt}"
    name = hashlib.sha256(f"mean image 2 {about}".encode()).hexdigest()[:32]
    path = cache.folder() / f"mean-{name}.npy"
    shape = (3, recipe.size, recipe.size)
    try:
        kept = np.load(path, allow_pickle=False)
        if kept.shape == shape and kept.dtype == np.float32:
            return torch.from_numpy(kept)
    except Exception:  # missing, cut or altered: all mean, make it
        pass
    mean = _mean(split, recipe, loader, say)
    _keep(path, mean)
    return mean


def _mean(split: Photographs, recipe: Recipe, loader: Loader, say: Callable[[str], None]) -> Tensor:
    size, side, skip = recipe.size, recipe.test_side, recipe.skip_corrupt
    total, count = torch.zeros((3, size, size), dtype=torch.int64), 0
    numbers = range(min(len(split), ENOUGH))
    requests = (
        Request(
            tuple(views.centre(split, n, side, size, skip) for n in numbers[start : start + BATCH]),
            (3, size, size),
        )
        for start in range(0, len(numbers), BATCH)
    )
    for batch in loader.batches(requests):
        whole = batch.shown >= 0
        total += batch.images[whole].sum(0, dtype=torch.int64)
        count += int(whole.sum())
    if not count:
        raise UserError(f"not one of {len(numbers):,} photographs in {split.folder} can be read")
    if count < len(numbers):
        out = len(numbers) - count
        say(f"mean image of {count:,} photographs: of {len(numbers):,}, {out:,} corrupt, left out")
    return (total.double() / (255 * count)).float()


def _keep(path: Path, mean: Tensor) -> None:
    """Write the cache; a folder that cannot be written goes without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.tmp.npy")
        np.save(part, mean.numpy())
        os.replace(part, path)
    except OSError:
        return
