"""The test images that a file of weights is shown: small ones, normalised as its recipe does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from resnet.analysis.lesions import tested
from resnet.data.feed import feed
from resnet.data.names import named, split
from resnet.planning import photographs
from resnet.planning.data import load_data
from resnet.planning.kept import recipe_for, run_of
from resnet.planning.options import Options
from resnet.recipes import Recipe


@dataclass(frozen=True)
class Shown:
    """Test images and what they are.

    Attributes:
        batches: images [B, 3, H, W] and labels [B], on the net's device; as often as it is asked.
        classes: how many there are.
        count: how many images.
        recipe: the one by whose normalisation.
        dataset: the data set that they are of, and `whole` that which it is a part of.
    """

    batches: Any
    classes: int
    count: int
    recipe: Recipe
    dataset: Any
    whole: Any


def shown(
    file: Path, options: Options, count: int | None, device: str, loaded: Any = None
) -> Shown:
    """The first `count` test images (None: all) of the data asked for, as `file` expects them.

    The recipe is the one asked for; else that of the run that kept the file, or the paper's. So is
    the part of the data set. `loaded` is the whole set, where it is at hand.
    """
    chosen, run = recipe_for([file], "paper", options.recipe), run_of(file)
    whole = loaded or load_data(options, "paper")
    photographs.check_kind(chosen, whole)
    part = split(options.dataset)[1] or (split(run.dataset)[1] if run else "")
    dataset = whole.part(named(whole.name, part))
    recipe = replace(
        chosen,
        train_images=min(chosen.train_images, len(dataset.train)),
        test_images=min(count or 10_000, len(dataset.test)),
    )
    fed = feed(dataset, recipe, 0, device)
    batches = tested(fed.pipeline, fed.subset.test)
    return Shown(batches, fed.classes, len(fed.subset.test), recipe, dataset, whole)
