"""Rivals cut down to minutes: what they do otherwise, at the scale of a short recipe."""

from dataclasses import fields, replace

from resnet.recipes.cifar import PAPER
from resnet.recipes.compare import papers
from resnet.recipes.recipe import Recipe

SHORT = ("smoke", "quick", "small", "eighth")
CUT = "-to-epoch-"  # in the name of a recipe that ends before its time: `paper-to-epoch-155`
SCALE = frozenset(
    {"name", "train_images", "validation_images", "test_images", "batch_size", "steps"}
    | {"milestones", "lr", "plateau", "plateau_gain", "plateau_cuts", "bn_group"}
    | {"size", "sides", "test_side", "classes", "images_per_class"}
)
WARMUP = frozenset(field.name for field in fields(Recipe) if field.name.startswith("warmup"))


def is_short(name: str) -> bool:
    """Whether a recipe of this name is far shorter than any paper's, a cut-down rival included."""
    return name.split("-")[0] in SHORT


def full_length(name: str) -> str:
    """The recipe that a short one stands for: 'fb' for 'quick-fb', 'paper' for 'quick'.

    Also that which ended before its time: 'paper' for 'paper-to-epoch-155'.
    """
    name = name.partition(CUT)[0]
    return (name.partition("-")[2] or PAPER.name) if is_short(name) else name


def scale(name: str) -> tuple[str, str]:
    """What recipes must share to be compared: the short one in front, the epoch of a cut."""
    whole, _, epoch = name.partition(CUT)
    return whole.split("-")[0] if is_short(whole) else "", epoch


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
    return short if cut == short else replace(cut, name=f"{scale(short.name)[0]}-{rival.name}")
