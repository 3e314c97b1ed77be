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
    if recipe.warmup == "none":
        names = [name for name in names if not name.startswith("warmup_")]
    pairs = [(name, getattr(recipe, name), getattr(from_, name)) for name in names]
    said = [(told(n), _said(n, a), _said(n, b)) for n, a, b in pairs if a != b]
    if not recipe.backbone_lr:  # then none of its steps moves the backbone
        said.append((told("frozen_steps"), "all", _said("frozen_steps", from_.frozen_steps)))
    return said


FIELDS = {
    "lr": "learning rate",
    "milestones": "cuts of the rate",
    "gamma": "factor of a cut",
    "nesterov": "Nesterov momentum",
    "decay_all": "weight decay on BN and biases",
    "pad": "padding",
    "pad_value": "what pads",
    "flip": "flips",
    "warmup": "warm-up",
    "warmup_lr": "rate of the warm-up",
    "warmup_steps": "steps of the warm-up",
    "warmup_error": "error that ends the warm-up",
    "warmup_min_depth": "layers from which nets warm up",
    "init": "initialisation",
    "bn_group": "images that BN averages over",
    "backbone_lr": "factor on the rate of the backbone",
    "frozen_steps": "steps with the backbone frozen",
    "mix": "images mixed by",
}
VALUES = {
    ("warmup", "stays"): "a lower rate that stays",
    ("warmup", "until-error"): "until the error falls",
    ("warmup", "steps"): "some steps",
    ("classes", 0): "all",
    ("images_per_class", 0): "all",
    ("bn_group", 0): "the whole batch",
}
"""Fields, and values of theirs, whose names say too little to who does not know the code."""


def told(name: str) -> str:
    """A field's name in words."""
    return FIELDS.get(name, name.replace("_", " "))


def _said(name: str, value: object) -> str:
    known = VALUES.get((name, value)) if isinstance(value, str | int) else None
    return known or _show(value)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{v:,}" for v in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
