"""Where a training crop is cut from a photograph, and how it becomes a square of pixels."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

Box = tuple[int, int, int, int]
"""Top, left, height, width, in the photograph's pixels."""

AREA, RATIO, TRIES = (0.08, 1.0), (3 / 4, 4 / 3), 10


def scale_crop(
    height: int, width: int, size: int, sides: tuple[int, int], draw: np.random.Generator
) -> Box:
    """Scale augmentation: the shorter side at random in `sides`, then a random square of `size`.

    He et al. 2015, section 3.4 (256 to 480, and 224). What is cut is the part of the photograph
    that such a crop shows, to the next whole pixel: the photograph is never resized whole.
    """
    shorter = min(height, width)
    side = int(draw.integers(sides[0], sides[1] + 1))
    cut = max(1, min(shorter, round(shorter * size / side)))
    top, left = (int(draw.integers(0, room - cut + 1)) for room in (height, width))
    return top, left, cut, cut


def scale_and_aspect_crop(height: int, width: int, draw: np.random.Generator) -> Box:
    """A crop of 8 to 100 % of the area and 3/4 to 4/3 in aspect; the centre after ten misses.

    fb.resnet.torch's `RandomSizedCrop` and torchvision's `RandomResizedCrop` (aspect uniform in
    its logarithm), which the pre-activation ResNet-200 of He et al. 2016, Table 5 was trained with.
    """
    for _ in range(TRIES):
        area = height * width * draw.uniform(*AREA)
        aspect = math.exp(draw.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            top, left = int(draw.integers(0, height - h + 1)), int(draw.integers(0, width - w + 1))
            return top, left, h, w
    h = min(height, max(1, round(width / RATIO[0])))
    w = min(width, max(1, round(height * RATIO[1])))
    return (height - h) // 2, (width - w) // 2, h, w


def shrunk(box: Box, scale: int, height: int, width: int) -> Box:
    """The box in a photograph that was decoded at 1/scale, which has `height` and `width`."""
    h, w = max(1, min(box[2] // scale, height)), max(1, min(box[3] // scale, width))
    return min(box[0] // scale, height - h), min(box[1] // scale, width - w), h, w


def cut(pixels: np.ndarray, box: Box, size: int) -> Tensor:
    """The box of a photograph, uint8 [H, W, 3], as a square: uint8 [3, size, size]."""
    top, left, height, width = box
    return resized(pixels[top : top + height, left : left + width], size, size)


def resized(pixels: np.ndarray, height: int, width: int) -> Tensor:
    """A photograph, uint8 [H, W, 3], at another size, bilinear with antialiasing: uint8 [3, h, w].

    Kept with its channels last inside, which torch resizes twice as fast.
    """
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    if image.shape[1:] == (height, width):
        return image
    wanted = (height, width)
    return interpolate(image[None], wanted, mode="bilinear", antialias=True, align_corners=False)[0]


def shorter_side(pixels: np.ndarray, side: int) -> Tensor:
    """A photograph, uint8 [H, W, 3], with its shorter side at `side`; torchvision's rounding."""
    height, width = pixels.shape[:2]
    if height <= width:
        return resized(pixels, side, int(side * width / height))
    return resized(pixels, int(side * height / width), side)
