"""How finely and how far to look at a loss surface. Light: plans and command lines read it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from resnet.errors import UserError
from resnet.recipes.recipe import Recipe


@dataclass(frozen=True)
class Settings:
    """How finely and how far to look.

    Attributes:
        resolution: points along each side of a plane, an odd number: the net is the middle one.
        reach: the random directions are followed from −reach to reach filter lengths.
        images: of the training set, on which each loss is taken.
        counted: whether the images were asked for, so that the label has to name them.
    """

    resolution: int
    reach: float
    images: int
    counted: bool = field(default=False, compare=False)

    @property
    def label(self) -> str:
        """The settings in a few letters: '51x1', or '15x1x500' where 500 images were asked for."""
        return f"{self.resolution}x{self.reach:g}" + (f"x{self.images}" if self.counted else "")

    @property
    def fine(self) -> int:
        """Points along a line."""
        return 2 * self.resolution - 1


def default(recipe: Recipe) -> Settings:
    """9 × 9 points on 256 images for the short recipes, else 51 × 51 on 10,000 images.

    51 × 51 is the authors' resolution (Li et al. 2018); they take all 50,000 images.
    """
    have = recipe.train_images
    return Settings(51, 1.0, 10_000) if have > 10_000 else Settings(9, 1.0, min(256, have))


def chosen(recipe: Recipe, text: str) -> Settings:
    """The settings that '25x1x500' stands for; what is left out, as in '25x', is the default."""
    usual = default(recipe)
    resolution, reach, images = (*text.split("x"), "", "", "")[:3]
    return Settings(
        int(resolution) if resolution else usual.resolution,
        float(reach) if reach else usual.reach,
        min(int(images), recipe.train_images) if images else usual.images,
        counted=bool(images),
    )


def forwards(recipe: Recipe, text: str = "") -> float:
    """Images that go through the net for all surfaces: two planes, two lines, the trajectory."""
    settings = chosen(recipe, text)
    points = 2 * settings.resolution**2 + 2 * settings.fine + len(recipe.kept) + 1
    return float(points * settings.images)


def text_of(resolution: int | None, reach: float | None, images: int | None = None) -> str:
    """The text for `chosen` of what the user asked for; '' for nothing.

    Raises:
        UserError: for what spans no surface.
    """
    if resolution is not None and (resolution < 3 or resolution % 2 == 0):
        raise UserError(
            f"--resolution {resolution}: give an odd number, 3 or more: the net is its middle"
        )
    if reach is not None and not 0 < reach < math.inf:
        raise UserError(f"--range {reach:g}: give a number above 0; 1 goes as far as filters go")
    if images is not None and images < 1:
        raise UserError(f"--images {images}: give 1 or more")
    if resolution is reach is images is None:
        return ""
    extent = f"{resolution or ''}x{'' if reach is None else f'{reach:g}'}"
    return extent + (f"x{images}" if images else "")
