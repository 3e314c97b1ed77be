"""Recipes: everything about training that changes the numbers, as data.

`paper` is He et al. 2015 (arXiv 1512.03385) §4.2; the rivals' recipes are read from their code,
so that "why do published numbers for one net differ" is a question about these few lines.
"""

from resnet.errors import UserError, unknown
from resnet.recipes.cifar import CIFAR, PAPER
from resnet.recipes.compare import differences
from resnet.recipes.imagenet import IMAGENET, IMAGENET2015
from resnet.recipes.recipe import Recipe
from resnet.recipes.short import CUT, SHORT, full_length, is_short, scale, shortened
from resnet.recipes.transfer import TRANSFER
from resnet.recipes.variants import VARIANTS

__all__ = [
    "CUT",
    "IMAGENET2015",
    "PAPER",
    "RECIPES",
    "SHORT",
    "Recipe",
    "beside",
    "differences",
    "full_length",
    "get",
    "is_short",
    "scale",
]

RECIPES = {recipe.name: recipe for recipe in (*CIFAR, *VARIANTS, *TRANSFER, *IMAGENET)}


def get(name: str) -> Recipe:
    """The recipe of that name, 'quick-fb' and the like included; UserError with the valid ones."""
    scale, _, rival = name.partition("-")
    if scale in SHORT and rival in RECIPES and not is_short(rival):
        return shortened(RECIPES[rival], _short(scale, RECIPES[rival]))
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


def _short(scale: str, rival: Recipe) -> Recipe:
    """The short recipe of that scale for the rival's kind of images; UserError for none."""
    name = f"{scale}-imagenet" if rival.photographs else scale
    if name not in RECIPES:
        there = ", ".join(one for one in SHORT if f"{one}-imagenet" in RECIPES)
        raise UserError(
            f"recipe '{rival.name}' is for photographs, which have no recipe at the scale of "
            f"'{scale}' (valid: {there})"
        )
    return RECIPES[name]


def beside(name: str, main: str) -> Recipe:
    """The recipe `name` for a comparison with runs under `main`: cut down where that one is."""
    scale = main.split("-")[0]
    return get(name if is_short(name) or not is_short(main) else f"{scale}-{name}")
