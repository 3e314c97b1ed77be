"""Nets of one architecture that differ in depth only. Light: reads names, builds no net."""

import re
from collections.abc import Iterable
from dataclasses import replace

from resnet.nets import check
from resnet.nets.grammar import parse
from resnet.nets.plans import Spec


def depth(net: str) -> int:
    """The number of weighted layers that the name gives: 56 for plain56; 0 where it gives none."""
    return parse(net).depth


def family(net: str) -> str:
    """The name without its depth: 'plain' for plain56, 'resnet-C' for resnet34-C."""
    layers = depth(net)
    return re.sub(rf"-?{layers}", "", check(net), count=1) if layers else net


def architecture(net: str) -> Spec:
    """All that the name fixes but the depth: block, shortcut, placement, width, kind of images.

    Of `-k-of-n` nets only that there is such a k: it grows with the depth.
    """
    spec = parse(net)
    return replace(spec, depth=0, style=replace(spec.style, active=min(spec.style.active, 1)))


def by_depth(nets: Iterable[str], like: str) -> dict[int, str]:
    """The nets of the same architecture as `like`, from shallow to deep."""
    wanted = architecture(like)
    return dict(sorted((depth(net), net) for net in nets if architecture(net) == wanted))
