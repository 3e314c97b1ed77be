"""Gradients of weights on a stream beside: nothing but the update waits for them."""

from __future__ import annotations

import torch
from torch import Tensor

from resnet.kernels import weights


class Side:
    """Work that forks off the current stream, and joins it where a backward pass ends.

    What it reads and writes is kept until then: memory freed on one stream could be taken anew by
    the other before it has been read.
    """

    def __init__(self) -> None:
        self.on = True
        self._stream: torch.cuda.Stream | None = None
        self._kept: list[Tensor] = []
        self._pass: int | None = None  # torch's number of the one that will join

    def gradient(self, dy: Tensor, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        """As `weights.gradient`, inside a backward pass; to be read when that is over."""
        if not (self.on and dy.is_cuda):
            return weights.gradient(dy, x, weight, stride)
        if self._stream is None:
            self._stream = torch.cuda.Stream()
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            dw = weights.gradient(dy, x, weight, stride)
        self._begin()
        # Not dw: kept here, it would be copied by the accumulation, too early, instead of taken.
        self._kept += [dy, x]
        return dw

    def _begin(self) -> None:
        """Let the backward pass that is under way end with a join; another may have failed."""
        if (number := torch._C._current_graph_task_id()) != self._pass:
            self._kept.clear()
            torch.autograd.Variable._execution_engine.queue_callback(self._join)
            self._pass = number

    def _join(self) -> None:
        assert self._stream is not None
        torch.cuda.current_stream().wait_stream(self._stream)
        self._kept.clear()


SIDE = Side()
