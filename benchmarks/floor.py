"""How fast a step could be on a device: bytes over its bandwidth, operations over its rate.

Bytes are those that eager kernels must read and write, summed over every operation of one step;
operations those of convolutions and linear layers. Bandwidth and rate are measured here, by a copy
and by a product of matrices, and not taken from a data sheet. What stays in a cache, or is done by
a fused kernel, can be faster than this floor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import seconds
from resnet.nets.construct import architecture
from resnet.training.step import set_precision

TURNS = 5


class Traffic(TorchDispatchMode):
    """Adds up the bytes that every operation but a view reads and writes."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do the operation and count."""
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [t for t in tree_leaves((args, kwargs, result)) if isinstance(t, Tensor)]
            self.bytes += sum(t.numel() * t.element_size() for t in tensors)
        return result


def of_step(net: str, batch: int, precision: str = "float32") -> tuple[int, int]:
    """(bytes, operations) of forward and backward of a batch of 32×32 images; nothing is computed.

    A multiply-add counts as two operations. In bfloat16 weights count as such too, though they are
    kept in float32: beside the feature maps they are nothing.
    """
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    model = architecture(net, 10).train().to(kind)
    x = torch.empty(batch, 3, 32, 32, device="meta", dtype=kind)
    with FlopCounterMode(display=False) as work, Traffic() as traffic:
        model(x).float().sum().backward()
    return traffic.bytes, work.get_total_flops()


def bandwidth(device: str) -> float:
    """Bytes a second, read and written, of a copy of 256 MiB (CPU: 64 MiB)."""
    size = 2 ** (26 if device == "cuda" else 24)
    one = torch.ones(size, device=device)
    other = torch.empty_like(one)
    return 8 * size / best(lambda: other.copy_(one), device)


def rate(device: str, precision: str = "float32") -> float:
    """Operations a second of a product of square matrices, in the precision."""
    set_precision(precision)
    n = 8192 if device == "cuda" else 1024
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    one, other = (torch.randn(n, n, device=device).to(kind) for _ in "ab")
    return 2 * n**3 / best(lambda: one @ other, device)


def best(work: Callable[[], object], device: str) -> float:
    """The shortest of some turns, in seconds; the device is waited for."""

    def waited() -> None:
        work()
        if device == "cuda":
            torch.cuda.synchronize()

    waited()
    return min(seconds(waited) for _ in range(TURNS))


def floor(net: str, batch: int, device: str, precision: str = "float32") -> dict[str, float]:
    """Milliseconds a step by bytes and by operations, and what they were worked out from."""
    moved, operations = of_step(net, batch, precision)
    there, speed = bandwidth(device), rate(device, precision)
    return {
        "bytes_ms": 1e3 * moved / there,
        "operations_ms": 1e3 * operations / speed,
        "GB_a_step": moved / 1e9,
        "GFLOP_a_step": operations / 1e9,
        "GB_per_s": there / 1e9,
        "GFLOP_per_s": speed / 1e9,
    }
