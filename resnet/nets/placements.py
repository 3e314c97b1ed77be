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


def activated(block: Block, x: Tensor) -> Tensor:
    """The input as (d) and (e) activate it, unless the stem has; in all other placements x itself.

    The first convolution reads it, and so does a projection: by the appendix of He et al. 2016,
    projections are pre-activated where blocks are.
    """
    placement, norm = block.style.placement, block.layers[0][1]
    if placement == "full-preact":
        return x if norm is None else relu(norm(x))
    # Not in place: shortcuts without weights read x.
    return F.relu(x) if placement == "relu-only-preact" and not block.first else x


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
    """(d) ReLU, conv, BN, ReLU, conv, BN, addition; a projection takes the activated input."""
    conv, bn = block.layers[-1]
    active = activated(block, x)
    return block.join(bn(conv(inner(block, active))), active if block.projects else x)


def full_preactivation(block: Block, x: Tensor) -> Tensor:
    """(e) BN, ReLU, conv, BN, ReLU, conv, addition; a projection takes the activated input."""
    (conv, _), *rest = block.layers
    active = activated(block, x)
    y = conv(active)
    for conv, bn in rest:
        y = conv(block.drop(relu(bn(y))))
    return block.join(y, active if block.projects else x)


def without_branch(block: Block, x: Tensor) -> Tensor:
    """What a residual block with F(x) = 0 gives: its shortcut, and what stands around it."""
    placement, last = block.style.placement, block.layers[-1][1]
    y = block.join(None, activated(block, x) if block.projects else x)
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
