"""Arms by name: a net, and its recipe where a claim compares recipes: `resnet110@akamaster`.

`resnet110` alone leaves the recipe to the scope. Light: reads names, builds no net.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from resnet import nets as known
from resnet import recipes
from resnet.nets.grammar import parse
from resnet.nets.plans import Spec


def split(arm: str) -> tuple[str, str]:
    """(net, recipe) of an arm; the recipe is empty where the scope has it."""
    net, _, recipe = arm.partition("@")
    return net, recipe


def check(arm: str) -> str:
    """The canonical spelling of an arm; UserError for an unknown net or recipe."""
    net, at, recipe = arm.partition("@")
    return known.check(net) + (f"@{recipes.get(recipe).name}" if at else "")


def with_recipe(arm: str, recipe: str) -> str:
    """The arm by its full name, where runs without a recipe in theirs are under `recipe`."""
    return arm if "@" in arm else f"{arm}@{recipe}"


def listed(arms: Iterable[str], most: int = 4) -> str:
    """The arms by name, or their number, depths and recipes where the names would fill a page."""
    found = list(dict.fromkeys(arms))
    if len(found) <= most:
        return ", ".join(found)
    depths = " and ".join(map(str, sorted({depth(arm) for arm in found})))
    rivals = " / ".join(dict.fromkeys(filter(None, (split(arm)[1] for arm in found))))
    return f"{len(found)} nets of {depths} layers{' under ' if rivals else ''}{rivals}"


def depth(arm: str) -> int:
    """The number of weighted layers that the name gives: 56 for plain56; 0 where it gives none."""
    return parse(split(arm)[0]).depth


def family(arm: str) -> str:
    """The name without its depth: 'plain' for plain56, 'resnet-C' for resnet34-C."""
    net, recipe = split(arm)
    layers = depth(arm)
    bare = re.sub(rf"-?{layers}", "", known.check(net), count=1) if layers else net
    return f"{bare}@{recipes.full_length(recipe)}" if recipe else bare


def architecture(arm: str) -> tuple[Spec, str]:
    """All that the name fixes but the depth: block, shortcut, placement, width, images, recipe.

    A recipe cut down stands for the whole one: `quick-fb` for `fb`.

    Of `-k-of-n` nets only that there is such a k: it grows with the depth.
    """
    net, recipe = split(arm)
    spec = parse(net)
    style = replace(spec.style, active=min(spec.style.active, 1))
    return replace(spec, depth=0, style=style), recipes.full_length(recipe)


def namesakes(arm: str) -> tuple[str, str]:
    """What nets share that differ in the number in their names alone, whatever block it implies."""
    return family(arm), parse(split(arm)[0]).images


def by_depth(
    nets: Iterable[str], like: str, alike: Callable[[str], Hashable] = architecture
) -> dict[int, str]:
    """The nets of the same architecture as `like`, from shallow to deep."""
    wanted = alike(like)
    return dict(sorted((depth(net), net) for net in nets if alike(net) == wanted))


def stand_in(arm: str, nets: Iterable[str]) -> str | None:
    """`arm` among `nets`, or the same net under the recipe cut down; None where neither is."""
    net, recipe = split(arm)
    asked = (net, recipes.full_length(recipe))
    found = [n for n in nets if (split(n)[0], recipes.full_length(split(n)[1])) == asked]
    return arm if arm in found else next(iter(found), None)


def moved(arms: tuple[str, ...], nets: list[str]) -> dict[str, str] | None:
    """Each arm's stand-in of its kind, at the deepest (and shallowest) depth that all have.

    Of the same architecture if there are such, else namesakes: ResNet-164 has bottlenecks and
    ResNet-20 has none, and yet both are rungs of one ladder.
    """
    return _at_common_depths(arms, nets, architecture) or _at_common_depths(arms, nets, namesakes)


def _at_common_depths(
    arms: tuple[str, ...], nets: list[str], alike: Callable[[str], Hashable]
) -> dict[str, str] | None:
    stand_ins = {arm: by_depth(nets, arm, alike) for arm in arms}
    common = sorted(set.intersection(*(set(found) for found in stand_ins.values())))
    wanted = sorted({depth(arm) for arm in arms})
    if len(common) < len(wanted) or len(wanted) > 2:
        return None
    depths = dict(zip(reversed(wanted), (common[-1], common[0]), strict=False))
    return {arm: found[depths[depth(arm)]] for arm, found in stand_ins.items()}
