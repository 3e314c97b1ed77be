"""Batch normalisation, addition and ReLU of one map, forward and backward, in two kernels each.

The first settles a channel's numbers from sums over parts of its rows, the second goes over the
map. A row is one pixel of one image; maps are bfloat16 [N, C, H, W], a pixel's channels together.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor, nn

from resnet.kernels.normalised import Normalised
from resnet.kernels.relu import back, relu
from resnet.kernels.straight import added, adding
from resnet.kernels.waiting import LAUNCH, wait

ELEMENTS = 4096  # of a map, a program


@triton.jit
def _settle(
    sums, stats, weight, bias, running_mean, running_var, tracked,
    parts, rows, momentum, eps, C: tl.constexpr, PARTS: tl.constexpr,
):  # fmt: skip
    wait()
    c = tl.program_id(0)
    part = tl.arange(0, PARTS)
    real = part < parts
    centre = tl.load(sums + c * parts + part, real, other=0.0)
    apart = tl.load(sums + (C + c) * parts + part, real, other=0.0)
    mean = tl.sum(centre, 0) / parts
    off = tl.where(real, centre - mean, 0.0)
    total = tl.sum(apart, 0) + tl.sum(off * off, 0) * (rows / parts)
    variance = total / rows
    inverse = tl.rsqrt(variance + eps)
    scale = tl.load(weight + c) * inverse
    tl.store(stats + c, mean)
    tl.store(stats + C + c, inverse)
    tl.store(stats + 2 * C + c, scale)
    tl.store(stats + 3 * C + c, tl.load(bias + c) - mean * scale)
    old = tl.load(running_mean + c)
    tl.store(running_mean + c, old + momentum * (mean - old))
    old = tl.load(running_var + c)
    tl.store(running_var + c, old + momentum * (total / (rows - 1) - old))
    if c == 0:
        tl.store(tracked, tl.load(tracked) + 1)


@triton.jit
def _apply(
    y, stats, straight, out,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr, BLOCK: tl.constexpr,
    ADD: tl.constexpr, C_ADDED: tl.constexpr, EVERY: tl.constexpr,
):  # fmt: skip
    row, c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, C)
    at = row[:, None] * C + c[None, :]
    wait()
    scale, shift = tl.load(stats + 2 * C + c), tl.load(stats + 3 * C + c)
    z = tl.load(y + at).to(tl.float32) * scale[None, :] + shift[None, :]
    image, pixel = row // (H * W), row % (H * W)
    line, column = pixel // W, pixel % W
    z = added(z, straight, row, image, line, column, c, H, W, C, ADD, C_ADDED, EVERY)
    tl.store(out + at, relu(z).to(tl.bfloat16))


@triton.jit
def _reduce(
    g, out, y, stats, sums, parts,
    TURNS: tl.constexpr, C: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    wait()
    program, c = tl.program_id(0), tl.arange(0, C)
    mean, inverse = tl.load(stats + c), tl.load(stats + C + c)
    one = tl.zeros([BLOCK, C], tl.float32)
    two = tl.zeros([BLOCK, C], tl.float32)
    for turn in range(TURNS):
        row = (program * TURNS + turn) * BLOCK + tl.arange(0, BLOCK)
        at = row[:, None] * C + c[None, :]
        grad = back(tl.load(g + at).to(tl.float32), tl.load(out + at))
        one += grad
        two += grad * (tl.load(y + at).to(tl.float32) - mean[None, :]) * inverse[None, :]
    tl.store(sums + c * parts + program, tl.sum(one, 0))
    tl.store(sums + (C + c) * parts + program, tl.sum(two, 0))


@triton.jit
def _settle_backward(sums, found, parts, rows, C: tl.constexpr, PARTS: tl.constexpr):
    wait()
    c = tl.program_id(0)
    part = tl.arange(0, PARTS)
    one = tl.sum(tl.load(sums + c * parts + part, part < parts, other=0.0), 0)
    two = tl.sum(tl.load(sums + (C + c) * parts + part, part < parts, other=0.0), 0)
    tl.store(found + c, two)
    tl.store(found + C + c, one)
    tl.store(found + 2 * C + c, one / rows)
    tl.store(found + 3 * C + c, two / rows)


@triton.jit
def _apply_backward(
    g, out, y, stats, found, dy, handed, straight,
    H: tl.constexpr, W: tl.constexpr, C: tl.constexpr, BLOCK: tl.constexpr,
    MASK: tl.constexpr, HAND: tl.constexpr,
    ADD: tl.constexpr, C_ADDED: tl.constexpr, EVERY: tl.constexpr,
):  # fmt: skip
    wait()
    row, c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, C)
    at = row[:, None] * C + c[None, :]
    mean, inverse, scale = tl.load(stats + c), tl.load(stats + C + c), tl.load(stats + 2 * C + c)
    one, two = tl.load(found + 2 * C + c), tl.load(found + 3 * C + c)
    grad = tl.load(g + at).to(tl.float32)
    if MASK:
        grad = back(grad, tl.load(out + at))
    if HAND:
        tl.store(handed + at, grad.to(tl.bfloat16))
    normal = (tl.load(y + at).to(tl.float32) - mean[None, :]) * inverse[None, :]
    change = (grad - one[None, :] - normal * two[None, :]) * scale[None, :]
    image, pixel = row // (H * W), row % (H * W)
    line, column = pixel // W, pixel % W
    change = added(change, straight, row, image, line, column, c, H, W, C, ADD, C_ADDED, EVERY)
    tl.store(dy + at, change.to(tl.bfloat16))


def forward(
    y: Tensor, sums: Tensor, bn: nn.BatchNorm2d, straight: Tensor | None = None
) -> Normalised:
    """relu(BN(y) + straight) with the statistics of this batch; BN's running ones move.

    `sums` [2, C, parts] as the convolution gives them. A map of another shape than y is added by
    option A.
    """
    c, parts = sums.shape[1:]
    rows = y.numel() // c
    stats = torch.empty(4, c, device=y.device)
    _settle[(c,)](
        sums, stats, bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.num_batches_tracked,
        parts, rows, bn.momentum, bn.eps, c, _power(parts), **LAUNCH,
    )  # fmt: skip
    out, block = torch.empty_like(y), block_of(rows, c)
    there = y if straight is None else straight
    _apply[(rows // block,)](
        y, stats, there, out, *y.shape[2:], c, block, *adding(straight, y), **LAUNCH
    )
    return Normalised(y, out, stats)


def reduced(g: Tensor, of: Normalised) -> Tensor:
    """Sums [2, C, parts] over rows: of the gradient behind the ReLU, and times the normalised y."""
    c = g.shape[1]
    rows = g.numel() // c
    block, turns = block_of(rows, c), 1
    while turns < 4 and rows % (2 * turns * block) == 0 and rows // (2 * turns * block) >= 128:
        turns *= 2
    parts = rows // (block * turns)
    sums = torch.empty(2, c, parts, device=g.device)
    _reduce[(parts,)](g, of.out, of.y, of.stats, sums, parts, turns, c, block, **LAUNCH)
    return sums


def backward(
    g: Tensor,
    sums: Tensor,
    of: Normalised,
    masked: bool,
    hand: bool = False,
    straight: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Gradients of y, of BN's weight and bias [C], and, with `hand`, of what was added.

    `masked`: g is the gradient behind the ReLU already. `straight`: the gradient that reaches y
    beside BN, added to its own; one of more channels is taken back through option A.
    """
    c, parts = sums.shape[1:]
    rows = g.numel() // c
    found = torch.empty(4, c, device=g.device)
    _settle_backward[(c,)](sums, found, parts, rows, c, _power(parts), **LAUNCH)
    dy, block = torch.empty_like(of.y), block_of(rows, c)
    new = hand and not masked
    handed = torch.empty_like(of.y) if new else g if hand else None
    there = g if straight is None else straight
    _apply_backward[(rows // block,)](
        g, of.out, of.y, of.stats, found, dy, handed if new else dy, there,
        *g.shape[2:], c, block, not masked, new, *adding(straight, dy), **LAUNCH,
    )  # fmt: skip
    return dy, found[0], found[1], handed


def block_of(rows: int, c: int) -> int:
    """Rows of a map of C channels that a program takes."""
    block = max(1, ELEMENTS // c)
    while rows % block:
        block //= 2
    return block


def _power(n: int) -> int:
    return 1 << (n - 1).bit_length()
