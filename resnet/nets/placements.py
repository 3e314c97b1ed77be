"""Where a block's activations stand: He et al. 2016, Figure 4, (a) to (e), a function each.

Shapes: x is the block's input [N, C, H, W]; each function gives [N, C', H/stride, W/stride].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from resnet.nets.vocabulary import Block


def relu(x: Tensor) -> Tensor:
    """Rectification in place, for what nobody else reads."""
    return F.relu(x, inplace=True)


def inner(block: Block, x: Tensor) -> Tensor:
    """All but the last convolution, each with BN and ReLU."""
    for conv, bn in block.layers[:-1]:
        x = block.drop(relu(bn(conv(x))))
    return x


def original(block: Block, x: Tensor) -> Tensor:
    """(a) conv, BN, ReLU, conv, BN, addition, ReLU."""
    conv, bn = block.layers[-1]
    return relu(block.join(bn(conv(inner(block, x))), x))


def bn_after_addition(block: Block, x: Tensor) -> Tensor:
    """(b) conv, BN, ReLU, conv, addition, BN, ReLU."""
    conv, bn = block.layers[-1]
    return relu(bn(block.join(conv(inner(block, x)), x)))


def relu_before_addition(block: Block, x: Tensor) -> Tensor:
    """(c) conv, BN, ReLU, conv, BN, ReLU, addition."""
    conv, bn = block.layers[-1]
    return block.join(relu(bn(conv(inner(block, x)))), x)


def relu_only_preactivation(block: Block, x: Tensor) -> Tensor:
    """(d) ReLU, conv, BN, ReLU, conv, BN, addition."""
    conv, bn = block.layers[-1]
    active = x if block.first else F.relu(x)
    return block.join(bn(conv(inner(block, active))), x)


def full_preactivation(block: Block, x: Tensor) -> Tensor:
    """(e) BN, ReLU, conv, BN, ReLU, conv, addition; a projection takes the activated input."""
    (conv, bn), *rest = block.layers
    active = x if bn is None else relu(bn(x))
    y = conv(active)
    for conv, bn in rest:
        y = conv(block.drop(relu(bn(y))))
    return block.join(y, active if block.projects else x)


def without_branch(block: Block, x: Tensor) -> Tensor:
    """What a residual block with F(x) = 0 gives: its shortcut, and what stands around it."""
    placement, (_, first), (_, last) = block.style.placement, block.layers[0], block.layers[-1]
    if placement == "full-preact" and block.projects and first is not None:
        x = relu(first(x))
    y = block.join(None, x)
    if placement == "bn-after-addition":
        return relu(last(y))
    # Not in place: y may be the very x that others still read.
    return F.relu(y) if placement == "original" else y


PLACEMENTS: dict[str, Callable[[Block, Tensor], Tensor]] = {
    "original": original,
    "bn-after-addition": bn_after_addition,
    "relu-before-addition": relu_before_addition,
    "relu-only-preact": relu_only_preactivation,
    "full-preact": full_preactivation,
}
