"""Which net a state dict is of: the one whose weights have its names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import torch
from torch import Tensor

from resnet.errors import UserError
from resnet.nets.catalogue import CATALOGUE
from resnet.nets.construct import architecture
from resnet.nets.grammar import parse

Shapes = frozenset[tuple[str, tuple[int, ...]]]


def net_of(state: Mapping[str, Tensor], what: str = "the file", flag: str = "--nets") -> str:
    """The ImageNet net in the catalogue that `state` fits, whatever number of classes it has.

    Where a bottleneck strides leaves no trace in the weights: of two nets that differ in that
    alone, torchvision's is taken (name the other, as in --nets resnet50-v1).

    Raises:
        UserError: none fits; `what` names the file, `flag` is the one that names its net.
    """
    wanted = _shapes(state)
    for name in _candidates():
        if wanted == _of(name):
            return name
    raise UserError(
        f"{what} fits no net of ImageNet known here: say which it is, as in {flag} resnet50 "
        "(`python -m resnet nets` lists them)"
    )


def _candidates() -> list[str]:
    """ImageNet's nets, those without -v1 first."""
    names = [name for name in CATALOGUE if parse(name).images == "imagenet"]
    return sorted(names, key=lambda name: name.endswith("-v1"))


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
