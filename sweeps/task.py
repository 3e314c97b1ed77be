"""A task of an array: trains its runs in worker processes, and is requeued when time is up.

Light to import: submitit takes the signals only after this module is loaded.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from sweeps.events import Events, Witness
from sweeps.pool import Pool, longest_first
from sweeps.source import Source, Unfit
from sweeps.worker import Job

STALLED = 3  # requeues in a row without a single step


class NoProgress(Exception):
    """A task was requeued again and again and no run of it got on."""


@dataclass
class Task:
    """What submitit pickles, calls, and pickles again before a requeue."""

    events_file: Path
    specs: tuple[RunSpec, ...]
    job: Job
    source: Source
    count: int  # runs at a time
    patience: float  # seconds that runs get to save
    attempts: int = 0
    reached: dict[str, int] = field(default_factory=dict)  # steps saved, by run id
    stalled: int = 0
    signalled: int = 0  # by which signal this attempt was asked to leave
    term: bool = False  # whether SIGTERM came and is not written down yet

    def __call__(self) -> dict[str, int]:
        """Train what is not done yet; how many runs ended in which way."""
        self.attempts, self.signalled, self.term = self.attempts + 1, 0, False
        events = Events(self.events_file)
        events.add("start", attempt=self.attempts, job=_job_id(), pid=os.getpid())
        owner = signal.signal(signal.SIGUSR2, self._note)
        signal.signal(signal.SIGTERM, self._note)
        witness = self._train(events)
        if self.signalled and any(witness.ends.get(s.id) != "error" for s in self._left()):
            self._weigh(events, witness)
            self._requeue(events, owner)
        events.add("end")
        ends = list(witness.ends.values())
        return {how: ends.count(how) for how in sorted(set(ends))}

    def checkpoint(self, *_: Any) -> Any:
        """What is run after a requeue: this task again, each run from its own resume file."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGTERM:
            self.term = True  # SLURM requeues or kills by itself; a requeue would undo an scancel
        else:
            self.signalled = signum

    def _stopped(self, events: Events) -> bool:
        if self.term:
            self.term = False
            events.add("term")
        return bool(self.signalled)

    def _left(self) -> list[RunSpec]:
        asked = self.job.measures
        return [s for s in self.specs if self._folder(s).status(asked) not in ("done", "failed")]

    def _folder(self, spec: RunSpec) -> RunFolder:
        return RunFolder(self.job.root, spec)

    def _train(self, events: Events) -> Witness:
        errors: dict[str, str] = {}
        witness = Witness(events, lambda run: errors[run])
        gpus = tuple(filter(None, os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")))
        pool = Pool(
            self.job,
            self.source,
            self.count,
            witness,
            say=lambda text: print(text, flush=True),
            errors=errors,
            stopped=lambda: self._stopped(events),
            patience=self.patience,
            gpus=gpus,
        )
        try:
            pool.train(longest_first(self._left()))
        except Unfit as error:
            events.add(error.kind, text=str(error))
            raise
        except Exception as error:
            events.add("broken", text=f"{type(error).__name__}: {error}")
            raise
        return witness

    def _weigh(self, events: Events, witness: Witness) -> None:
        """Stop a task of which no run got on in several attempts."""
        before = dict(self.reached)
        for run, how in witness.ends.items():
            if how in ("interrupted", "done", "failed"):
                self.reached[run] = max(before.get(run, 0), witness.steps.get(run, 0))
        gain = sum(self.reached.values()) - sum(before.values())
        self.stalled = 0 if gain else self.stalled + 1
        if self.stalled < STALLED:
            return
        text = f"no step done in {self.stalled} attempts in a row: give it more --timeout-min"
        events.add("stalled", text=text)
        raise NoProgress(text)

    def _requeue(self, events: Events, owner: Any) -> None:
        """Hand the signal on to its owner, submitit, which requeues the job and exits."""
        events.add("requeue", attempt=self.attempts, reached=self.reached)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # a second one would requeue twice
        if not callable(owner):
            raise KeyboardInterrupt
        owner(self.signalled, None)


def _job_id() -> str:
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    number = os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{number}" if array else os.environ.get("SLURM_JOB_ID", "")
