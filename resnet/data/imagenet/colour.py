"""Colour augmentation of a batch at once, on the device that trains.

Pixels are in 0 to 1. Constants are fb.resnet.torch's, found on ImageNet's training images.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

EIGENVALUES = (0.2175, 0.0188, 0.0045)
EIGENVECTORS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)
LIGHTING = 0.1  # standard deviation of the shares of the principal components
JITTER = 0.4  # brightness, contrast and saturation are scaled by 1 - JITTER to 1 + JITTER
GREY = (0.299, 0.587, 0.114)

COLOURS = ("none", "lighting", "jitter and lighting")
NUMBERS = 9  # numbers drawn for the colours of one image


def draw_colours(draw: np.random.Generator) -> np.ndarray:
    """All that colour augmentation draws for one image, whatever the recipe uses: float32 [9].

    Three shares of the principal components, three factors (brightness, contrast, saturation),
    and the order of those three.
    """
    shares = draw.normal(0, LIGHTING, 3)
    factors = draw.uniform(1 - JITTER, 1 + JITTER, 3)
    return np.concatenate([shares, factors, draw.permutation(3)]).astype(np.float32)


def coloured(x: Tensor, numbers: Tensor, colour: str) -> Tensor:
    """Images x [B, 3, H, W] in 0 to 1 with their colours changed by `numbers` [B, 9].

    'lighting' (Krizhevsky et al. 2012, section 4.1; He et al. 2015, section 3.4) adds the same
    multiple of the principal components to every pixel; 'jitter and lighting' is fb.resnet.torch's.
    """
    if colour == "none":
        return x
    if colour == "jitter and lighting":
        x = jittered(x, numbers[:, 3:6], numbers[:, 6:9].long())
    return x + lighting(numbers[:, :3]).view(-1, 3, 1, 1)


def lighting(shares: Tensor) -> Tensor:
    """What is added to red, green and blue, [B, 3], for shares [B, 3] of the components."""
    vectors = shares.new_tensor(EIGENVECTORS)
    return (shares * shares.new_tensor(EIGENVALUES)) @ vectors.T


def jittered(x: Tensor, factors: Tensor, order: Tensor) -> Tensor:
    """Brightness (0), contrast (1) and saturation (2) of each image scaled, in its own order.

    Each is a blend of the image with another: black, its mean grey, its own grey picture.
    """
    weights = x.new_tensor(GREY).view(1, 3, 1, 1)
    for place in range(3):
        kind = order[:, place]
        factor = factors.gather(1, kind[:, None]).view(-1, 1, 1, 1)
        grey = (x * weights).sum(1, keepdim=True)
        mean = grey.mean((2, 3), keepdim=True)
        kinds = kind.view(-1, 1, 1, 1)
        other = torch.where(kinds == 2, grey, torch.where(kinds == 1, mean, torch.zeros_like(mean)))
        x = x * factor + other * (1 - factor)
    return x
