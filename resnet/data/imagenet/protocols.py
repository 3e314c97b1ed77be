"""How a net is asked about a photograph: one crop, ten crops, or whole at many scales.

Each protocol gives other error rates for the same weights (about two points from one crop to ten),
so each has names of its own in every table, and nothing here turns one into another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from resnet.data.imagenet import views
from resnet.data.imagenet.pipeline import PhotoPipeline
from resnet.data.imagenet.sets import Photographs
from resnet.errors import UserError

WINDOW = 32  # photographs among which those of equal shape share a batch

Answers = Iterator[tuple[Tensor, Tensor]]
"""Class probabilities [B, classes], averaged over the views, and labels [B]."""


@torch.no_grad()
def one_crop(net: nn.Module, pipeline: PhotoPipeline, split: Photographs) -> Answers:
    """The centre crop of the size that the net was trained at: torchvision's and FAIR's figures.

    Those of He et al. 2015 in its authors' repository are such too. He et al. 2016, Table 5 has one
    row of 224 pixels; its others are of 320, which no protocol here is.
    """
    for x, y in pipeline.test(split):
        yield net(x).softmax(1), y


@torch.no_grad()
def ten_crops(net: nn.Module, pipeline: PhotoPipeline, split: Photographs) -> Answers:
    """Corners, centre and their mirrors, probabilities averaged; He et al. 2015, Tables 2 and 3.

    The corners are those of the whole photograph at its test size, as in torchvision and
    fb.resnet.torch; Krizhevsky et al. 2012 take those of its central square.
    """
    recipe = pipeline.recipe
    side, size, skip = recipe.test_side, recipe.size, recipe.skip_corrupt
    batch = max(1, pipeline.test_batch // 10)
    for crops, y in pipeline.shown(
        split, batch, (5, 3, size, size), lambda n: views.five(split, n, side, size, skip)
    ):
        x = pipeline.normalised(crops.flatten(0, 1))
        both = net(torch.cat([x, x.flip(3)])).softmax(1)
        # No -1: the photographs of a batch may all be corrupt.
        yield both.view(2, len(crops), 5, both.shape[1]).mean((0, 2)), y


@torch.no_grad()
def many_scales(net: nn.Module, pipeline: PhotoPipeline, split: Photographs) -> Answers:
    """The whole photograph at five sizes, fully convolutional; probabilities averaged.

    He et al. 2015, section 3.4 and Table 4: shorter sides of 224, 256, 384, 480 and 640, here in
    proportion where the net was trained at another size than 224. Average pooling before a linear
    classifier makes the net convolutional as it is: its logits are the mean over all places.
    """
    sides = tuple(round(side * pipeline.recipe.size / 224) for side in views.SCALES)
    skip = pipeline.recipe.skip_corrupt
    made = pipeline.loader.each(
        partial(views.whole, split, number, sides, skip) for number in range(len(split))
    )
    waiting: list[tuple[int, list[Tensor]]] = []
    for number, images in enumerate(made):
        if images:
            waiting.append((number, images))
        if len(waiting) == WINDOW or (waiting and number == len(split) - 1):
            chosen = torch.tensor([number for number, _ in waiting])
            found = _whole(net, pipeline, [images for _, images in waiting])
            yield found, split.labels[chosen].to(pipeline.device)
            waiting = []


def _whole(net: nn.Module, pipeline: PhotoPipeline, images: list[list[Tensor]]) -> Tensor:
    """Probabilities [B, classes] for photographs at all scales, those of one shape together."""
    total: Tensor | None = None
    for scale in range(len(images[0])):
        shapes: dict[tuple[int, ...], list[int]] = {}
        for place, one in enumerate(images):
            shapes.setdefault(tuple(one[scale].shape), []).append(place)
        for shape, places in shapes.items():
            room = max(1, pipeline.test_batch * pipeline.recipe.size**2 // (shape[1] * shape[2]))
            for start in range(0, len(places), room):
                part = places[start : start + room]
                x = pipeline.normalised(torch.stack([images[place][scale] for place in part]))
                found = net(x).softmax(1)
                if total is None:
                    total = found.new_zeros((len(images), found.shape[1]))
                total[part] += found
    assert total is not None
    return total / len(images[0])


PROTOCOLS: dict[str, Callable[[nn.Module, PhotoPipeline, Photographs], Answers]] = {
    "1": one_crop,
    "10": ten_crops,
    "scales": many_scales,
}


def errors(answers: Answers) -> dict[str, float]:
    """Top-1 ('error') and top-5 error ('error_top5') in percent, and of how many 'images'.

    Raises:
        UserError: of none.
    """
    wrong, wrong5, count = 0, 0, 0
    for shares, y in answers:
        first, five = missed(shares, y)
        wrong, wrong5, count = wrong + int(first.sum()), wrong5 + int(five.sum()), count + len(y)
    if not count:
        raise UserError("not one test image can be read: restore them")
    return {"error": 100 * wrong / count, "error_top5": 100 * wrong5 / count, "images": count}


def missed(shares: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Which images [B] have their class y not first, and not among the first five, of `shares`."""
    five = shares.topk(min(5, shares.shape[1])).indices
    return five[:, 0] != y, (five != y[:, None]).all(1)
