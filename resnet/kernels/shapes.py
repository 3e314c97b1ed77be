"""Shapes of the convolutions that have kernels here, and how each is cut into programs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import triton.language as tl
from torch import Tensor
from triton import knobs

# Triton's interpreter, which the tests use, would multiply the bits of bfloat16 as integers.
FACTOR = tl.constexpr(tl.float32 if knobs.runtime.interpret else tl.bfloat16)


@dataclass(frozen=True)
class Shape:
    """A convolution that keeps its map's size, but for the stride: what it reads and writes.

    The map it reads is [n, c_in, h, w], its kernel size×size, padded by half of that.
    """

    n: int
    h: int
    w: int
    oh: int
    ow: int
    c_in: int
    c_out: int
    size: int
    stride: int

    @classmethod
    def of(cls, x: Tensor, weight: Tensor, stride: int) -> Shape:
        """The convolution of x [N, C, H, W] with weight [C', C, size, size]."""
        (n, c_in, h, w), (c_out, _, size, _) = x.shape, weight.shape
        oh, ow = -(-h // stride), -(-w // stride)
        return cls(n, h, w, oh, ow, c_in, c_out, size, stride)

    def turned(self) -> Shape:
        """The convolution that takes gradients back: from what was written to what was read."""
        return replace(
            self, h=self.oh, w=self.ow, oh=self.h, ow=self.w, c_in=self.c_out, c_out=self.c_in
        )

    def padded(self, taps: int) -> int:
        """Channels to a tap: a power of two, and 16 or more a product."""
        power = 1 << (self.c_in - 1).bit_length()
        return max(power, 16 // taps)


@dataclass(frozen=True)
class Tile:
    """Rows a program makes, taps a product takes (1, or 4: three and zeros), warps, stages."""

    block: int
    taps: int
    warps: int
    stages: int = 1


# (size, channels read, channels written, transposed): measured on an H200, benchmarks/NOTES.md.
TILES = {
    (3, 3, 16, False): Tile(256, 4, 8),
    (3, 16, 16, False): Tile(256, 1, 4),
    (3, 16, 16, True): Tile(512, 1, 8),
    (3, 16, 32, False): Tile(128, 4, 4),
    (3, 32, 16, True): Tile(256, 1, 8),
    (3, 32, 32, False): Tile(128, 1, 4, 3),
    (3, 32, 32, True): Tile(128, 1, 4, 3),
    (3, 32, 64, False): Tile(64, 1, 4, 3),
    (3, 64, 32, True): Tile(128, 1, 8),
    (3, 64, 64, False): Tile(64, 1, 4, 3),
    (3, 64, 64, True): Tile(64, 4, 4),
}


def tile(shape: Shape, transposed: bool) -> Tile:
    """How to cut a convolution into programs."""
    found = TILES.get((shape.size, shape.c_in, shape.c_out, transposed)) or _guess(shape)
    rows = shape.n * shape.oh * shape.ow
    while rows % found.block:
        found = replace(found, block=found.block // 2)
    return found


def _guess(shape: Shape) -> Tile:
    if shape.size == 1:
        return Tile(max(32, min(8192 // max(shape.c_in, shape.c_out), 256)), 1, 4)
    return Tile(128, 4, 4) if shape.c_in < 64 else Tile(64, 1, 4)


def channels_last(like: Tensor, *shape: int) -> Tensor:
    """An empty map in bfloat16, a pixel's channels together, on the device of `like`."""
    form = torch.channels_last
    return torch.empty(shape, dtype=torch.bfloat16, device=like.device, memory_format=form)
