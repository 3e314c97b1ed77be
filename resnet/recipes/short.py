"""Rivals cut down to minutes: what they do otherwise, at the scale of a short recipe."""

from dataclasses import fields, replace

from resnet.recipes.compare import differences, papers, told
from resnet.recipes.recipe import Recipe

SCALE = frozenset(
    {"name", "train_images", "validation_images", "test_images", "batch_size", "steps"}
    | {"milestones", "lr", "plateau", "plateau_gain", "plateau_cuts", "bn_group"}
    | {"size", "sides", "test_side", "classes", "images_per_class"}
)
WARMUP = frozenset(field.name for field in fields(Recipe) if field.name.startswith("warmup"))
LENGTH = frozenset({"validation_images", "test_images", "steps", "milestones", "warmup_steps"})
"""Fields that stand for a share of the training: another number is no other way to train."""


def far_shorter(recipe: Recipe) -> bool:
    """Whether it sees less than half as many images as the paper's, each as often as it comes."""
    return 2 * recipe.seen < papers(recipe).seen


def scale_name(short: Recipe) -> str:
    """What rivals at the scale of a short recipe are called after, whatever their images."""
    return short.name.removesuffix("-imagenet")


def shortened(rival: Recipe, short: Recipe) -> Recipe:
    """`rival` at the scale of `short`: what it does otherwise than the paper, and no more.

    Both are for the same kind of images. Images, batch, steps and cuts are the short recipe's; so
    are the size of photographs, their classes, and how many BN averages over. Its rate is the short
    one's, higher or lower than it by the factor between rival and paper; warm-ups keep their share
    of the rate and of the steps. Without a difference this is `short` itself: the same runs.
    """
    paper = papers(rival)
    changed = {
        field.name: getattr(rival, field.name)
        for field in fields(Recipe)
        if getattr(rival, field.name) != getattr(paper, field.name)
    }
    if "warmup" in changed and rival.warmup != short.warmup:
        changed |= {name: getattr(rival, name) for name in WARMUP}
    else:
        changed = {name: value for name, value in changed.items() if name not in WARMUP}
    factor = short.lr / paper.lr
    kept = {name: value for name, value in changed.items() if name not in SCALE}
    if "warmup_lr" in kept and rival.warmup != "linear":  # which does not read it
        kept["warmup_lr"] = round(kept["warmup_lr"] * factor, 12)
    if kept.get("warmup_steps"):
        kept["warmup_steps"] = max(1, round(rival.warmup_steps * short.steps / rival.steps))
    if kept.get("frozen_steps"):
        kept["frozen_steps"] = round(rival.frozen_steps * short.steps / rival.steps)
    if rival.schedule != paper.schedule:
        kept["milestones"] = ()
    cut = replace(short, lr=round(rival.lr * factor, 12), **kept)
    return short if cut == short else replace(cut, name=f"{scale_name(short)}-{rival.name}")


def left_out(rival: Recipe, short: Recipe) -> list[tuple[str, str, str]]:
    """What the rival does otherwise than the paper and `shortened` makes nothing of.

    As (field, the rival's value, the short recipe's); not what is there in proportion.
    """
    cut, paper = shortened(rival, short), papers(rival)
    lost = {
        told(field.name)
        for field in fields(Recipe)
        if getattr(rival, field.name) != getattr(paper, field.name)
        and getattr(cut, field.name) == getattr(short, field.name)
        and field.name not in LENGTH
    }
    if not rival.sides:  # its crops read none
        lost.discard(told("sides"))
    return [one for one in differences(rival, short) if one[0] in lost]
