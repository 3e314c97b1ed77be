"""What happened to a task, a line an event: the causes that `status` shows."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resnet.runs.spec import RunSpec


class Events:
    """The append-only file of one task's events."""

    def __init__(self, path: Path, echo: bool = True) -> None:
        self.path, self._echo = path, echo

    def add(self, kind: str, **values: Any) -> None:
        """Append a line; a task's log has it too, should the disk here be full."""
        event = {"time": round(time.time(), 1), "kind": kind, "host": socket.gethostname()}
        line = json.dumps({**event, "node": os.environ.get("SLURMD_NODENAME", ""), **values})
        if self._echo:
            print(line, file=sys.stderr, flush=True)
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "a") as file:
                file.write(line + "\n")

    def read(self) -> list[dict[str, Any]]:
        """All events in order; a line that a kill cut short is left out."""
        try:
            lines = self.path.read_text().splitlines()
        except OSError:
            return []
        events = []
        for line in lines:
            with suppress(ValueError):
                events.append(json.loads(line))
        return events


@dataclass
class Witness:
    """Hears how far each run is, writes down what goes wrong, and passes it on to `show`."""

    events: Events
    error: Callable[[str], str]  # a run's error in one line, by its id
    show: Any = None  # another Watcher
    steps: dict[str, int] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)

    def start(self, spec: RunSpec, step: int) -> None:
        """A run begins, or goes on, at `step`."""
        self.steps[spec.id] = step
        self.events.add("run", run=spec.id, step=step)
        if self.show:
            self.show.start(spec, step)

    def advance(self, spec: RunSpec, step: int) -> None:
        """`step` steps of a run are done."""
        self.steps[spec.id] = step
        if self.show:
            self.show.advance(spec, step)

    def epoch(self, spec: RunSpec, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch of a run is over."""
        self.steps[spec.id] = step
        if self.show:
            self.show.epoch(spec, step, epoch, metrics)

    def end(self, spec: RunSpec, status: str) -> None:
        """A run is over: done, failed, error, interrupted or busy."""
        self.ends[spec.id] = status
        if status == "error":
            self.events.add("error", run=spec.id, text=self.error(spec.id))
        else:
            self.events.add(status, run=spec.id, step=self.steps.get(spec.id, 0))
        if self.show:
            self.show.end(spec, status)
