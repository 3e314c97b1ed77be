"""1×1 and 3×3 convolutions, and what batch normalisation wants to know of their results.

One kernel serves forward and backward: a program makes BLOCK rows (a row: one pixel of one image)
with all their channels, so that it can also sum over its rows what the next kernel needs.
cuDNN's kernels for 16 to 64 channels leave most of a GPU idle (benchmarks/NOTES.md).
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from resnet.kernels.normalised import Normalised
from resnet.kernels.products import products
from resnet.kernels.relu import back
from resnet.kernels.shapes import Shape, channels_last, tile
from resnet.kernels.straight import added, adding
from resnet.kernels.waiting import LAUNCH, wait

NOTHING, STATISTICS, GRADIENTS = 0, 1, 2  # what is summed over rows beside the map itself


@triton.jit
def _convolve(
    x, w, y, one, two, straight, active, raw, mean, inverse, parts,
    w_out, w_in, w_y, w_x,
    H: tl.constexpr, W: tl.constexpr, OH: tl.constexpr, OW: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, STRIDE: tl.constexpr, TRANSPOSED: tl.constexpr, TAPS: tl.constexpr,
    BLOCK: tl.constexpr, STAGES: tl.constexpr, SUMS: tl.constexpr,
    ADD: tl.constexpr, C_ADDED: tl.constexpr, EVERY: tl.constexpr,
):  # fmt: skip
    program = tl.program_id(0)
    rows = program * BLOCK + tl.arange(0, BLOCK)
    image, pixel = rows // (OH * OW), rows % (OH * OW)
    oy, ox = pixel // OW, pixel % OW
    acc = tl.zeros([BLOCK, C_OUT], tl.float32)
    wait()
    acc = products(
        acc, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
        H, W, C_IN, C_PAD, C_OUT, K, STRIDE, TRANSPOSED, TAPS, STAGES,
    )  # fmt: skip
    out = tl.arange(0, C_OUT)
    at = rows[:, None] * C_OUT + out[None, :]
    acc = added(acc, straight, rows, image, oy, ox, out, OH, OW, C_OUT, ADD, C_ADDED, EVERY)
    if SUMS == 2:
        acc = back(acc, tl.load(active + at))
    kept = acc.to(tl.bfloat16)
    tl.store(y + at, kept)
    kept = kept.to(tl.float32)
    place = out * parts + program
    if SUMS == 1:
        centre = tl.sum(kept, 0) / BLOCK
        apart = kept - centre[None, :]
        tl.store(one + place, centre)
        tl.store(two + place, tl.sum(apart * apart, 0))
    if SUMS == 2:
        apart = tl.load(raw + at).to(tl.float32) - tl.load(mean + out)[None, :]
        normal = apart * tl.load(inverse + out)[None, :]
        tl.store(one + place, tl.sum(kept, 0))
        tl.store(two + place, tl.sum(kept * normal, 0))


def forward(
    x: Tensor, weight: Tensor, stride: int, straight: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The map [N, C', H/stride, W/stride] in bfloat16, and its statistics by parts of rows.

    Those are float32 [2, C', parts]: the mean of a part, and its sum of squared distances from it.
    `straight` is added first: a map of this shape, or of another by option A.
    """
    shape = Shape.of(x, weight, stride)
    y = channels_last(x, shape.n, shape.c_out, shape.oh, shape.ow)
    return _launch(x, weight, y, shape, False, STATISTICS, straight)


def backward(
    dy: Tensor,
    weight: Tensor,
    stride: int,
    like: Tensor,
    straight: Tensor | None = None,
    below: Normalised | None = None,
) -> tuple[Tensor, Tensor]:
    """The gradient of the convolution's input `like`, with `straight` on top; sums by parts.

    `straight` has the shape of `like`, or is the gradient of what `like` went into by option A.
    `below` is what made that input by BN and ReLU. The gradient is then handed on through the
    ReLU, and the sums [2, C, parts] are those of the gradient, and of the gradient times BN's
    normalised input.
    """
    shape = Shape.of(like, weight, stride)
    dx = channels_last(dy, *like.shape)
    sums = NOTHING if below is None else GRADIENTS
    return _launch(dy, weight, dx, shape, True, sums, straight, below)


def _launch(
    x: Tensor,
    weight: Tensor,
    y: Tensor,
    shape: Shape,
    transposed: bool,
    sums: int,
    straight: Tensor | None = None,
    below: Normalised | None = None,
) -> tuple[Tensor, Tensor]:
    s = shape.turned() if transposed else shape
    rows = s.n * s.oh * s.ow
    how = tile(s, transposed)
    parts = rows // how.block
    found = torch.empty(2, s.c_out, parts, device=x.device)
    w_out, w_in, w_y, w_x = weight.stride()
    if transposed:
        w_out, w_in = w_in, w_out
    active, raw, stats = (x, x, found) if below is None else (below.out, below.y, below.stats)
    _convolve[(parts,)](
        x, weight, y, found[0], found[1], x if straight is None else straight,
        active, raw, stats[0], stats[1], parts, w_out, w_in, w_y, w_x,
        s.h, s.w, s.oh, s.ow, s.c_in, s.padded(how.taps), s.c_out, s.size, s.stride, transposed,
        how.taps, how.block, how.stages, sums, *adding(straight, y), num_warps=how.warps, **LAUNCH,
    )  # fmt: skip
    return y, found
