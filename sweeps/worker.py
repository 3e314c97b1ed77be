"""A worker process: trains the runs that it is handed, one by one, and tells how it goes."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.errors import UserError, mendable

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec

TELL_EVERY = 0.5  # seconds between two words on the steps done


@dataclass(frozen=True)
class Job:
    """What every run of one launch has in common."""

    root: Path
    experiment: str
    device: str = "cpu"
    wandb: str = "disabled"
    threads: int | None = None


class Relay:
    """Progress of the run under way, sent to the parent; the same calls as a Progress."""

    def __init__(self, pipe: Any) -> None:
        self._pipe, self._told = pipe, 0.0

    def start(self, spec: RunSpec, step: int) -> None:
        """The run begins, or goes on, at `step`."""
        self._pipe.send(("start", step))

    def advance(self, step: int) -> None:
        """`step` steps are done."""
        if time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            self._pipe.send(("advance", step))

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over."""
        self._pipe.send(("epoch", step, epoch, metrics))


def work(pipe: Any, job: Job, dataset: Dataset) -> None:
    """The worker's life: 'ready', then a run at a time until None comes, or a signal."""
    os.setsid()  # Ctrl-C reaches the parent alone, which tells its workers to stop
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        _train_all(pipe, job, dataset)
    except (KeyboardInterrupt, EOFError, BrokenPipeError):
        os._exit(130)


def _train_all(pipe: Any, job: Job, dataset: Dataset) -> None:
    import torch

    from resnet.training.signals import Interrupted
    from resnet.training.train import train

    if job.threads:
        torch.set_num_threads(job.threads)
    pipe.send(("ready",))
    while (spec := pipe.recv()) is not None:
        try:
            status = train(
                spec,
                dataset,
                job.root,
                job.experiment,
                device=job.device,
                wandb=job.wandb,
                progress=Relay(pipe),
                say=lambda text: pipe.send(("say", text)),
            )
            pipe.send(("end", status))
        except Interrupted:
            pipe.send(("end", "interrupted"))
            return
        except Exception as error:
            pipe.send(("error", _line(error)))  # one run's error is that run's: the others go on


def _line(error: Exception) -> str:
    """The error in one line; the whole trace is in the run's folder."""
    if isinstance(error, OSError) and (mend := mendable(error)):
        error = mend
    first = (str(error).splitlines() or [""])[0]
    return first if isinstance(error, UserError) else f"{type(error).__name__}: {first}"


def _leave_with_parent() -> None:
    """A worker without its parent would hold its run's lock for nobody."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
