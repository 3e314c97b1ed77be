"""Every net that the claims need, by name. Names are checked without loading torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet.nets.grammar import check, depth, family, names

if TYPE_CHECKING:
    from torch import nn

    from resnet.nets.net import Net

__all__ = ["build", "check", "depth", "family", "initialise", "names"]


def build(
    name: str, num_classes: int | None = None, seed: int = 0, checkpointing: bool = False
) -> Net:
    """A net by name; see `resnet.nets.construct.build`, which this calls."""
    from resnet.nets import construct

    return construct.build(name, num_classes, seed, checkpointing)


def initialise(net: nn.Module, seed: int, mode: str = "fan-out") -> None:
    """Set every weight of `net` by seed; see `resnet.nets.initialisation`, which this calls."""
    from resnet.nets import initialisation

    initialisation.initialise(net, seed, mode)
