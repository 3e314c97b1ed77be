"""Recipes: everything about training that changes the numbers, as data.

`paper` is He et al. 2015 (arXiv 1512.03385) §4.2; the rivals' recipes are read from their code,
so that "why do published numbers for one net differ" is a question about these few lines.
"""

from resnet.errors import unknown
from resnet.recipes.cifar import CIFAR, PAPER
from resnet.recipes.compare import differences
from resnet.recipes.recipe import Recipe

__all__ = ["PAPER", "RECIPES", "Recipe", "differences", "get"]

RECIPES = {recipe.name: recipe for recipe in CIFAR}


def get(name: str) -> Recipe:
    """The recipe of that name; UserError with the valid ones otherwise."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]
