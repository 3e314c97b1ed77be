"""The Lightning module: owns the net, the optimiser and the position in the run.

Lightning owns the epochs, the validation loop, the callbacks and the loggers. One Lightning batch
is a chunk of steps, so that on a GPU its cost per batch is paid once in many steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from resnet.data import Pipeline, Stream
from resnet.data.soften import softened
from resnet.errors import UserError
from resnet.nets import depth
from resnet.randomness import key
from resnet.runs.spec import RunSpec
from resnet.training.distributed import ALONE, Ranks, average_before_steps
from resnet.training.fast import Fast
from resnet.training.freeze import set_backbone
from resnet.training.step import (
    WINDOW,
    autocast,
    learning_rate,
    load_momenta,
    means,
    plain_step,
    scores,
    seed_forward,
    sgd,
)


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
    best: float | None = None  # the least error of an epoch, for recipes that cut on a plateau
    waited: int = 0  # epochs since it fell
    cuts: int = 0
    replaced: int = 0  # images of the epoch so far that stood in for corrupt ones


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

    def __init__(
        self,
        spec: RunSpec,
        net: nn.Module,
        pipeline: Pipeline,
        stream: Stream,
        ranks: Ranks = ALONE,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.spec, self.net, self.pipeline, self.stream = spec, net, pipeline, stream
        self.ranks = ranks
        self.position = Position()
        self.sgd = sgd(net, spec.recipe)
        average_before_steps(self.sgd, net, ranks)
        self._depth = depth(spec.net)
        self._held_out: list[Tensor] = []
        self._open: list[tuple[range, Tensor, Tensor]] = []  # trained, but not added up yet
        self.fast: Fast | None = None

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The recipe's SGD; its rate is set by every step."""
        return self.sgd

    def transfer_batch_to_device(self, batch: Any, device: Any, dataloader_idx: int) -> Any:
        """The batch as it is: ranges of steps, and images that were made on the device."""
        return batch

    def training_step(self, chunk: range, batch_index: int) -> None:
        """Train for the steps of `chunk`; their losses and errors are added up here or later."""
        self._open.append((chunk, *self._take(chunk)))
        self.position.step = chunk.stop
        if self.fast is None or self._in_demand(chunk.stop):
            self.settle()

    def _take(self, chunk: range) -> tuple[Tensor, Tensor]:
        """Train: losses and numbers wrong of the chunk's steps, on the device."""
        if self.fast is None:
            results = [self.one_step(step) for step in chunk]
            self._count_replaced()
            return torch.stack([r[0] for r in results]), torch.stack([r[1] for r in results])
        rates = [self._rate(step) for step in chunk]
        return self.fast.steps(self.stream.steps(chunk.start, chunk.stop), rates)

    def _in_demand(self, step: int) -> bool:
        """Whether somebody must know the sums now: whoever keeps the weights, or the warm-up."""
        recipe = self.spec.recipe
        waits = recipe.warmup == "until-error" and self.position.warm_until is None
        deep = self._depth >= recipe.warmup_min_depth
        return step in recipe.kept or (waits and deep and step % WINDOW == 0)

    def settle(self) -> None:
        """Fetch what the device has summed up since, and add it: waits for the device.

        Raises:
            NotFinite: a loss was not finite; all that came after it is worth nothing.
        """
        chunks, self._open = self._open, []
        if not chunks:
            return
        losses = self.ranks.mean(torch.cat([losses for _, losses, _ in chunks]).double().cpu())
        wrong = self.ranks.sum(torch.stack([wrong.sum() for *_, wrong in chunks])).tolist()
        if not losses.isfinite().all():
            first = int((~losses.isfinite()).nonzero()[0])
            raise NotFinite(chunks[0][0].start + first, float(losses[first]))
        parts = losses.split([len(chunk) for chunk, *_ in chunks])
        for (chunk, *_), part, errors in zip(chunks, parts, wrong, strict=True):
            self._advance(chunk, float(part.sum()), errors)

    def one_step(self, step: int) -> tuple[Tensor, Tensor]:
        """Step number `step` (from 0): (loss, number wrong) on the device."""
        recipe = self.spec.recipe
        # Our nets draw by counter; torchvision's from torch's own state, which is set to one.
        seed_forward(key(self.spec.seed, "forward", step) % 2**63)
        x, y = self._batch(step)
        set_backbone(self.net, recipe, step)
        smoothing, precision = recipe.label_smoothing, recipe.precision
        return plain_step(self.net, self.sgd, x, y, self._rate(step), smoothing, precision)

    def _rate(self, step: int) -> float:
        position = self.position
        return learning_rate(
            self.spec.recipe, self._depth, step, position.warm_until, position.cuts
        )

    def _batch(self, step: int) -> tuple[Tensor, Tensor]:
        """This rank's images and labels of step number `step`."""
        recipe, draw = self.spec.recipe, self.stream.batch(step)
        rows = self.ranks.rows(len(draw))
        if not recipe.cutout and recipe.mix == "none":  # those know a whole batch alone
            draw, rows = draw[rows], slice(None)
        x, y = self.pipeline.train(draw), self.pipeline.labels(draw)
        x, y = softened(x, y, recipe, self.spec.seed, step, self.pipeline.classes)
        return x[rows], y[rows]

    def close_epoch(self) -> dict[str, float]:
        """Clear the epoch's sums and return its means: losses in nats, errors in percent."""
        self.settle()
        position, recipe = self.position, self.spec.recipe
        metrics = {
            "train_loss": position.loss * recipe.batch_size / position.count,
            "train_error": 100 * position.wrong / position.count,
            "lr": self._rate(position.step - 1),
        }
        for name, sums in zip(("test", "validation"), self._held_out, strict=False):
            metrics |= self._scored(name, self.ranks.sum(sums))
        if recipe.skip_corrupt:
            metrics["replaced"] = position.replaced
        self._held_out.clear()
        position.loss, position.wrong, position.count, position.replaced = 0.0, 0, 0, 0
        self._look_for_plateau(metrics.get("validation_error", metrics["train_error"]))
        return metrics

    def _scored(self, name: str, sums: Tensor) -> dict[str, float]:
        """The means of a held-out split; and of how many images, where corrupt ones are left out.

        Raises:
            UserError: none is left.
        """
        count = int(sums[2])
        if not count:
            raise UserError(f"not one {name} image can be read: restore them, and go on")
        found = {f"{name}_{key}": value for key, value in means(sums).items()}
        return found | ({f"{name}_images": count} if self.spec.recipe.skip_corrupt else {})

    def validation_step(
        self,
        batch: tuple[Tensor, Tensor] | Callable[[], Tensor],
        batch_index: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Add a batch's scores to its loader's sums: 0 the test set, 1 the held-out split.

        A batch that can be called scores its whole split by itself.
        """
        sums = batch() if callable(batch) else self._scores(*batch)
        if len(self._held_out) <= dataloader_idx:
            self._held_out.append(torch.zeros_like(sums))
        self._held_out[dataloader_idx] += sums

    def _scores(self, x: Tensor, y: Tensor) -> Tensor:
        with autocast(self.spec.recipe.precision, x.device):
            logits = self.net(x)
        return scores(logits.float(), y, getattr(self.pipeline, "top5", False))

    def _count_replaced(self) -> None:
        """Ask the pipeline of photographs how many it has shown in the place of corrupt ones."""
        if self.spec.recipe.skip_corrupt:
            mine = torch.tensor(self.pipeline.take_replaced())  # type: ignore[attr-defined]
            self.position.replaced += int(self.ranks.sum(mine))

    def _look_for_plateau(self, error: float) -> None:
        """Cut the rate after `recipe.plateau` epochs without a gain on the error before them."""
        position, recipe = self.position, self.spec.recipe
        if not recipe.plateau:
            return
        best = position.best
        gained = best is None or error <= best - recipe.plateau_gain
        position.best = error if gained else position.best
        position.waited = 0 if gained else position.waited + 1
        if position.waited == recipe.plateau and position.cuts < recipe.plateau_cuts:
            position.cuts, position.waited = position.cuts + 1, 0

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs, as tensors and plain values."""
        self.settle()
        return {
            "net": self.net.state_dict(),
            "sgd": self.sgd.state_dict(),
            "position": asdict(self.position),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.net.load_state_dict(state["net"])
        load_momenta(self.sgd, state["sgd"])
        self.position = Position(**state["position"])

    def _advance(self, chunk: range, loss: float, wrong: int) -> None:
        position, recipe = self.position, self.spec.recipe
        position.loss += loss
        position.wrong += wrong
        position.count += len(chunk) * recipe.batch_size
        position.window_wrong += wrong
        if chunk.stop % WINDOW == 0:
            error = 100 * position.window_wrong / (WINDOW * recipe.batch_size)
            if position.warm_until is None and error < recipe.warmup_error:
                position.warm_until = chunk.stop
            position.window_wrong = 0
