"""Recipes by name: those that are declared, and rivals cut down to the scale of a short one.

What is known of a recipe beyond its name goes first: a name alone tells little of another's.
"""

import json
from functools import cache

from resnet.errors import UserError, unknown
from resnet.recipes.cifar import CIFAR, PAPER
from resnet.recipes.compare import papers
from resnet.recipes.imagenet import IMAGENET
from resnet.recipes.recipe import Recipe
from resnet.recipes.short import far_shorter, scale_name, shortened
from resnet.recipes.transfer import TRANSFER
from resnet.recipes.variants import VARIANTS

CUT = "-to-epoch-"  # in the name of a recipe that ends before its time: `paper-to-epoch-155`
RECIPES = {recipe.name: recipe for recipe in (*CIFAR, *VARIANTS, *TRANSFER, *IMAGENET)}


@cache
def leaders() -> tuple[Recipe, ...]:
    """The short recipes that set a scale, from short to long: of one scale the first declared."""
    firsts: dict[tuple[bool, int, int], Recipe] = {}
    short = filter(far_shorter, RECIPES.values())
    for recipe in sorted(short, key=VARIANTS.__contains__):  # a user's own, which are there, last
        firsts.setdefault(_size(recipe), recipe)
    return tuple(sorted(firsts.values(), key=lambda recipe: recipe.seen))


@cache
def scales() -> tuple[str, ...]:
    """What rivals cut down are called after, from short to long."""
    return tuple(dict.fromkeys(map(scale_name, leaders())))


def parts(name: str) -> tuple[str, str]:
    """(scale, rival): ('quick', 'fb') of 'quick-fb', ('quick', '') of 'quick', ('', 'fb')."""
    found = [scale for scale in scales() if f"{name}-".startswith(f"{scale}-")]
    scale = max(found, key=len, default="")
    return scale, name.removeprefix(scale).removeprefix("-")


def rivalry(name: str) -> tuple[Recipe, Recipe] | None:
    """(rival, short recipe) behind the name of a rival cut down; None for any other name.

    Raises:
        UserError: where no recipe of that scale is for the rival's kind of images.
    """
    scale, rival = parts(name)
    if not scale or rival not in RECIPES or far_shorter(RECIPES[rival]):
        return None
    return RECIPES[rival], _short(scale, RECIPES[rival])


def _short(scale: str, rival: Recipe) -> Recipe:
    """The short recipe of that scale for the rival's kind of images; UserError for none."""
    mine = [short for short in leaders() if short.photographs == rival.photographs]
    for short in mine:
        if scale_name(short) == scale:
            return short
    images = "photographs" if rival.photographs else "small images"
    raise UserError(
        f"recipe '{rival.name}' is for {images}, which have no recipe at the scale of "
        f"'{scale}' (valid: {', '.join(map(scale_name, mine))})"
    )


def get(name: str) -> Recipe:
    """The recipe of that name, 'quick-fb' and the like included.

    Raises:
        UserError: an unknown name, with the valid ones; or one declared that is taken.
    """
    rival = rivalry(name)
    if name in RECIPES:
        _check(RECIPES[name], rival is not None)
        return RECIPES[name]
    if rival is None:
        raise unknown("recipe", name, RECIPES)
    return shortened(*rival)


def _check(recipe: Recipe, taken: bool) -> None:
    """UserError where a recipe is called as a rival cut down is, and is none."""
    scale = parts(recipe.name)[0]
    if scale and (taken or _scale(recipe) != scale):
        raise UserError(
            f"recipe '{recipe.name}': names that begin with '{scale}-' are of rivals cut down to "
            f"the scale of '{scale}': call it otherwise"
        )


def beside(name: str, main: str) -> Recipe:
    """The recipe `name` for a comparison with runs under `main`: cut down where that one is."""
    return get(beside_name(name, main))


def beside_name(name: str, main: str) -> str:
    """What `beside` calls it, where it differs from the short recipe at all."""
    short = "" if is_short(name) else scale(main)[0]
    return f"{short}-{name}" if short else name


def is_short(name: str, fields: str = "") -> bool:
    """Whether a recipe is far shorter than any paper's, a cut-down rival included.

    `fields` are the recipe's as JSON, where a record has them: then these decide, not the name.
    """
    return bool(scale(name, fields)[0])


def scale(name: str, fields: str = "") -> tuple[str, str]:
    """What recipes must share to be compared: the scale of a short one, the epoch of a cut.

    `fields` as in `is_short`. Of names that tell of a cut the rest counts, and no field.
    """
    whole, _, epoch = name.partition(CUT)
    whole, _, fewer = whole.partition(",")
    recipe = _recorded("" if epoch or fewer else fields) or _known(whole)
    return parts(whole)[0] if recipe is None else _scale(recipe), epoch


def _scale(recipe: Recipe) -> str:
    """The name of its scale, or its size where none is declared; '' for full length."""
    if not far_shorter(recipe):
        return ""
    leader = next((short for short in leaders() if _size(short) == _size(recipe)), None)
    return scale_name(leader) if leader else f"{recipe.steps:,} steps of {recipe.batch_size}"


def _size(recipe: Recipe) -> tuple[bool, int, int]:
    """What recipes of one scale share. Not the training images: of those a run takes what is there.

    Nor the rate, which a variation may change.
    """
    return recipe.photographs, recipe.steps, recipe.batch_size


def _known(name: str) -> Recipe | None:
    """The recipe of that name, if there is one."""
    if name in RECIPES:
        return RECIPES[name]
    try:
        rival = rivalry(name)
    except UserError:
        return None
    return shortened(*rival) if rival else None


@cache
def _recorded(fields: str) -> Recipe | None:
    """The recipe on record; None for no fields, and for those of another version."""
    try:
        return Recipe.from_json(json.loads(fields or "null"))
    except (ValueError, TypeError, AttributeError, UserError):
        return None


def full_length(name: str) -> str:
    """The recipe that a short one stands for: 'fb' for 'quick-fb', 'paper' for 'quick'.

    Also that which ended before its time: 'paper' for 'paper-to-epoch-155'.
    """
    name = name.partition(CUT)[0]
    if name in scales():
        return papers(RECIPES.get(name, PAPER)).name
    if name in RECIPES and scale_name(RECIPES[name]) not in scales():
        return name
    short, rival = parts(name)
    return rival if short and is_short(name) else name
