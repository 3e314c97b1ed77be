"""Fast steps: captured once, replayed in chunks, never waited for; and scores of whole splits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from resnet.data import Draw, Pipeline
from resnet.recipes import Recipe
from resnet.training.graph import WARM, Graph
from resnet.training.static import StaticStep
from resnet.training.step import autocast, scores

AHEAD = 2  # chunks that the host may be ahead of the device


class Fast:
    """Trains chunks of steps and scores splits without waiting for the device.

    `capture` makes something that repeats a function of static buffers: a CUDA graph, or in the
    tests on a CPU the function itself.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: torch.optim.SGD,
        pipeline: Pipeline,
        recipe: Recipe,
        room: int,
        capture: Callable[[Callable[[], None], Sequence[Tensor]], Callable[[], None]] = Graph,
    ) -> None:
        self._make = lambda: StaticStep(
            net,
            optimizer,
            pipeline,
            recipe.batch_size,
            max(room, WARM),  # warming up takes a row a time, and deep nets have room for one
            recipe.label_smoothing,
            recipe.precision,
        )
        self._net, self._optimizer, self._precision = net, optimizer, recipe.precision
        self._capture = capture
        self._static: StaticStep | None = None
        self._replay: Callable[[], None] | None = None
        self._events: list[torch.cuda.Event] = []

    def steps(self, draws: Draw, rates: Sequence[float]) -> tuple[Tensor, Tensor]:
        """Train len(rates) steps on all their draws [steps * B]: losses, wrong [steps] on device.

        The first call captures: weights and momenta must be in place by then, and stay there.
        """
        if self._static is None:
            self._static = self._make()
            self._static.load(draws, rates)
            self._replay = self._capture(self._static, self._static.state())
        assert self._replay is not None
        self._static.load(draws, rates)
        for _ in rates:
            self._replay()
        for group in self._optimizer.param_groups:
            group["lr"] = rates[-1]  # a number again, as the plain step leaves it
        self._keep_pace()
        return self._static.taken(len(rates))

    def whole(self, batches: Iterable[tuple[Tensor, Tensor]]) -> Whole:
        """A loader of one item, which scores all of `batches` (static, on the device) at once."""
        return Whole(self._net, batches, self._precision, self._capture)

    def _keep_pace(self) -> None:
        """Wait for the chunk before the last: a signal must not find an epoch in the queue."""
        if not torch.cuda.is_available():
            return
        event = torch.cuda.Event()
        event.record()
        self._events.append(event)
        if len(self._events) > AHEAD:
            self._events.pop(0).synchronize()


class Whole:
    """A split as a loader of one item: the captured pass over all its batches."""

    def __init__(
        self, net: nn.Module, batches: Iterable[Any], precision: str, capture: Callable[..., Any]
    ) -> None:
        self._net, self._batches, self._precision = net, batches, precision
        self._capture = capture
        self._replay: Callable[[], None] | None = None

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Callable[[], Tensor]]:
        yield self.sums

    @torch.no_grad()
    def sums(self) -> Tensor:
        """Summed `scores` [3] of the net as it is, in evaluation mode; on the device."""
        if self._replay is None:
            device = next(self._net.parameters()).device
            # A plain tensor, though Lightning evaluates in inference mode.
            with torch.inference_mode(False):
                self._sums = torch.zeros(3, dtype=torch.float64, device=device)
            self._replay = self._capture(self._pass, [self._sums])
        self._replay()
        return self._sums.clone()

    def _pass(self) -> None:
        self._sums.zero_()
        for x, y in self._batches:
            with autocast(self._precision, x.device):
                logits = self._net(x)
            self._sums.add_(scores(logits.float(), y))
