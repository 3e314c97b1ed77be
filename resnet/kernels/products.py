"""The products of a K×K convolution, a few taps at a time, in a kernel that makes some rows."""

import triton
import triton.language as tl

from resnet.kernels.shapes import FACTOR


@triton.jit
def _factors(
    i, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
    H: tl.constexpr, W: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, STRIDE: tl.constexpr, TRANSPOSED: tl.constexpr, TAPS: tl.constexpr,
):  # fmt: skip
    column = tl.arange(0, TAPS * C_PAD)
    tap, c = column // C_PAD, column % C_PAD
    if TAPS == 4:  # three taps of one line of the kernel, and a fourth of zeros
        ky, kx = i, tap
    else:
        ky, kx = i // K, tap + i % K
    if TRANSPOSED:
        ty, tx = oy + K // 2 - ky, ox[:, None] + K // 2 - kx[None, :]
        iy, ix = ty // STRIDE, tx // STRIDE
        there_y = (ty >= 0) & (iy < H) & (ty % STRIDE == 0)
        there_x = (tx >= 0) & (ix < W) & (tx % STRIDE == 0)
    else:
        iy, ix = oy * STRIDE + ky - K // 2, ox[:, None] * STRIDE + kx[None, :] - K // 2
        there_y = (iy >= 0) & (iy < H)
        there_x = (ix >= 0) & (ix < W)
    real, out = (kx < K) & (c < C_IN), tl.arange(0, C_OUT)
    at = ((image * H + iy) * W)[:, None] * C_IN + ix * C_IN + c[None, :]
    left = tl.load(x + at, there_y[:, None] & there_x & real[None, :], other=0.0)
    at = (c * w_in + ky * w_y + kx * w_x)[:, None] + (out * w_out)[None, :]
    right = tl.load(w + at, real[:, None] & (out < C_OUT)[None, :], other=0.0)
    return left.to(tl.bfloat16).to(FACTOR), right.to(tl.bfloat16).to(FACTOR)


@triton.jit
def products(
    acc, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
    H: tl.constexpr, W: tl.constexpr,
    C_IN: tl.constexpr, C_PAD: tl.constexpr, C_OUT: tl.constexpr,
    K: tl.constexpr, STRIDE: tl.constexpr, TRANSPOSED: tl.constexpr,
    TAPS: tl.constexpr, STAGES: tl.constexpr,
):  # fmt: skip
    """`acc` [rows, C_OUT] and on top the convolution at these pixels of these images."""
    if STAGES == 1:
        for i in tl.static_range(0, K if TAPS == 4 else K * K):
            left, right = _factors(
                i, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
                H, W, C_IN, C_PAD, C_OUT, K, STRIDE, TRANSPOSED, TAPS,
            )  # fmt: skip
            acc = tl.dot(left, right, acc)
    else:
        for i in tl.range(0, K if TAPS == 4 else K * K, num_stages=STAGES):
            left, right = _factors(
                i, x, w, image, oy, ox, w_out, w_in, w_y, w_x,
                H, W, C_IN, C_PAD, C_OUT, K, STRIDE, TRANSPOSED, TAPS,
            )  # fmt: skip
            acc = tl.dot(left, right, acc)
    return acc
