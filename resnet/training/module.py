"""The Lightning module: owns the net, the optimiser and the position in the run.

Lightning owns the epochs, the validation loop, the callbacks and the loggers. One Lightning batch
is a chunk of steps, so that on a GPU its cost per batch is paid once in many steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from resnet.data import Pipeline, Stream
from resnet.data.soften import softened
from resnet.nets import depth
from resnet.randomness import key
from resnet.runs.spec import RunSpec
from resnet.training.step import WINDOW, learning_rate, means, plain_step, scores, sgd


class NotFinite(Exception):
    """The loss was not finite at `step` (from 0)."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(f"the loss is {loss}")
        self.step = step


@dataclass
class Position:
    """Where a run stands: all of its state that is not a weight or a momentum."""

    step: int = 0
    loss: float = 0.0  # summed over the steps of the epoch so far
    wrong: int = 0
    count: int = 0
    window_wrong: int = 0  # over the steps of the current warm-up window
    warm_until: int | None = None


class Chunks:
    """The training "loader": from the module's position to the end of its epoch, range by range."""

    def __init__(self, module: Classifier, size: int) -> None:
        self.module, self.size = module, size

    def __iter__(self) -> Iterator[range]:
        recipe, step = self.module.spec.recipe, self.module.position.step
        end = recipe.epoch_end(recipe.epoch_of(step))
        while step < end:
            # A chunk never crosses a warm-up window: its rule must not depend on the chunk size.
            window = (step // WINDOW + 1) * WINDOW
            kept = next(kept for kept in recipe.kept if kept > step)
            chunk = range(step, min(step + self.size, window, kept, end))
            yield chunk
            step = chunk.stop


class Classifier(LightningModule):
    """A net in training: x [B, 3, H, W] from `pipeline`, drawn by `stream`."""

    def __init__(self, spec: RunSpec, net: nn.Module, pipeline: Pipeline, stream: Stream) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.spec, self.net, self.pipeline, self.stream = spec, net, pipeline, stream
        self.position = Position()
        self.sgd = sgd(net, spec.recipe)
        self._depth = depth(spec.net)
        self._held_out: list[Tensor] = []

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The recipe's SGD; its rate is set by every step."""
        return self.sgd

    def transfer_batch_to_device(self, batch: Any, device: Any, dataloader_idx: int) -> Any:
        """The batch as it is: ranges of steps, and images that were made on the device."""
        return batch

    def training_step(self, chunk: range, batch_index: int) -> None:
        """Train for the steps of `chunk` and add up their losses and errors."""
        results = [self.one_step(step) for step in chunk]
        losses = torch.stack([loss for loss, _ in results]).double().cpu()
        wrong = int(torch.stack([wrong for _, wrong in results]).sum())
        if not losses.isfinite().all():
            first = int((~losses.isfinite()).nonzero()[0])
            raise NotFinite(chunk[first], float(losses[first]))
        self._advance(len(chunk), float(losses.sum()), wrong)

    def one_step(self, step: int) -> tuple[Tensor, Tensor]:
        """Step number `step` (from 0): (loss, number wrong) on the device."""
        position, recipe = self.position, self.spec.recipe
        # Our nets draw by counter; torchvision's from torch's own state, which is set to one.
        torch.manual_seed(key(self.spec.seed, "forward", step) % 2**63)
        draw = self.stream.batch(step)
        x, y = self.pipeline.train(draw), self.pipeline.labels(draw)
        x, y = softened(x, y, recipe, self.spec.seed, step, self.pipeline.classes)
        rate = learning_rate(recipe, self._depth, step, position.warm_until)
        return plain_step(self.net, self.sgd, x, y, rate, recipe.label_smoothing)

    def close_epoch(self) -> dict[str, float]:
        """Clear the epoch's sums and return its means: losses in nats, errors in percent."""
        position, recipe = self.position, self.spec.recipe
        metrics = {
            "train_loss": position.loss * recipe.batch_size / position.count,
            "train_error": 100 * position.wrong / position.count,
            "lr": learning_rate(recipe, self._depth, position.step - 1, position.warm_until),
        }
        for name, sums in zip(("test", "validation"), self._held_out, strict=False):
            metrics |= {f"{name}_{key}": value for key, value in means(sums).items()}
        self._held_out.clear()
        position.loss, position.wrong, position.count = 0.0, 0, 0
        return metrics

    def validation_step(
        self, batch: tuple[Tensor, Tensor], batch_index: int, dataloader_idx: int = 0
    ) -> None:
        """Add a batch's scores to its loader's sums: 0 the test set, 1 the held-out split."""
        x, y = batch
        if len(self._held_out) <= dataloader_idx:
            self._held_out.append(torch.zeros(3, dtype=torch.float64, device=x.device))
        self._held_out[dataloader_idx] += scores(self.net(x), y)

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs, as tensors and plain values."""
        return {
            "net": self.net.state_dict(),
            "sgd": self.sgd.state_dict(),
            "position": asdict(self.position),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.net.load_state_dict(state["net"])
        self.sgd.load_state_dict(state["sgd"])
        self.position = Position(**state["position"])

    def _advance(self, steps: int, loss: float, wrong: int) -> None:
        position, recipe = self.position, self.spec.recipe
        position.step += steps
        position.loss += loss
        position.wrong += wrong
        position.count += steps * recipe.batch_size
        position.window_wrong += wrong
        if position.step % WINDOW == 0:
            error = 100 * position.window_wrong / (WINDOW * recipe.batch_size)
            if position.warm_until is None and error < recipe.warmup_error:
                position.warm_until = position.step
            position.window_wrong = 0
