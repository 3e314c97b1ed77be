"""The gradient of a convolution's weights, in two kernels: by parts of the rows, then summed.

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


# (size, channels read, channels written): measured on an H200, benchmarks/NOTES.md.
CUTS = {
    (3, 3, 16): Cut(1024, 32, 4),
    (3, 16, 16): Cut(1024, 128, 4, 2),
    (3, 16, 32): Cut(256, 64, 8),
    (3, 32, 32): Cut(256, 32, 4),
    (3, 32, 64): Cut(256, 64, 4, 4),
    (3, 64, 64): Cut(256, 64, 4),
}
VALUES = 4096  # that a program sums


@triton.jit
def _parts(
    dy, x, found,
    H: tl.constexpr, W: tl.constexpr, OH: tl.constexpr, OW: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, TAPS: tl.constexpr, STRIDE: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    part, ky = tl.program_id(0), tl.program_id(1)
    column, out = tl.arange(0, TAPS * C_PAD), tl.arange(0, C_OUT)
    kx, c = column // C_PAD, column % C_PAD
    real = (kx < K) & (c < C_IN)
    acc = tl.zeros([C_OUT, TAPS * C_PAD], tl.float32)
    for start in range(0, ROWS, BLOCK):
        rows = part * ROWS + start + tl.arange(0, BLOCK)
        image, pixel = rows // (OH * OW), rows % (OH * OW)
        iy = pixel // OW * STRIDE + ky - K // 2
        ix = (pixel % OW * STRIDE)[:, None] + kx[None, :] - K // 2
        there = ((iy >= 0) & (iy < H))[:, None] & (ix >= 0) & (ix < W) & real[None, :]
        at = ((image * H + iy) * W)[:, None] * C_IN + ix * C_IN + c[None, :]
        right = tl.load(x + at, there, other=0.0).to(tl.bfloat16).to(FACTOR)
        left = tl.load(dy + rows[:, None] * C_OUT + out[None, :]).to(FACTOR)
        acc = tl.dot(tl.trans(left), right, acc)
    at = ((part * K + ky) * C_OUT + out)[:, None] * (TAPS * C_PAD) + column[None, :]
    tl.store(found + at, acc)


@triton.jit
def _sum(
    found, dw, parts, w_out, w_in, w_y, w_x,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, TAPS: tl.constexpr,
    PARTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    element = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    part = tl.arange(0, PARTS)
    size = K * C_OUT * TAPS * C_PAD
    at = part[:, None] * size + element[None, :]
    total = tl.sum(tl.load(found + at, (part < parts)[:, None], other=0.0), 0)
    column, line = element % (TAPS * C_PAD), element // (TAPS * C_PAD)
    kx, c = column // C_PAD, column % C_PAD
    at = line % C_OUT * w_out + c * w_in + line // C_OUT * w_y + kx * w_x
    tl.store(dw + at, total, (kx < K) & (c < C_IN))


def gradient(dy: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Gradient of weight [C', C, K, K], float32, laid out as it, from dy and the map x read."""
    s = Shape.of(x, weight, stride)
    rows, cut = s.n * s.oh * s.ow, _cut(s)
    taps = 4 if s.size == 3 else 1  # of one line: three and zeros
    parts, padded = rows // cut.rows, s.padded(taps)
    found = torch.empty(parts, s.size, s.c_out, taps * padded, device=x.device)
    _parts[(parts, s.size)](
        dy, x, found, s.h, s.w, s.oh, s.ow, s.c_in, padded, s.c_out, s.size, taps, s.stride,
        cut.rows, cut.block,
        num_warps=cut.warps, num_stages=cut.stages,
    )  # fmt: skip
    dw, power = torch.empty_like(weight), 1 << (parts - 1).bit_length()
    each = min(max(VALUES // power, 16), 256)
    _sum[(found[0].numel() // each,)](
        found, dw, parts, *weight.stride(), s.c_in, padded, s.c_out, s.size, taps, power, each,
    )  # fmt: skip
    return dw


def _cut(shape: Shape) -> Cut:
    cut = CUTS.get((shape.size, shape.c_in, shape.c_out)) or _guess(shape)
    while shape.n * shape.oh * shape.ow % cut.rows:
        cut = replace(cut, rows=cut.rows // 2)
    return replace(cut, block=min(cut.block, cut.rows))


def _guess(shape: Shape) -> Cut:
    if shape.size == 1:  # every part has a result as large as the weights
        return Cut(8192 // min(shape.c_in, shape.c_out), 64, 4 if shape.c_out < 64 else 8)
    return Cut(32_768 // shape.c_out, 64, 4 if shape.c_out < 64 else 8)
