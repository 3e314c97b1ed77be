"""What happens beside the steps: the record, the resume file, signals, and word of progress."""

from __future__ import annotations

import json
import time
from typing import Any, Protocol

from pytorch_lightning import Callback, Trainer

from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from resnet.training.distributed import ALONE, Ranks
from resnet.training.module import Classifier
from resnet.training.signals import Signals

SAVE_EVERY = 15.0  # seconds between two writes of the resume file, at least
SAVE_SHARE = 20.0  # times as long as the last write took: no more than 5 % of a run go into them
SAVE_LONGEST = 600.0  # seconds between them, however long a write takes


class Progress(Protocol):
    """Whoever shows how far a run is."""

    def start(self, spec: RunSpec, step: int) -> None:
        """The run begins, or goes on, at `step`."""

    def advance(self, step: int) -> None:
        """`step` steps are done."""

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over after `step` steps: losses in nats, errors in percent."""


class Record(Callback):
    """Writes a line of metrics an epoch, keeps the resume file fresh and serves signals."""

    def __init__(
        self, folder: RunFolder, attempt: int, progress: Progress | None, ranks: Ranks = ALONE
    ) -> None:
        self.folder, self.attempt, self.progress, self.ranks = folder, attempt, progress, ranks
        self.signals = Signals()
        self.save_every = SAVE_EVERY
        self._saved = time.monotonic()
        self.metrics: dict[str, float] = {}
        self.initial: dict[str, float] = {}
        self.norms: dict[str, float] = {}

    def on_train_start(self, trainer: Trainer, module: Classifier) -> None:  # type: ignore[override]
        """Take the signals: Lightning took them for itself a moment ago."""
        self.signals.install()
        if self.progress:
            self.progress.start(module.spec, module.position.step)

    def on_train_batch_end(self, trainer: Trainer, module: Classifier, *_: Any) -> None:  # type: ignore[override]
        """At the end of a chunk of steps: report, save in time, serve a signal.

        Not on an epoch's last chunk: its sums are still open, and `on_train_epoch_end` is near.
        """
        step, recipe = module.position.step, module.spec.recipe
        if self.progress:
            self.progress.advance(step)
        if step in recipe.kept:
            self._keep(step, module)
        if step < recipe.epoch_end(recipe.epoch_of(step - 1)):
            self._rest(module)

    def on_train_epoch_end(self, trainer: Trainer, module: Classifier) -> None:  # type: ignore[override]
        """Append the epoch's metrics as one line, flushed before anything else happens."""
        step = module.position.step
        epoch = module.spec.recipe.epoch_of(step - 1)
        self.metrics = module.close_epoch()
        self.write({"step": step, "epoch": epoch, "time": round(time.time(), 3), **self.metrics})
        for logger in trainer.loggers:
            logger.log_metrics(self.metrics, step)
        if self.progress:
            self.progress.epoch(step, epoch, self.metrics)
        if step < module.spec.recipe.steps:
            self._rest(module)

    def write(self, line: dict[str, Any]) -> None:
        """One line of metrics, on its way to the disk when this returns."""
        with open(self.folder.path / f"metrics-{self.attempt}.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")

    def _rest(self, module: Classifier) -> None:
        if time.monotonic() - self._saved >= self.save_every:
            self._save(module)
        self.signals.serve(lambda: self._save(module), self.ranks.largest)

    def _keep(self, step: int, module: Classifier) -> None:
        self.folder.save_weights(step, module.net.state_dict())

    def _save(self, module: Classifier) -> None:
        started = time.monotonic()
        self.folder.save_resume(module.state())
        self._saved = time.monotonic()
        self.save_every = min(SAVE_LONGEST, max(SAVE_EVERY, SAVE_SHARE * (self._saved - started)))


class Follower(Record):
    """What a rank does that keeps no record: it serves the signals, in step with the others."""

    def write(self, line: dict[str, Any]) -> None:
        """Nothing: rank 0 writes."""

    def _keep(self, step: int, module: Classifier) -> None:
        pass

    def _save(self, module: Classifier) -> None:
        self._saved = time.monotonic()
