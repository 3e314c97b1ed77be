"""The test images that a file of weights is shown: small ones, normalised as its recipe does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet.analysis.lesions import tested
from resnet.data.feed import feed
from resnet.planning import photographs
from resnet.recipes import Recipe

if TYPE_CHECKING:
    from resnet.analysis.chain import Batches


@dataclass(frozen=True)
class Shown:
    """Test images and what they are.

    Attributes:
        batches: images [B, 3, H, W] and labels [B], on the net's device; as often as it is asked.
        classes: how many there are.
        count: how many images.
    """

    batches: Batches
    classes: int
    count: int


def shown(recipe: Recipe, dataset: Any, count: int | None, device: str) -> Shown:
    """The first `count` test images (None: all) of `dataset`, normalised as `recipe` does.

    Raises:
        UserError: the recipe is for photographs, and the data is none, or the other way round.
    """
    photographs.check_kind(recipe, dataset)
    fitted = replace(
        recipe,
        train_images=min(recipe.train_images, len(dataset.train)),
        test_images=min(count or 10_000, len(dataset.test)),
    )
    fed = feed(dataset, fitted, 0, device)
    test = fed.subset.test
    return Shown(tested(fed.pipeline, test), fed.classes, len(test))
