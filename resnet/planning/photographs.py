"""What only experiments on photographs are asked, and recipes cut to the photographs at hand."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.data.names import PHOTOGRAPHS
from resnet.errors import UserError, unknown
from resnet.recipes import Recipe, far_shorter, get

if TYPE_CHECKING:
    from resnet.data.imagenet.sets import PhotoSet

DECODERS = ("simplejpeg", "torchvision", "pil")
CROPS = ("1", "10", "scales")
KINDS = {True: "photographs", False: "small images"}


@dataclass(frozen=True)
class Photographs:
    """What of the photographs is asked for, and weights to evaluate instead of training."""

    classes: int | None = None
    images_per_class: int | None = None
    skip_corrupt: bool = False
    weights: tuple[Path, ...] = ()
    crops: tuple[str, ...] = ("1", "10")
    bn_group: int | None = None


NOTHING_ASKED = Photographs()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of experiments on photographs."""
    group = parser.add_argument_group("photographs")
    add = group.add_argument
    add("--classes", type=int, metavar="N", help="train and test on N of the classes")
    add("--images-per-class", type=int, metavar="N", help="train on N images of each class")
    add("--skip-corrupt", action="store_true", help="show another image for a corrupt one, count")
    add("--bn-group", type=int, metavar="N", help="BN over N images; 0: the batch of all GPUs")
    add("--decoder", metavar="NAME", help=f"one of {', '.join(DECODERS)} (default: the fastest)")
    add("--loader-workers", metavar="N", help="threads that load images for a run")
    add("--weights", type=Path, nargs="+", metavar="FILE", help="evaluate these, train nothing")
    add("--crops", metavar="1,10,scales", help="how --weights are evaluated (default 1,10)")


def given(values: Mapping[str, Any]) -> Photographs:
    """What the flags say; the decoder and the threads, which change no number, are noted for all
    processes of this call.

    Raises:
        UserError: a number below 1, an unknown decoder or way to crop.
    """
    for name in ("classes", "images_per_class"):
        if values.get(name) is not None and values[name] < 1:
            raise UserError(f"--{name.replace('_', '-')} {values[name]}: give 1 or more")
    if (decoder := values.get("decoder")) is not None:
        if decoder not in DECODERS:
            raise unknown("decoder", decoder, DECODERS)
        os.environ["RESNET_DECODER"] = decoder
    if (threads := values.get("loader_workers")) is not None:
        if not threads.isdigit() or int(threads) < 1:
            raise UserError(f"--loader-workers {threads}: give a number of threads, 1 or more")
        os.environ["RESNET_LOADER_WORKERS"] = threads
    crops = tuple(values.get("crops", "").split(",")) if values.get("crops") else ("1", "10")
    for crop in crops:
        if crop not in CROPS:
            raise unknown("way to crop", crop, CROPS)
    return Photographs(
        values.get("classes"),
        values.get("images_per_class"),
        bool(values.get("skip_corrupt")),
        tuple(values.get("weights") or ()),
        crops,
        values.get("bn_group"),
    )


def asked(recipe: Recipe, choice: Photographs) -> Recipe:
    """The recipe with what the flags say; UserError where it trains on no photographs."""
    if not recipe.photographs:
        if replace(choice, weights=(), crops=NOTHING_ASKED.crops) != NOTHING_ASKED:
            raise UserError(
                f"recipe '{recipe.name}' trains on no photographs: leave out --classes, "
                "--images-per-class, --skip-corrupt and --bn-group"
            )
        return recipe
    return replace(
        recipe,
        classes=recipe.classes if choice.classes is None else choice.classes,
        images_per_class=choice.images_per_class or recipe.images_per_class,
        skip_corrupt=choice.skip_corrupt or recipe.skip_corrupt,
        bn_group=recipe.bn_group if choice.bn_group is None else choice.bn_group,
    )


def recipe_like(usual: str, name: str | None) -> Recipe:
    """The recipe of that name, None for `usual`; UserError where it is for the other kind."""
    recipe, wanted = get(name or usual), get(usual)
    if recipe.photographs != wanted.photographs:
        kinds = [KINDS[one.photographs] for one in (recipe, wanted)]
        raise UserError(f"recipe '{recipe.name}' is for {kinds[0]}: give one for {kinds[1]}")
    return recipe


def check_kind(recipe: Recipe, dataset: Any) -> None:
    """UserError where a recipe for photographs meets small images, or the other way round."""
    if recipe.photographs != (dataset.name in PHOTOGRAPHS):
        wanted = "photographs (imagenet)" if recipe.photographs else "small images (cifar10)"
        raise UserError(f"recipe '{recipe.name}' is for {wanted}, and the data is '{dataset.name}'")


def fit(recipe: Recipe, dataset: PhotoSet) -> Recipe:
    """The recipe for as many photographs as there are, epochs kept; its name says what is left.

    Steps and cuts of the rate shrink with the training images, so that a part of ImageNet is seen
    as often as the whole would be. A short recipe keeps its steps.
    """
    if far_shorter(recipe):
        recipe = replace(recipe, classes=min(recipe.classes, len(dataset.classes)))
    part = dataset.narrowed(recipe)
    want, have = recipe.train_images + recipe.validation_images, len(part.train)
    if have <= recipe.validation_images:
        raise UserError(
            f"{recipe.validation_images:,} images held out leave none of {have:,} to train on"
        )
    test = min(recipe.test_images, len(part.test))
    if have == want or (far_shorter(recipe) and have > want):
        return replace(recipe, test_images=test)
    recipe = replace(recipe, train_images=have - recipe.validation_images, test_images=test)
    if far_shorter(recipe):
        return recipe
    return replace(
        recipe,
        name=f"{recipe.name}, {len(part.classes):,} classes, {have:,} images",
        steps=max(1, round(recipe.steps * have / want)),
        milestones=tuple(max(1, round(step * have / want)) for step in recipe.milestones),
    )
