"""Nets that start from a trained one: `plain56-from-plain20`, `resnet20-from-animals`.

The label belongs to the name, so that such a net is an arm of its own beside the same net from
scratch. This module needs no torch.
"""

from collections.abc import Callable
from dataclasses import replace

from resnet.data.names import PARTS
from resnet.errors import UserError
from resnet.nets.plans import Spec

FROM = "-from-"


def check_start(
    name: str,
    spec: Spec,
    start: str,
    parse: Callable[[str], Spec],
    render: Callable[[Spec], str],
) -> Spec:
    """`spec` with the start that its name gives it.

    Args:
        name: as the user wrote it.
        spec: what stands before the first `-from-`.
        start: what stands behind it.
        parse: of `resnet.nets.grammar`, for the start's own name.
        render: its inverse.

    Raises:
        UserError: for a start that is no name, or of which the net cannot be made.
    """
    if spec.images == "torchvision":
        raise UserError(f"net '{name}': only the suite's own nets start from trained ones")
    if start in PARTS:
        return replace(spec, start=start)
    if not start:
        raise UserError(f"net '{name}': from what? a net, or one of {', '.join(PARTS)}")
    parent = parse(start)
    if replace(parent, depth=0, start="") != replace(spec, depth=0):
        raise UserError(f"net '{name}': the two nets differ in more than their depth")
    if parent.depth > spec.depth:
        raise UserError(f"net '{name}': a net starts from one as deep or shallower")
    if parent.depth < spec.depth and not _can_grow(spec):
        raise UserError(f"net '{name}': blocks of this kind cannot be the identity")
    return replace(spec, start=render(parent))


def _can_grow(spec: Spec) -> bool:
    """Whether a further block can be made the identity: see `resnet.nets.identity`."""
    style = spec.style
    narrow = style.shortcut == "none" and style.unit == "bottleneck"
    dead = style.shortcut != "none" and style.placement == "relu-before-addition"
    fits = style.shortcut in ("none", "A", "B")
    # What a block computes must not go by how many there are in all.
    alone = not (style.stochastic_depth or style.active)
    return spec.family != "vgg" and fits and alone and not narrow and not dead


def split(name: str) -> tuple[str, str]:
    """(the net, what it starts from); '' for a net from scratch."""
    bare, _, start = name.partition(FROM)
    return bare, start
