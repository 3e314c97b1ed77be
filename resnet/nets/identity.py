"""A deeper plain net that computes what a shallower one does: the constructive argument, executed.

He et al. 2015, section 1: added layers could be the identity, so a deeper net has a solution that
is no worse. Here is that solution. `plain20` with Dirac blocks inserted is a `plain56`.
"""

from itertools import zip_longest
from typing import cast

import torch
from torch import nn

from resnet.errors import UserError
from resnet.nets.construct import architecture
from resnet.nets.initialisation import initialise
from resnet.nets.net import Net
from resnet.nets.vocabulary import Block


def insert_identities(net: Net, name: str, seed: int = 0, init: str = "fan-out") -> Net:
    """The net `name` with the weights of `net` and, in its further blocks, the identity.

    In evaluation mode its outputs on the CPU equal those of `net`, bit for bit: what a block
    receives is not negative, a Dirac kernel and neutral normalisation hand it on, rectification
    keeps it. (In training mode a plain net's batch normalisation whitens it, as it does anyway.)

    Args:
        net: a plain net of basic blocks, or a residual net; stays as it is.
        name: a net that differs in being deeper and in nothing else.
        seed: of the weights that further residual blocks are drawn with.
        init: the mode of `initialise` that draws them.

    Raises:
        UserError: where the two nets differ otherwise, or a block cannot be the identity.
    """
    deeper = architecture(name, net.fc.out_features)
    _check_pair(net, deeper)
    deeper.to_empty(device=net.fc.weight.device)
    initialise(deeper, seed, init)
    for old, new in zip(net.stages, deeper.stages, strict=True):
        for block, source in zip_longest(new, old):
            if source is None:
                make_identity(cast(Block, block))
            else:
                block.load_state_dict(source.state_dict())
    rest = {k: v for k, v in net.state_dict().items() if not k.startswith("layer")}
    deeper.load_state_dict(rest, strict=False)
    return deeper.train(net.training)


@torch.no_grad()
def make_identity(block: Block) -> None:
    """Give `block` weights with which it hands on what it gets, where that is not negative.

    A residual block keeps its weights but for a zero at the end of F, so that the shortcut alone
    speaks and F still learns: with zeros throughout, no convolution would ever get a gradient.
    A plain one gets Dirac kernels, a single 1 in the middle of each. Batch normalisation is
    neutral in both, where it is not that zero.

    Raises:
        UserError: for a block that changes the size or the shortcut, a plain bottleneck, which is
            too narrow to hand on all its channels, or F that ends in ReLU, which no gradient
            passes at zero.
    """
    plain = block.downsample is None
    convs = [layer for layer, _ in block.layers]
    if convs[0].in_channels != convs[-1].out_channels or any(c.stride != (1, 1) for c in convs):
        raise UserError("a block that changes the size cannot be the identity")
    if block.mix is not None or block.projects:
        raise UserError(f"a block with shortcut {block.style.shortcut} cannot be the identity")
    if plain and block.style.unit == "bottleneck":
        raise UserError("a plain bottleneck is too narrow to be the identity")
    if block.style.placement == "relu-before-addition" and not plain:
        raise UserError("a block with ReLU before addition cannot be the identity and still learn")
    for layer, norm in block.layers:
        if plain:
            nn.init.dirac_(layer.weight)
        if norm is not None:
            neutralise(norm)
    if not plain:
        nn.init.zeros_(_last(block).weight)


def _last(block: Block) -> nn.Conv2d | nn.BatchNorm2d:
    """What F ends in: the convolution where BN stands elsewhere, else BN (its shift is 0)."""
    conv, norm = block.layers[-1]
    return conv if block.style.placement in ("full-preact", "bn-after-addition") else norm


@torch.no_grad()
def neutralise(norm: nn.BatchNorm2d) -> None:
    """Make `norm` the identity in evaluation mode, exactly: variance + ε rounds to 1."""
    norm.reset_parameters()
    assert norm.running_var is not None
    norm.running_var.fill_(1 - norm.eps)


def _check_pair(net: Net, deeper: Net) -> None:
    if [_shape(net, i) for i in range(len(net.stages))] != [
        _shape(deeper, i) for i in range(len(deeper.stages))
    ]:
        raise UserError(f"'{deeper.name}' differs from '{net.name}' in more than its depth")
    if len(net.blocks) > len(deeper.blocks):
        raise UserError(f"'{deeper.name}' is not deeper than '{net.name}'")


def _shape(net: Net, stage: int) -> tuple[object, ...]:
    """What two stages must share: their style and the shapes in their first block."""
    first = net.stages[stage][0]
    return first.style, *(tuple(p.shape) for p in first.parameters())
