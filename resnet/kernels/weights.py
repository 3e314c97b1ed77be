"""The gradient of a 3×3 convolution's weights, in two kernels: by parts of the rows, then summed.

The order of the sums is fixed, so the same gradients come out every time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import triton
import triton.language as tl
from torch import Tensor

from resnet.kernels.shapes import FACTOR, Shape


@dataclass(frozen=True)
class Cut:
    """Rows of a part, rows a product takes, warps, stages."""

    rows: int
    block: int
    warps: int
    stages: int = 3


# (channels read, channels written): measured on an H200, benchmarks/NOTES.md.
CUTS = {
    (3, 16): Cut(1024, 32, 4),
    (16, 16): Cut(1024, 128, 4, 2),
    (16, 32): Cut(256, 64, 8),
    (32, 32): Cut(256, 32, 4),
    (32, 64): Cut(256, 64, 4, 4),
    (64, 64): Cut(256, 64, 4),
}
VALUES = 4096  # that a program sums


@triton.jit
def _parts(
    dy, x, found,
    H: tl.constexpr, W: tl.constexpr, OH: tl.constexpr, OW: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr, STRIDE: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    part, ky = tl.program_id(0), tl.program_id(1)
    column, out = tl.arange(0, 4 * C_PAD), tl.arange(0, C_OUT)
    kx, c = column // C_PAD, column % C_PAD
    real = (kx < 3) & (c < C_IN)
    acc = tl.zeros([C_OUT, 4 * C_PAD], tl.float32)
    for start in range(0, ROWS, BLOCK):
        rows = part * ROWS + start + tl.arange(0, BLOCK)
        image, pixel = rows // (OH * OW), rows % (OH * OW)
        iy = pixel // OW * STRIDE + ky - 1
        ix = (pixel % OW * STRIDE)[:, None] + kx[None, :] - 1
        there = ((iy >= 0) & (iy < H))[:, None] & (ix >= 0) & (ix < W) & real[None, :]
        at = ((image * H + iy) * W)[:, None] * C_IN + ix * C_IN + c[None, :]
        right = tl.load(x + at, there, other=0.0).to(tl.bfloat16).to(FACTOR)
        left = tl.load(dy + rows[:, None] * C_OUT + out[None, :]).to(FACTOR)
        acc = tl.dot(tl.trans(left), right, acc)
    at = ((part * 3 + ky) * C_OUT + out)[:, None] * (4 * C_PAD) + column[None, :]
    tl.store(found + at, acc)


@triton.jit
def _sum(
    found, dw, parts, w_out, w_in, w_y, w_x,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    PARTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    element = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    part = tl.arange(0, PARTS)
    size = 3 * C_OUT * 4 * C_PAD
    at = part[:, None] * size + element[None, :]
    total = tl.sum(tl.load(found + at, (part < parts)[:, None], other=0.0), 0)
    column, line = element % (4 * C_PAD), element // (4 * C_PAD)
    kx, c = column // C_PAD, column % C_PAD
    at = line % C_OUT * w_out + c * w_in + line // C_OUT * w_y + kx * w_x
    tl.store(dw + at, total, (kx < 3) & (c < C_IN))


def gradient(dy: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Gradient of weight [C', C, 3, 3], float32, laid out as it, from dy and the map x read."""
    s = Shape.of(x, weight, stride)
    rows, cut = s.n * s.oh * s.ow, _cut(s)
    parts, padded = rows // cut.rows, s.padded(4)
    found = torch.empty(parts, 3, s.c_out, 4 * padded, device=x.device)
    _parts[(parts, 3)](
        dy, x, found, s.h, s.w, s.oh, s.ow, s.c_in, padded, s.c_out, s.stride, cut.rows, cut.block,
        num_warps=cut.warps, num_stages=cut.stages,
    )  # fmt: skip
    dw, power = torch.empty_like(weight), 1 << (parts - 1).bit_length()
    each = min(max(VALUES // power, 16), 256)
    _sum[(3 * s.c_out * 4 * padded // each,)](
        found, dw, parts, *weight.stride(), s.c_in, padded, s.c_out,
        power, each,
    )  # fmt: skip
    return dw


def _cut(shape: Shape) -> Cut:
    usual = Cut(32_768 // shape.c_out, 64, 4 if shape.c_out < 64 else 8)
    cut = CUTS.get((shape.c_in, shape.c_out), usual)
    while shape.n * shape.oh * shape.ow % cut.rows:
        cut = replace(cut, rows=cut.rows // 2)
    return replace(cut, block=min(cut.block, cut.rows))
