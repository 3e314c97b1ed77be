"""A task of an array: trains its runs in worker processes, and is requeued when time is up.

Light to import: submitit takes the signals only after this module is loaded.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from resnet.runs.folder import RESUME, RunFolder
from resnet.runs.spec import RunSpec
from sweeps.cause import PATIENCE, TOLD
from sweeps.device import UNFIT
from sweeps.events import Events, Witness
from sweeps.job import Job
from sweeps.pool import Pool, longest_first
from sweeps.source import Source, Unfit
from sweeps.team import RankLost, Seats, start

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
        if node := int(os.environ.get("SLURM_NODEID", "0")):
            return self._follow(node, events)
        events.add("start", attempt=self.attempts, job=_job_id(), pid=os.getpid())
        owner = signal.signal(signal.SIGUSR2, self._note)
        signal.signal(signal.SIGTERM, self._note)
        before = self._record()
        witness = self._train(events)
        if self.signalled and any(witness.ends.get(s.id) != "error" for s in self._left()):
            if not self._measures_only(witness):
                self._weigh(events, witness, before)
            self._requeue(events, owner)
        events.add("end", start=_start_id())
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
        pool = Pool(
            replace(self.job, seats=self._seats()),
            self.source,
            self.count,
            witness,
            say=lambda text: print(text, flush=True),
            errors=errors,
            stopped=lambda: self._stopped(events),
            patience=self.patience,
            gpus=_gpus(),
        )
        try:
            pool.train(longest_first(self._left()))
        except Unfit as error:
            events.add(error.kind, text=str(error))
            raise
        except RankLost:
            raise  # lost, and not wrong: it is sent again
        except Exception as error:
            events.add("broken", text=f"{type(error).__name__}: {error}")
            raise
        return witness

    def _seats(self) -> Seats:
        """Where the processes of a run meet; on several nodes, on the first one."""
        if self.job.seats.nodes == 1:
            return self.job.seats
        from submitit import JobEnvironment

        host = JobEnvironment().hostnames[0]
        # Below the ports that systems give away by themselves, and another for the next job.
        port = 12_000 + int(os.environ["SLURM_JOB_ID"]) % 20_000
        return replace(self.job.seats, host=host, port=port)

    def _follow(self, node: int, events: Events) -> dict[str, int]:
        """On a further node: hold the run's processes there until the first node's task ends.

        Or until all of them have ended well: the first node's task may have no room to say so.
        """
        for signum in (signal.SIGUSR2, signal.SIGTERM):  # the first node's task answers
            signal.signal(signum, lambda *_: None)
        seats = self._seats().on(_gpus())
        numbers = range(node * seats.here, (node + 1) * seats.here)
        ranks = [start(seats, number, seats.port, "any") for number in numbers]
        ended_at = None
        while not any(event.get("start") == _start_id() for event in events.read()):
            codes = [rank.poll() for rank in ranks]
            if UNFIT in codes:
                text = f"CUDA cannot use a GPU of node {node} of the job: the log says why"
                events.add("unfit", text=text)
                raise Unfit(text)
            if ended_at is None and (any(codes) or None not in codes):
                ended_at = time.monotonic()  # the first task may know why, and tell
            patience = 3 * PATIENCE if TOLD in codes else PATIENCE  # it was told, and will tell
            if ended_at is not None and time.monotonic() - ended_at > patience:
                if any(codes):
                    raise RankLost(f"a process on node {node} of the job ended")
                break
            time.sleep(1)
        for rank in ranks:
            rank.kill()
        return {}

    def _measures_only(self, witness: Witness) -> bool:
        """Whether what is left is trained, and its measures go on where they were cut."""
        left = [spec for spec in self._left() if witness.ends.get(spec.id) != "error"]
        return all(self._folder(s).status(self.job.measures) == "unmeasured" for s in left)

    def _record(self) -> dict[str, tuple[bool, int]]:
        """Of each run: whether it is over, and when it was last saved (ns; 0: it is not)."""
        folders = {spec.id: self._folder(spec) for spec in self.specs}
        return {run: (f.status() in ("done", "failed"), _saved(f)) for run, f in folders.items()}

    def _weigh(self, events: Events, witness: Witness, before: dict[str, tuple[bool, int]]) -> None:
        """Stop a task of which no run got on in several attempts."""
        gained = self._reach(witness) or any(
            entry != before[run]  # a worker that was killed has told nothing
            for run, entry in self._record().items()
            if run not in witness.ends
        )
        self.stalled = 0 if gained else self.stalled + 1
        if self.stalled < STALLED:
            return
        text = f"no step done in {self.stalled} attempts in a row: give it more --timeout-min"
        events.add("stalled", text=text)
        raise NoProgress(text)

    def _reach(self, witness: Witness) -> bool:
        """Note how far the runs say that they are; whether one of them got on."""
        before = dict(self.reached)
        for run, how in witness.ends.items():
            if how in ("interrupted", "done", "failed"):
                self.reached[run] = max(before.get(run, 0), witness.steps.get(run, 0))
        return sum(self.reached.values()) > sum(before.values())

    def _requeue(self, events: Events, owner: Any) -> None:
        """Hand the signal on to its owner, submitit, which requeues the job and exits."""
        events.add("requeue", attempt=self.attempts, reached=self.reached)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # a second one would requeue twice
        if not callable(owner):
            raise KeyboardInterrupt
        owner(self.signalled, None)


def _saved(folder: RunFolder) -> int:
    try:
        return (folder.path / RESUME).stat().st_mtime_ns
    except OSError:
        return 0


def _gpus() -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")))


def _start_id() -> str:
    """Of this start of the job: a requeue counts on."""
    return f"{_job_id()}:{os.environ.get('SLURM_RESTART_COUNT', '0')}"


def _job_id() -> str:
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    number = os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{number}" if array else os.environ.get("SLURM_JOB_ID", "")
