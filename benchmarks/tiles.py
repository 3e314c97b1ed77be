"""How to cut each convolution into programs for our kernels: every way is tried, the best printed.

    python -m benchmarks tiles [--bottlenecks] [--batch 128]

A GPU only, best with many cores: they compile first, all at once. What it prints goes into TILES
(resnet/kernels/shapes.py) and CUTS (resnet/kernels/weights.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from statistics import median
from typing import Any

import torch
from torch import Tensor

from benchmarks.common import parser

# (channels read, channels written, pixels, stride, kernel's size): He et al. 2015, section 4.2.
CONVOLUTIONS = [
    (3, 16, 32, 1, 3),
    (16, 16, 32, 1, 3),
    (16, 32, 32, 2, 3),
    (32, 32, 16, 1, 3),
    (32, 64, 16, 2, 3),
    (64, 64, 8, 1, 3),
]
# And what bottlenecks have more (He et al. 2016: 164 and 1001 layers).
BOTTLENECKS = [
    (64, 16, 32, 1, 1),
    (16, 64, 32, 1, 1),
    (64, 32, 32, 2, 1),
    (128, 32, 16, 1, 1),
    (32, 128, 16, 1, 1),
    (128, 64, 16, 2, 1),
    (256, 64, 8, 1, 1),
    (64, 256, 8, 1, 1),
]
KINDS = ("forward", "backward", "weights")
LAUNCHES, TURNS = 20, 8  # in a graph, and of that graph
SHOWN = 3


@dataclass(frozen=True)
class Work:
    """One kernel on one shape, cut in one way (the fields of `Tile`, or of `Cut`)."""

    kind: str
    shape: tuple[int, int, int, int, int]
    cut: tuple[int, ...]


def ways(shapes: list[tuple[int, int, int, int, int]]) -> Iterator[Work]:
    """Every way to cut every kernel's work on these shapes."""
    for shape, kind in product(shapes, KINDS):
        c_in, c_out, *_, size = shape
        read = c_out if kind == "backward" else c_in
        taps = (1,) if size == 1 else (1, 4) if read > 3 else (4,)
        if kind == "weights":
            rows = (r // c_out for r in (8_192, 16_384, 32_768))
            for cut in product(rows, (32, 64, 128), (4, 8), (2, 3, 4)):
                yield Work(kind, shape, cut)
        elif not (kind == "backward" and c_in == 3):  # images need no gradient
            for cut in product((32, 64, 128, 256, 512), taps, (4, 8), (1, 3)):
                yield Work(kind, shape, cut)


def prepared(work: Work, batch: int) -> Callable[[], Any]:
    """The kernel's launch, cut as asked, on random maps."""
    from resnet.kernels import convolution, shapes, weights
    from resnet.kernels.normalised import Normalised

    c_in, c_out, pixels, stride, size = work.shape
    x, dy = maps(batch, c_in, pixels), maps(batch, c_out, pixels // stride)
    weight = maps(c_out, c_in, size).float()
    if work.kind == "weights":
        weights.CUTS[size, c_in, c_out] = weights.Cut(*work.cut)
        return lambda: weights.gradient(dy, x, weight, stride)
    if work.kind == "forward":
        shapes.TILES[size, c_in, c_out, False] = shapes.Tile(*work.cut)
        return lambda: convolution.forward(x, weight, stride)
    shapes.TILES[size, c_out, c_in, True] = shapes.Tile(*work.cut)
    below = Normalised(x, x, torch.randn(4, c_in, device="cuda"))
    added = dy if stride > 1 and c_out > c_in else x
    return lambda: convolution.backward(dy, weight, stride, x, added, below)


def maps(n: int, channels: int, size: int) -> Tensor:
    """A random map on the GPU; images, of three channels, are float32."""
    x = torch.randn(n, channels, size, size, device="cuda").to(memory_format=torch.channels_last)
    return x if channels == 3 else x.to(torch.bfloat16)


def compiles(work: tuple[Work, int]) -> bool:
    """Compile into Triton's cache; whether that, and a launch, is possible."""
    try:
        prepared(*work)()
        torch.cuda.synchronize()
    except Exception:  # too much shared memory, mostly: not a way to cut it, then
        return False
    return True


def microseconds(launch: Callable[[], Any]) -> float:
    """Of a launch among others in a graph, gaps included: the median of some turns."""
    from resnet.training.graph import Graph

    graph = Graph(lambda: [launch() for _ in range(LAUNCHES)], [])
    found = []
    for _ in range(TURNS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph()
        end.record()
        torch.cuda.synchronize()
        found.append(1e3 * start.elapsed_time(end) / LAUNCHES)
    return median(found)


def main(arguments: list[str] | None = None) -> None:
    """Print the fastest ways, kernel by kernel and shape by shape."""
    options = parser("tiles", __doc__ or "", turns=TURNS)
    options.add_argument("--batch", type=int, default=128)
    options.add_argument("--bottlenecks", action="store_true", help="the 1×1 convolutions of these")
    given = options.parse_args(arguments)
    if not torch.cuda.is_available():
        options.error("needs a GPU")
    shapes = BOTTLENECKS if given.bottlenecks else CONVOLUTIONS
    work = [(one, given.batch) for one in ways(shapes)]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        possible = pool.map(compiles, work, chunksize=1)
    timed: dict[tuple[Any, ...], list[tuple[float, tuple[int, ...]]]] = {}
    for (one, batch), can in zip(work, possible, strict=True):
        if can:
            found = (microseconds(prepared(one, batch)), one.cut)
            timed.setdefault((one.kind, *one.shape), []).append(found)
    for key, results in timed.items():
        best = "  ".join(f"{us:.1f} us {cut}" for us, cut in sorted(results)[:SHOWN])
        print(*key, best, flush=True)
