"""Nets of one architecture that differ in depth only. Light: reads names, builds no net."""

from collections.abc import Iterable
from dataclasses import replace

from resnet.nets.grammar import parse
from resnet.nets.plans import Spec


def depth(net: str) -> int:
    """The number of weighted layers that the name gives: 56 for plain56."""
    return parse(net).depth


def family(net: str) -> Spec:
    """All that the name says but the depth: unit, shortcut, placement, width, kind of images."""
    return replace(parse(net), depth=0)


def by_depth(nets: Iterable[str], like: str) -> dict[int, str]:
    """The nets of the same family as `like`, from shallow to deep."""
    wanted = family(like)
    return dict(sorted((depth(net), net) for net in nets if family(net) == wanted))
