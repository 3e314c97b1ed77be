"""Gradient norms by depth: does the signal from the loss reach the first block?

He et al. 2015 §4.1 checked that the gradients of plain nets with BN have healthy norms; this is
that check, as numbers.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def block_gradient_norms(net: nn.Module, x: Tensor, y: Tensor) -> list[float]:
    """Norms of the loss's gradient at each block's output, in forward order.

    The net is in training mode for this (BN uses the batch's statistics) and is left exactly as
    it was: same mode, no gradients, the same running statistics.

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
        gradients = torch.autograd.grad(loss, outputs)
    finally:
        for hook in hooks:
            hook.remove()
        net.train(training)
        for name, buffer in net.named_buffers():
            buffer.copy_(buffers[name])
    return [float(gradient.norm()) for gradient in gradients]


def ratio(norms: list[float]) -> float:
    """log10 of the first block's norm over the last one's: far below zero, they vanish."""
    return math.log10(norms[0] / norms[-1]) if norms[0] > 0 else -math.inf
