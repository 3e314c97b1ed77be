"""What a shortcut adds to a map, inside a kernel: nothing, a map of its shape, or by option A.

A program's rows are pixels of the map that is added to: row, image, y and x are [rows] each.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

NOTHING, SAME, OPTION_A, BACK = 0, 1, 2, 3


@triton.jit
def added(
    acc, straight, row, image, y, x, c,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr,
    ADD: tl.constexpr, C_ADDED: tl.constexpr, EVERY: tl.constexpr,
):  # fmt: skip
    """`acc` [rows, C], and on top what `straight` has for these pixels of a map [N, C, H, W].

    By option A that is every EVERY-th pixel of a map of C_ADDED channels, and zeros for the
    channels that are missing; on the way back the gradient of such a sum, C_ADDED channels of it,
    for the pixels that were taken.
    """
    if ADD == 1:
        at = row[:, None] * C + c[None, :]
        acc += tl.load(straight + at).to(tl.float32)
    if ADD == 2:
        at = ((image * H + y) * EVERY * W + x) * EVERY * C_ADDED
        there = (c < C_ADDED)[None, :]
        acc += tl.load(straight + at[:, None] + c[None, :], there, other=0.0).to(tl.float32)
    if ADD == 3:
        taken = (y % EVERY == 0) & (x % EVERY == 0)
        place = (image * (H // EVERY) + y // EVERY) * (W // EVERY) + x // EVERY
        at = place[:, None] * C_ADDED + c[None, :]
        acc += tl.load(straight + at, taken[:, None], other=0.0).to(tl.float32)
    return acc


def adding(straight: Tensor | None, to: Tensor) -> tuple[int, int, int]:
    """How `added` adds to a map [N, C, H, W]: ADD, C_ADDED, EVERY.

    A map of fewer channels goes in by option A; one of more is the gradient of what did.
    """
    c, h = to.shape[1:3]
    if straight is None:
        return NOTHING, c, 1
    c_added, h_added = straight.shape[1:3]
    if straight.shape == to.shape:
        return SAME, c, 1
    return (BACK, c_added, h // h_added) if c_added > c else (OPTION_A, c_added, h_added // h)
