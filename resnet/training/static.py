"""The training step on buffers that never move: what a CUDA graph can replay.

Everything that differs from step to step (which images, how cropped, at which rate) is written
into buffers for many steps at once; the step reads its row of them, trains, and leaves its loss
and its errors in the same row. So a step needs nothing from Python, and Python nothing from it
until somebody asks for the sums. It calls `plain_step`: on a CPU it is equal to it bit for bit.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resnet.data import Draw, Pipeline
from resnet.training.step import plain_step


class StaticStep:
    """Calling it trains the next of the steps that were loaded.

    Args:
        net: in training mode, on the pipeline's device.
        optimizer: its momenta become tensors that stay where they are.
        pipeline: makes the images.
        batch: images a step.
        room: steps that can be loaded at once.
        label_smoothing: as the recipe has it.
        precision: likewise.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: torch.optim.SGD,
        pipeline: Pipeline,
        batch: int,
        room: int,
        label_smoothing: float = 0.0,
        precision: str = "float32",
    ) -> None:
        self.net, self.optimizer, self.pipeline, self.room = net, optimizer, pipeline, room
        self._label_smoothing, self._precision = label_smoothing, precision
        device = pipeline.device
        whole = torch.zeros(room, batch, dtype=torch.int64, device=device)
        self._draws = Draw(whole, whole.clone(), whole.clone(), whole.bool())
        # The fused kernel on a GPU reads float32; a CPU's the value, as if it were a float.
        exact = torch.float32 if device.type == "cuda" else torch.float64
        self._rates = torch.zeros(room, dtype=exact, device=device)
        self._rate = torch.zeros((), dtype=exact, device=device)
        self._losses = torch.zeros(room, device=device)
        self._wrong = torch.zeros(room, dtype=torch.int64, device=device)
        self._row = torch.zeros(1, dtype=torch.int64, device=device)
        start_momenta(optimizer)

    def load(self, draws: Draw, rates: Sequence[float]) -> None:
        """Write what the next len(rates) steps need: all their draws [steps * B], their rates."""
        steps = len(rates)
        for name in ("index", "dy", "dx", "flip"):
            there = getattr(self._draws, name)
            send(torch.as_tensor(getattr(draws, name)).view(steps, -1), there[:steps])
        send(torch.tensor(rates, dtype=self._rates.dtype), self._rates[:steps])
        self._row.zero_()

    def __call__(self) -> None:
        """One step: a pure function of the buffers, the weights and the momenta."""
        parts = (self._draws.index, self._draws.dy, self._draws.dx, self._draws.flip)
        draw = Draw(*(part.index_select(0, self._row).squeeze(0) for part in parts))
        self._rate.copy_(self._rates.index_select(0, self._row).squeeze(0))
        x, y = self.pipeline.train(draw), self.pipeline.labels(draw)
        smoothing, precision = self._label_smoothing, self._precision
        loss, wrong = plain_step(self.net, self.optimizer, x, y, self._rate, smoothing, precision)
        self._losses.index_copy_(0, self._row, loss.view(1))
        self._wrong.index_copy_(0, self._row, wrong.view(1))
        self._row.add_(1)

    def taken(self, steps: int) -> tuple[Tensor, Tensor]:
        """Losses and numbers wrong of the first `steps` loaded, [steps] each, on the device."""
        return self._losses[:steps].clone(), self._wrong[:steps].clone()

    def state(self) -> list[Tensor]:
        """Every tensor that a step changes and the next one reads."""
        momenta = [
            m for s in self.optimizer.state.values() if (m := s["momentum_buffer"]) is not None
        ]
        return [*self.net.parameters(), *self.net.buffers(), *momenta, self._row]


def start_momenta(optimizer: torch.optim.SGD) -> None:
    """Give every weight the momentum zero where it has none: the first step sets it all the same.

    Left to the optimiser, the first step makes the tensors, and is another step than the rest.
    """
    for group in optimizer.param_groups:
        for weight in group["params"] if group["momentum"] else ():
            if optimizer.state[weight].get("momentum_buffer") is None:
                optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)


def send(values: Tensor, there: Tensor) -> None:
    """Copy `values` into the buffer `there`; to a GPU without waiting for it."""
    if there.device.type == "cuda":
        values = values.pin_memory()
    there.copy_(values, non_blocking=True)
