"""Recipes: everything about training that changes the numbers, as data.

`paper` is He et al. 2015 (arXiv 1512.03385) §4.2; the rivals' recipes are read from their code,
so that "why do published numbers for one net differ" is a question about these few lines.
"""

from resnet.recipes.cifar import PAPER
from resnet.recipes.compare import differences
from resnet.recipes.imagenet import IMAGENET2015
from resnet.recipes.names import (
    CUT,
    RECIPES,
    beside,
    beside_name,
    full_length,
    get,
    is_short,
    parts,
    rivalry,
    scale,
    scales,
)
from resnet.recipes.recipe import Recipe
from resnet.recipes.short import far_shorter, left_out

__all__ = [
    "CUT",
    "IMAGENET2015",
    "PAPER",
    "RECIPES",
    "Recipe",
    "beside",
    "beside_name",
    "differences",
    "far_shorter",
    "full_length",
    "get",
    "is_short",
    "left_out",
    "parts",
    "rivalry",
    "scale",
    "scales",
]
