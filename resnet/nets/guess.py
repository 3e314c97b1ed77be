"""Which net a state dict is of: the one whose weights have its names and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import torch
from torch import Tensor
from torchvision import models

from resnet.errors import UserError
from resnet.nets.catalogue import CATALOGUE
from resnet.nets.construct import architecture
from resnet.nets.grammar import check, parse

Shapes = frozenset[tuple[str, tuple[int, ...]]]


def net_of(state: Mapping[str, Tensor], what: str = "the file", flag: str = "--nets") -> str:
    """The net that `state` fits, whatever number of classes it has.

    ImageNet's are those of the catalogue; CIFAR's are plain, residual (options A, B, C),
    pre-activated, with or without squeeze-and-excitation, of any depth and width. Where a
    bottleneck strides, or BN stands, leaves no trace in the weights: torchvision's net is taken
    where it is one of those that fit (name another, as in --nets resnet50-v1). Nor does a shortcut
    without weights: a plain net and one with option A are for the user to tell apart.

    Raises:
        UserError: none fits, or several of which none is torchvision's; `what` names the file,
            `flag` is the one that names its net.
    """
    wanted = _shapes(state)
    fitting = [name for name in _candidates(state) if wanted == _of(name)]
    usual = [name for name in fitting if hasattr(models, name)] or fitting
    if len(usual) == 1:
        return usual[0]
    if usual:
        raise UserError(
            f"{what} fits {' and '.join(usual)} alike: say which it is, as in {flag} {usual[-1]}"
        )
    raise UserError(
        f"{what} fits no net known here: say which it is, as in {flag} resnet50, or "
        f"{flag} resnet20 for one of CIFAR (`python -m resnet nets` lists them)"
    )


def _candidates(state: Mapping[str, Tensor]) -> list[str]:
    """Names of the nets that are worth comparing with `state`."""
    stem = state.get("conv1.weight")
    if stem is not None and tuple(stem.shape[2:]) == (7, 7):
        return [name for name in CATALOGUE if parse(name).images == "imagenet"]
    first = state.get("layer1.0.conv1.weight")
    return [] if first is None else [check(name) for name in _small(state, first)]


def _small(state: Mapping[str, Tensor], first: Tensor) -> Iterator[str]:
    """CIFAR's nets with the parts of `state`, whose first block begins with the weight `first`."""
    blocks = len({key.split(".")[1] for key in state if key.startswith("layer1.")})
    bottleneck = "layer1.0.conv3.weight" in state
    unit, depth = ("bottleneck", 9 * blocks + 2) if bottleneck else ("basic", 6 * blocks + 2)
    preact, se = "norm.weight" in state, "se-" if any(".se." in key for key in state) else ""
    width = max(1, len(first) // 16)
    times = f"-x{width}" if width > 1 else ""
    projections = sum(key.endswith(".downsample.0.weight") for key in state)
    counts = {"A": (0,), "B": (2, 3), "C": (3 * blocks,)}
    options = [option for option, those in counts.items() if projections in those]
    if options == ["A"] and not preact and not se:
        yield f"cifar-plain{depth}-{unit}{times}"
    if "B" in options and preact and not bottleneck:
        yield f"{se}wrn-{6 * blocks + 4}-{width}"
    for option in options:
        yield f"cifar-{se}{'preact-' * preact}resnet{depth}-{unit}-{option}{times}"


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
