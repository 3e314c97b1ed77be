"""Convolution, BN, addition and ReLU of a net that is evaluated, in one kernel.

BN's statistics are those that training has left, known before the first image: nothing is summed
over rows, and the map before BN is never written. A block is two kernels, or three where it is
pre-activated.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from resnet.kernels.normalisation import block_of
from resnet.kernels.products import products
from resnet.kernels.relu import relu
from resnet.kernels.shapes import Shape, channels_last, tile
from resnet.kernels.straight import added, adding
from resnet.kernels.waiting import LAUNCH, wait


@triton.jit
def _evaluate(
    x, w, straight, out, weight, bias, running_mean, running_var, eps,
    w_out, w_in, w_y, w_x,
    H: tl.constexpr, W: tl.constexpr, OH: tl.constexpr, OW: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, STRIDE: tl.constexpr, TAPS: tl.constexpr, BLOCK: tl.constexpr,
    STAGES: tl.constexpr,
    ADD: tl.constexpr, C_ADDED: tl.constexpr, EVERY: tl.constexpr,
):  # fmt: skip
    rows, c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, C_OUT)
    image, pixel = rows // (OH * OW), rows % (OH * OW)
    oy, ox = pixel // OW, pixel % OW
    acc = tl.zeros([BLOCK, C_OUT], tl.float32)
    wait()
    acc = products(
        acc, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
        H, W, C_IN, C_PAD, C_OUT, K, STRIDE, False, TAPS, STAGES,
    )  # fmt: skip
    scale = tl.load(weight + c) * tl.rsqrt(tl.load(running_var + c) + eps)
    shift = tl.load(bias + c) - tl.load(running_mean + c) * scale
    z = acc * scale[None, :] + shift[None, :]
    z = added(z, straight, rows, image, oy, ox, c, OH, OW, C_OUT, ADD, C_ADDED, EVERY)
    at = rows[:, None] * C_OUT + c[None, :]
    tl.store(out + at, relu(z).to(tl.bfloat16))


@triton.jit
def _activate(
    x, out, weight, bias, running_mean, running_var, eps, C: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    row, c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, C)
    at = row[:, None] * C + c[None, :]
    wait()
    scale = tl.load(weight + c) * tl.rsqrt(tl.load(running_var + c) + eps)
    shift = tl.load(bias + c) - tl.load(running_mean + c) * scale
    z = tl.load(x + at).to(tl.float32) * scale[None, :] + shift[None, :]
    tl.store(out + at, relu(z).to(tl.bfloat16))


def evaluated(
    x: Tensor, conv: nn.Conv2d, bn: nn.BatchNorm2d, straight: Tensor | None = None
) -> Tensor:
    """relu(BN(conv(x)) + straight), BN by its running statistics: bfloat16 [N, C', H/s, W/s].

    Args:
        x: float32 or bfloat16 [N, C, H, W], a pixel's channels together.
        conv: 1×1, or 3×3 with padding 1; stride s.
        bn: of its C' channels.
        straight: bfloat16; a map of another shape is added by option A.
    """
    s = Shape.of(x, conv.weight, conv.stride[0])
    how = tile(s, transposed=False)
    out = channels_last(x, s.n, s.c_out, s.oh, s.ow)
    there = out if straight is None else straight
    _evaluate[(s.n * s.oh * s.ow // how.block,)](
        x, conv.weight, there, out, bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps,
        *conv.weight.stride(), s.h, s.w, s.oh, s.ow, s.c_in, s.padded(how.taps), s.c_out,
        s.size, s.stride, how.taps, how.block, how.stages,
        *adding(straight, out), num_warps=how.warps, **LAUNCH,
    )  # fmt: skip
    return out


def activated(x: Tensor, bn: nn.BatchNorm2d) -> Tensor:
    """relu(BN(x)), BN by its running statistics: bfloat16 [N, C, H, W], channels last."""
    c, out = x.shape[1], torch.empty_like(x)
    rows = x.numel() // c
    block = block_of(rows, c)
    _activate[(rows // block,)](
        x, out, bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps, c, block, **LAUNCH
    )
    return out
