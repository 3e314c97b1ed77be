"""Where two recipes differ, in words."""

from dataclasses import fields

from resnet.recipes.cifar import PAPER
from resnet.recipes.imagenet import IMAGENET2015
from resnet.recipes.recipe import Recipe


def papers(recipe: Recipe) -> Recipe:
    """The recipe of He et al. 2015 for the same kind of images."""
    return IMAGENET2015 if recipe.photographs else PAPER


def differences(recipe: Recipe, from_: Recipe | None = None) -> list[tuple[str, str, str]]:
    """Where `recipe` departs from the paper's: (field, this recipe's value, the paper's)."""
    from_ = papers(recipe) if from_ is None else from_
    names = [field.name for field in fields(Recipe) if field.name != "name"]
    pairs = [(name, getattr(recipe, name), getattr(from_, name)) for name in names]
    return [(n.replace("_", " "), _said(n, a), _said(n, b)) for n, a, b in pairs if a != b]


def _said(name: str, value: object) -> str:
    return "all" if name in ("classes", "images_per_class") and not value else _show(value)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{v:,}" for v in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
