"""Which depths which family has, and which block a depth implies."""

from resnet.errors import UserError
from resnet.nets.plans import IMAGENET_BLOCKS, LAYERS, VGG_CONVOLUTIONS

IMAGENET_DEPTHS = {
    "plain": tuple(IMAGENET_BLOCKS),
    "resnet": tuple(IMAGENET_BLOCKS),
    "resnext": (50, 101, 152),
    "wide-resnet": (50, 101, 152),
}
"""Depths that mean an ImageNet net, unless `cifar-` stands before the name."""


def root(family: str) -> str:
    """The family without what was added to its blocks: "se-preact-resnet" is a "resnet"."""
    return family.removeprefix("se-").removeprefix("preact-")


def implied_unit(family: str, depth: int, imagenet: bool) -> str:
    """The block that a depth implies (basic where it implies none)."""
    kind = root(family)
    if kind in ("resnext", "wide-resnet"):
        return "bottleneck"
    if kind in ("wrn", "vgg"):
        return "basic"
    if imagenet:
        return "basic" if depth < 50 else "bottleneck"
    # 164 is the bottleneck net of He et al. 2016, though 6·27+2 as well.
    if fits(kind, "basic", depth) and depth != 164:
        return "basic"
    return "bottleneck" if fits(kind, "bottleneck", depth) else "basic"


def fits(kind: str, unit: str, depth: int) -> bool:
    """Whether a net of 32×32 images, of that kind and unit, has that depth."""
    if kind == "vgg":
        return depth in VGG_CONVOLUTIONS
    step, rest = (6, 4) if kind == "wrn" else (3 * LAYERS[unit], 2)
    return depth > rest and (depth - rest) % step == 0


def check_depth(name: str, family: str, depth: int, unit: str) -> None:
    """UserError, with the nearest names that exist, where no such net of 32×32 images does."""
    kind = root(family)
    if kind == "wide-resnet":
        raise UserError(f"net '{name}': depths of {family} are 50, 101 and 152 (ImageNet only)")
    if fits(kind, unit, depth):
        return
    rule = {
        "vgg": "10, 12, 15 and 18",
        "wrn": "6n+4",
        "resnext": "9n+2 (ImageNet: 50, 101, 152)",
    }.get(kind, f"{3 * LAYERS[unit]}n+2 with {unit} blocks (ImageNet: 18, 34, 50, 101, 152, 200)")
    near = ", ".join(_rename(name, kind, depth, d) for d in _nearest(kind, unit, depth))
    raise UserError(f"unknown net '{name}': depths of {family} are {rule}; nearest: {near}")


def _nearest(kind: str, unit: str, depth: int) -> list[int]:
    below = next((d for d in range(depth, 0, -1) if fits(kind, unit, d)), None)
    above = next((d for d in range(depth, depth + 21) if fits(kind, unit, d)), None)
    return [d for d in (below, above) if d is not None]


def _rename(name: str, kind: str, depth: int, new: int) -> str:
    renamed = name.replace(str(depth), str(new), 1)
    clash = new in IMAGENET_DEPTHS.get(kind, ()) and not name.startswith("cifar-")
    return f"cifar-{renamed}" if clash else renamed
