"""The state of every run: its folder's word first, then the queue's, then the events'."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from resnet.runs import folder as run_folder
from resnet.runs import measures
from sweeps import slurm
from sweeps.manifest import Manifest

ALIVE = ("running", "queued", "waiting")
OVER = ("done", "failed")
# What the driver sends again: nobody decided that these should end.
LOST = ("lost", "unfit", "corrupt", "orphaned")

WORDS = {
    "done": "done",
    "running": "running",
    "waiting": "its task has not come to it",
    "queued": "in the queue",
    "failed": "the loss is not finite",
    "error": "ended by an error",
    "unfit": "its node had other data",
    "changed": "the code changed",
    "stalled": "no progress",
    "lost": "its task died",
    "orphaned": "what it starts from is not trained",
    "cancelled": "cancelled",
    "stopped": "cut short",
    "corrupt": "its folder is corrupt",
    "unmeasured": "trained, and not measured yet",
    "new": "not sent",
}


@dataclass(frozen=True)
class RunState:
    """One run: its `state` (a key of WORDS), how far it is, and the cause when it ended."""

    id: str
    net: str
    seed: int
    state: str
    steps: int
    step: int = 0
    cause: str = ""
    job: str = ""
    node: str = ""
    metrics: str = ""

    @property
    def title(self) -> str:
        """The run in a few words."""
        return f"{self.net} seed {self.seed}"


class Survey:
    """One look at the queue and the sweeps, from which the state of any run follows."""

    def __init__(
        self, root: Path, manifests: Sequence[Manifest], asked: tuple[str, ...] = ()
    ) -> None:
        self.root, self.manifests, self.asked = root, manifests, asked
        self.places: dict[str, list[tuple[Manifest, int]]] = {}
        for manifest in manifests:
            for number, runs in enumerate(manifest.tasks):
                for run in runs:
                    self.places.setdefault(run, []).append((manifest, number))
        self._events: dict[tuple[str, int], list[dict[str, Any]]] = {}

    @cached_property
    def queue(self) -> dict[str, slurm.Job]:
        """The queue; nobody is asked when nothing was ever sent."""
        return slurm.queue() if any(m.launcher == "slurm" for m in self.manifests) else {}

    @cached_property
    def ended(self) -> dict[str, tuple[str, str]]:
        """How jobs ended that are in the queue no longer, as far as accounting tells."""
        jobs = {job for m in self.manifests if m.launcher == "slurm" for job in m.jobs if job}
        return slurm.ended(jobs - set(self.queue))

    @cached_property
    def local(self) -> set[str]:
        """The names of sweeps on this machine that still last."""
        return {m.name for m in self.manifests if m.launcher == "local" and locked(m.alive)}

    def states(self, runs: Mapping[str, Mapping[str, Any]]) -> list[RunState]:
        """The states of runs, given by their specs as JSON by id."""
        return [self.state(run, spec) for run, spec in runs.items()]

    def state(self, run: str, spec: Mapping[str, Any]) -> RunState:
        """The state of one run."""
        steps = spec["recipe"]["steps"]
        values: dict[str, Any] = {"id": run, "net": spec["net"], "seed": spec["seed"]}
        values["steps"] = steps
        path = self.root / run
        try:
            status = run_folder.status(path)
        except run_folder.CorruptRun as error:
            return RunState(**values, **self._unfinished(run, "corrupt", str(error)))
        if status == "done" and not measures.missing(path, spec["net"], self._asked(run)):
            return RunState(**values, state="done", step=steps)
        if status == "failed":
            failure = run_folder.read_failure(path) or {}
            cause = f"{failure.get('reason')} at step {failure.get('step')}"
            return RunState(**values, state="failed", cause=cause)
        otherwise = {"new": "new", "done": "unmeasured"}.get(status, "stopped")
        found = self._unfinished(run, otherwise, "")
        return RunState(**values, **found, **last_line(path))

    def _asked(self, run: str) -> set[str]:
        """The measures that somebody wants of a run."""
        sent = (name for manifest, _ in self.places.get(run, []) for name in manifest.measures)
        return {*self.asked, *sent}

    def alive(self, run: str) -> tuple[Manifest, int] | None:
        """The sweep and task that have the run in hand or will have, or None."""
        places = self.places.get(run, [])
        return next((p for p in reversed(places) if self._task_alive(*p)), None)

    def _unfinished(self, run: str, otherwise: str, cause: str) -> dict[str, Any]:
        held = locked(self.root / f"{run}.lock")
        place = self.alive(run)
        if place:
            return self._alive(run, place, held)
        if held:
            return {"state": "running"}
        last = self.last_place(run)
        if last is None or otherwise == "corrupt":
            return {"state": otherwise, "cause": cause or trace_line(self.root / run)}
        return self._ended(run, *last, otherwise, cause)

    def last_place(self, run: str) -> tuple[Manifest, int] | None:
        """The last sweep and task that had the run; what the queue refused had none."""
        places = self.places.get(run, [])
        had = [p for p in places if p[0].launcher == "local" or self.job(*p)]
        return next(reversed(had or places), None)

    def _alive(self, run: str, place: tuple[Manifest, int], held: bool) -> dict[str, Any]:
        manifest, number = place
        job = self.job(manifest, number)
        entry = self.queue.get(job)
        values = {"job": job, "node": entry.node if entry else ""}
        if held:
            return {"state": "running", **values}
        if entry and entry.waits:
            return {"state": "queued", **values, "cause": entry.reason.strip("()")}
        if error := self._error(run, self.events(manifest, number)):
            return {"state": "error", **values, "cause": error}  # the others of its task go on
        return {"state": "waiting", **values}

    def _ended(
        self, run: str, manifest: Manifest, number: int, otherwise: str, cause: str
    ) -> dict[str, Any]:
        events, job = self.events(manifest, number), self.job(manifest, number)
        state, node = self.ended.get(job, ("", ""))
        values = {"job": job, "node": node or (events[-1]["node"] if events else "")}
        if error := self._error(run, events):
            return {"state": "error", **values, "cause": error}
        if self._last(run, events).get("kind") == "orphaned":
            return {"state": "orphaned", **values, "cause": "that run left no result"}
        last = events[-1] if events else {"kind": ""}
        if last["kind"] in ("unfit", "changed", "stalled", "broken"):
            kind = "error" if last["kind"] == "broken" else last["kind"]
            return {"state": kind, **values, "cause": last["text"]}
        if state == "CANCELLED" or (not state and last["kind"] in ("term", "cancel")):
            return {"state": "cancelled", **values, "cause": cause or "cancelled"}
        if manifest.launcher == "local" or not job:
            return {"state": otherwise, **values, "cause": cause}
        how = f"its task ended {state or 'without a word'}"
        return {"state": "lost", **values, "cause": f"{how} and left no result"}

    def _error(self, run: str, events: list[dict[str, Any]]) -> str:
        """The run's error when that is the last that its task has to tell of it."""
        last = self._last(run, events)
        return last["text"] if last.get("kind") == "error" else ""

    def _last(self, run: str, events: list[dict[str, Any]]) -> dict[str, Any]:
        """The last event of a run; {} for none."""
        return next((event for event in reversed(events) if event.get("run") == run), {})

    def events(self, manifest: Manifest, number: int) -> list[dict[str, Any]]:
        """The events of a task, read once."""
        key = (manifest.name, number)
        if key not in self._events:
            self._events[key] = manifest.events(number).read()
        return self._events[key]

    def job(self, manifest: Manifest, number: int) -> str:
        """The SLURM job of a task; found by name where the sender died before it wrote it."""
        if manifest.launcher == "local":
            return ""
        if manifest.jobs[number]:
            return manifest.jobs[number]
        for job, entry in self.queue.items():
            name, _, first = entry.name.partition(":")
            if name == manifest.name and int(first) + int(job.partition("_")[2] or 0) == number:
                return job
        return ""

    def _task_alive(self, manifest: Manifest, number: int) -> bool:
        if manifest.launcher == "local":
            return manifest.name in self.local
        return self.job(manifest, number) in self.queue


def locked(path: Path) -> bool:
    """Whether a process holds the lock file; it is not made, and let go of at once.

    Where the file system has no flock, nobody ever does.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    finally:
        os.close(handle)
    return False


def last_line(path: Path) -> dict[str, Any]:
    """{step, metrics} of the last line of metrics in a run folder."""
    files = run_folder.metrics_files(path) if path.is_dir() else {}
    for file in reversed(files.values()):
        with suppress(OSError, ValueError, IndexError, KeyError):
            row = json.loads(file.read_text().splitlines()[-1])
            error = row.get("train_error")
            words = f"train {error:.1f} %" if error is not None else ""
            if row["step"]:
                return {"step": row["step"], "metrics": words}
    return {}


def trace_line(path: Path) -> str:
    """The last line of the trace that an error left in a run folder."""
    with suppress(OSError):
        lines = (path / run_folder.TRACE).read_text().strip().splitlines()
        return lines[-1] if lines else ""
    return ""


def counts(states: Iterable[RunState]) -> dict[str, int]:
    """How many runs are in each state, in the order of WORDS."""
    found = [state.state for state in states]
    return {word: found.count(word) for word in WORDS if word in found}
