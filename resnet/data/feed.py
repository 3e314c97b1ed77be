"""What a run is fed: its part of a data set, the batches made of it, and their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from resnet.data.augment import Pipeline
from resnet.data.order import Stream
from resnet.data.sets import Subset
from resnet.recipes import Recipe

TEST_BATCH = {"cpu": 500, "cuda": 2_000}


@dataclass(frozen=True)
class Feed:
    """All that a run takes of a data set.

    Attributes:
        subset: to train on, to choose with, to report on.
        pipeline: `Pipeline`, or `PhotoPipeline` for photographs; both answer the same calls.
        stream: which images, and how each is shown, step by step.
        classes: how many.
        test_batch: images a test batch.
    """

    subset: Subset
    pipeline: Any
    stream: Any
    classes: int
    test_batch: int


def feed(
    dataset: Any,
    recipe: Recipe,
    seed: int,
    device: str = "cpu",
    memory_format: torch.memory_format = torch.channels_last,
    say: Callable[[str], None] = print,
) -> Feed:
    """The feed of a run under `recipe` on a `Dataset` or a `PhotoSet`.

    Raises:
        UserError: the recipe and the data do not go together, or ask for more than there is; or
            photographs cannot be read.
    """
    if recipe.photographs:
        return _photographs(dataset, recipe, seed, device, memory_format, say)
    subset = dataset.take(recipe.train_images, recipe.validation_images, recipe.test_images)
    pipeline = Pipeline(
        subset.train,
        normalisation=recipe.normalisation,
        pad=recipe.pad,
        pad_value=recipe.pad_value,
        classes=len(dataset.classes),
        device=device,
        memory_format=memory_format,
    )
    stream = Stream(seed, recipe.train_images, recipe.batch_size, recipe.pad, recipe.flip)
    return Feed(subset, pipeline, stream, len(dataset.classes), TEST_BATCH[device])


def _photographs(
    dataset: Any,
    recipe: Recipe,
    seed: int,
    device: str,
    memory_format: torch.memory_format,
    say: Callable[[str], None],
) -> Feed:
    from resnet.data.imagenet.draws import Stream as PhotoStream
    from resnet.data.imagenet.pipeline import PhotoPipeline

    part = dataset.narrowed(recipe)
    subset = part.take(recipe.train_images, recipe.validation_images, recipe.test_images)
    stream = PhotoStream(seed, recipe.train_images, recipe)
    chosen = f"{dataset.digest} {recipe.classes} {recipe.images_per_class}"
    count = len(part.classes)
    pipeline = PhotoPipeline(subset.train, stream, count, chosen, device, memory_format, say)
    return Feed(subset, pipeline, stream, count, pipeline.test_batch)
