"""Cutout, MixUp and CutMix on whole batches, drawn by counter like all other randomness here.

MixUp and CutMix are torchvision's own (`torchvision.transforms.v2`), handed the parameters that
they would else draw from torch's global state. Cutout is not: its `erase` takes one box a call, and
each image has its own.
"""

import math

import torch
from torch import Tensor
from torchvision.transforms.v2 import CutMix, MixUp

from resnet.randomness import generator
from resnet.recipes import Recipe


def softened(
    x: Tensor, y: Tensor, recipe: Recipe, seed: int, step: int, classes: int
) -> tuple[Tensor, Tensor]:
    """The batch of step number `step` as the recipe trains on it.

    x [B, 3, H, W], labels y int64 [B]. Where the recipe mixes, the labels returned are the shares
    of the classes, float32 [B, classes].
    """
    like = torch.channels_last if x.is_contiguous(memory_format=torch.channels_last) else None
    if recipe.cutout:
        height, width = x.shape[2:]
        random = generator(seed, "cutout", step)
        centres = random.integers(0, [[height], [width]], (2, len(x)))
        x = cut_out(x, torch.as_tensor(centres).to(x.device), recipe.cutout)
    if recipe.mix != "none":
        x, y = mixed(x, y, recipe, seed, step, classes)
    return (x.contiguous(memory_format=like) if like else x), y


def cut_out(x: Tensor, centres: Tensor, side: int) -> Tensor:
    """Zero a square of `side` pixels about each image's centre (DeVries & Taylor 2017).

    x [B, 3, H, W], centres int64 [2, B] (row, column). What lies beyond the edge is cut off, so
    that squares near it are smaller.
    """
    rows, columns = (
        (torch.arange(size, device=x.device) - centre[:, None] + side // 2)
        for size, centre in zip(x.shape[2:], centres, strict=True)
    )
    inside = [(place >= 0) & (place < side) for place in (rows, columns)]
    square = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return x.masked_fill(square, 0.0)


def mixed(
    x: Tensor, y: Tensor, recipe: Recipe, seed: int, step: int, classes: int
) -> tuple[Tensor, Tensor]:
    """Each image with the one before it in the batch, by MixUp or CutMix; y as class shares."""
    random = generator(seed, "mix", step)
    share = float(random.beta(recipe.mix_alpha, recipe.mix_alpha))
    kinds = recipe.mix.split(" or ")
    kind = kinds[int(random.integers(len(kinds)))]
    params = {"labels": y, "batch_size": len(y), "lam": share}
    transform = MixUp(num_classes=classes) if kind == "mixup" else CutMix(num_classes=classes)
    if kind == "cutmix":
        height, width = x.shape[2:]
        column, row = int(random.integers(width)), int(random.integers(height))
        params |= cutmix_box(share, row, column, height, width)
    return transform.transform(x, params), transform.transform(y, params)


def cutmix_box(share: float, row: int, column: int, height: int, width: int) -> dict[str, object]:
    """torchvision's parameters of CutMix for a box about (row, column) with area 1 - share.

    The same arithmetic as `CutMix.make_params`, which draws and works out in one.
    """
    half = 0.5 * math.sqrt(1.0 - share)
    high, wide = int(half * height), int(half * width)
    x1, x2 = max(column - wide, 0), min(column + wide, width)
    y1, y2 = max(row - high, 0), min(row + high, height)
    kept = 1.0 - (x2 - x1) * (y2 - y1) / (width * height)
    return {"box": (x1, y1, x2, y2), "lam_adjusted": kept}
