"""Gradients by depth: does the signal from the loss reach the first block, and as what?

He et al. 2015 §4.1 checked that the gradients of plain nets with BN have healthy norms; the norms
here are that check, as numbers. A norm does not say whether two blocks are told alike: the cosine
between the gradients at the outputs of neighbouring blocks does.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

VANISHED = -45.0  # decades: float32 holds no smaller number than 1e-45


def block_gradients(net: nn.Module, x: Tensor, y: Tensor) -> list[Tensor]:
    """The mean loss's gradient at each block's output [B, C, H, W], in forward order.

    The net is in training mode for this (BN uses the batch's statistics) and is left as it was:
    same mode, no gradients, the same running statistics. (Nets that draw by counter have made a
    draw more.) Without blocks there are none.

    Args:
        net: a net of the catalogue; its `blocks` are looked at.
        x: images [B, 3, H, W].
        y: labels [B].
    """
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    training, outputs = net.training, []
    hooks = [
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
        for block in net.blocks  # type: ignore[union-attr]
    ]
    try:
        loss = F.cross_entropy(net.train()(x), y)
        return list(torch.autograd.grad(loss, outputs)) if outputs else []
    finally:
        for hook in hooks:
            hook.remove()
        net.train(training)
        for name, buffer in net.named_buffers():
            buffer.copy_(buffers[name])


def block_gradient_norms(net: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    """Norms of the loss's gradient at each block's output; arguments as in `block_gradients`."""
    return norms(block_gradients(net, x, y))


def norms(gradients: list[Tensor]) -> list[float]:
    """The Euclidean norm of each, in double precision: float32 loses the squares of 1e-23."""
    return [float(gradient.double().norm()) for gradient in gradients]


def ratio(norms: list[float]) -> float:
    """log10 of the first block's norm over the last one's: far below zero, they vanish.

    Not below `VANISHED`, so that a gradient of zero is on record as what it is. NaN where the last
    one is zero as well, as of a net that has nothing left to learn.
    """
    first, last = norms[0], norms[-1]
    if not last:
        return math.inf if first else math.nan
    share = first / last
    return max(math.log10(share), VANISHED) if share else VANISHED


def neighbour_cosines(gradients: list[Tensor]) -> list[tuple[int, float]]:
    """(k, cosine between the gradients at the outputs of blocks k and k + 1), k from 0.

    The cosine is taken image by image and averaged over the batch [B, C, H, W]. It is there only
    where the two have one shape, within a stage. An identity between the two makes it 1; in high
    dimensions unrelated directions make it 0.
    """
    pairs = enumerate(pairwise(gradients))
    return [(k, _cosine(one, other)) for k, (one, other) in pairs if one.shape == other.shape]


def _cosine(one: Tensor, other: Tensor) -> float:
    """The mean over images; a gradient of zero, which points nowhere, counts as 0."""
    pair = one.flatten(1).double(), other.flatten(1).double()
    return float(F.cosine_similarity(*pair, eps=1e-150).mean())  # of a trained net they are tiny
