"""Which net a state dict is of: the one whose weights have its names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor
from torchvision import models

from resnet.errors import UserError
from resnet.nets.catalogue import CATALOGUE
from resnet.nets.construct import architecture
from resnet.nets.grammar import parse

Shapes = frozenset[tuple[str, tuple[int, ...]]]


def net_of(state: Mapping[str, Tensor], what: str = "the file", flag: str = "--nets") -> str:
    """The ImageNet net in the catalogue that `state` fits, whatever number of classes it has.

    Where a bottleneck strides, or BN stands, leaves no trace in the weights: torchvision's net is
    taken where it is one of those that fit (name another, as in --nets resnet50-v1).

    Raises:
        UserError: none fits, or several of which none is torchvision's; `what` names the file,
            `flag` is the one that names its net.
    """
    wanted = _shapes(state)
    names = [name for name in CATALOGUE if parse(name).images == "imagenet"]
    fitting = [name for name in names if wanted == _of(name)]
    usual = [name for name in fitting if hasattr(models, name)] or fitting
    if len(usual) == 1:
        return usual[0]
    if usual:
        raise UserError(
            f"{what} fits {' and '.join(usual)} alike: say which it is, as in {flag} {usual[-1]}"
        )
    raise UserError(
        f"{what} fits no net of ImageNet known here: say which it is, as in {flag} resnet50, or "
        f"{flag} resnet20 for one of CIFAR (`python -m resnet nets` lists them)"
    )


@cache
def _of(name: str) -> Shapes:
    with torch.device("meta"):
        return _shapes(architecture(name).state_dict())


def _shapes(state: Mapping[str, Tensor]) -> Shapes:
    """Names and shapes, but for the classifier's and for counters, which old files lack."""
    return frozenset(
        (name, tuple(value.shape))
        for name, value in state.items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    )
