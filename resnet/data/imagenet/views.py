"""Jobs for the loader: a photograph's training crop, and what the test protocols show of it."""

from __future__ import annotations

from functools import partial

import numpy as np
from torch import Tensor

from resnet.data.imagenet.crops import cut, shorter_side, shrunk
from resnet.data.imagenet.decode import CorruptImage, decode, header, reduction
from resnet.data.imagenet.draws import Stream
from resnet.data.imagenet.loader import Job
from resnet.data.imagenet.reading import read
from resnet.data.imagenet.sets import Photographs

SCALES = (224, 256, 384, 480, 640)
"""Shorter sides of He et al. 2015, section 3.4, for nets that were trained at 224 pixels."""


def training(split: Photographs, stream: Stream, place: int, skip: bool) -> Job:
    """The crop at `place` of the stream; with `skip`, the next photograph for a corrupt one."""
    return partial(_training, split, stream, place, skip)


def _training(split: Photographs, stream: Stream, place: int, skip: bool, out: Tensor) -> int:
    for later in range(stream.n if skip else 1):
        number = stream.index(place + later)
        try:
            out.copy_(_crop(read(split, number), stream, place, stream.recipe.size))
            return number
        except CorruptImage as error:
            if not skip:
                raise _named(split, number, error) from None
    raise CorruptImage(f"not one of {stream.n:,} photographs can be read")


def _crop(content: bytes, stream: Stream, place: int, size: int) -> Tensor:
    """Decoded no larger than the crop needs: the box is drawn from the header's size."""
    view, frame = stream.view(place), header(content)
    if frame is None:
        pixels = decode(content)
        return cut(pixels, view.box(*pixels.shape[:2]), size)
    box = view.box(frame[0], frame[1])
    scale = reduction(min(box[2:]), size)
    pixels = decode(content, scale)
    if pixels.shape[:2] != frame[:2]:
        box = shrunk(box, scale, *pixels.shape[:2])
    return cut(pixels, box, size)


def centre(split: Photographs, number: int, side: int, size: int, skip: bool) -> Job:
    """The centre of the photograph with its shorter side at `side`: fills uint8 [3, size, size]."""
    return partial(_test, split, number, skip, partial(_centre, side, size))


def five(split: Photographs, number: int, side: int, size: int, skip: bool) -> Job:
    """Four corners and the centre: fills uint8 [5, 3, size, size]; their mirrors cost no file.

    Corners of the whole rectangle, not of a central square.
    """
    return partial(_test, split, number, skip, partial(_five, side, size))


def whole(split: Photographs, number: int, sides: tuple[int, ...], skip: bool) -> list[Tensor]:
    """The whole photograph at each of the `sides`: uint8 [3, h, w] each.

    [] for a corrupt one with `skip`; without it, CorruptImage, named.
    """
    try:
        pixels = _pixels(split, number)
    except CorruptImage:
        if not skip:
            raise
        return []
    return [shorter_side(pixels, side).contiguous() for side in sides]


def _test(split: Photographs, number: int, skip: bool, show: partial[Tensor], out: Tensor) -> int:
    try:
        out.copy_(show(_pixels(split, number)))
        return number
    except CorruptImage:
        if not skip:
            raise
        return -1


def _centre(side: int, size: int, pixels: np.ndarray) -> Tensor:
    image = shorter_side(pixels, side)
    top, left = (round((room - size) / 2) for room in image.shape[1:])
    return image[:, top : top + size, left : left + size]


def _five(side: int, size: int, pixels: np.ndarray) -> Tensor:
    from torch import stack
    from torchvision.transforms.v2.functional import five_crop

    return stack(five_crop(shorter_side(pixels, side), [size, size]))


def _pixels(split: Photographs, number: int) -> np.ndarray:
    """At full size: a test protocol is exact about how it resizes."""
    try:
        return decode(read(split, number))
    except CorruptImage as error:
        raise _named(split, number, error) from None


def _named(split: Photographs, number: int, error: CorruptImage) -> CorruptImage:
    return CorruptImage(f"photograph {split.path(number)} cannot be read ({error})")
