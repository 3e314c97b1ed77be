"""What a net's name says of it: family and depth. Light, so that claims load without torch."""

import re
from collections.abc import Iterable

_NET = re.compile(r"([a-z0-9-]*?)(\d+)(.*)")
# These depths of the families below name ImageNet nets, even where they are of the form 6n + 2.
_IMAGENET = frozenset({18, 34, 50, 101, 152, 200})


def family(net: str) -> str:
    """The name without its depth: 'plain' for plain56, 'resnet-C' for resnet34-C."""
    match = _NET.fullmatch(net)
    return match[1] + match[3] if match else net


def depth(net: str) -> int:
    """The number of weighted layers in the name: 56 for plain56; 0 for a name without one."""
    match = _NET.fullmatch(net)
    return int(match[2]) if match else 0


def dataset(net: str) -> str:
    """'imagenet' or 'cifar10': the kind of image that a net of the families plain, resnet takes."""
    return "imagenet" if depth(net) in _IMAGENET else "cifar10"


def by_depth(nets: Iterable[str], wanted: str, images: str = "cifar10") -> dict[int, str]:
    """The nets of the family `wanted` that take `images`, from shallow to deep."""
    chosen = {depth(net): net for net in nets if family(net) == wanted and dataset(net) == images}
    return dict(sorted(chosen.items()))
