"""What the user sees: the plan, progress, and the tables at the end.

On a terminal a live bar; in a log file one plain line an epoch or every 30 seconds, no escapes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from resnet.runs.spec import RunSpec
from resnet.terminal import forgive, width

LINE_EVERY = 30.0  # seconds between two lines in a log file

forgive()
console = Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width())


def say(text: str) -> None:
    """One plain line, at once."""
    console.print(text, markup=False)


def duration(seconds: float) -> str:
    """'45 s', '3 min 20 s', '2 h 05 min', '3 d 4 h'."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    if seconds < 86_400:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3600} h"


class Clock:
    """Expected time left over all runs: the plan's rate at first, then more and more the real one.

    Work is in any unit. The plan's rate weighs as much as a twentieth of all the work, so that the
    seconds in which the workers start do not pass for the speed at which they train.
    """

    def __init__(self, work: float, seconds: float) -> None:
        self._left, self._planned = work, (work / 20, seconds / 20)
        self._done, self._start = 0.0, time.monotonic()
        self._begun = False

    def begin(self) -> None:
        """Count from here, if nothing was counted before: until now, workers were started."""
        if not self._begun:
            self._begun, self._start = True, time.monotonic()

    def add(self, work: float, now: bool = True) -> None:
        """`work` more is done, `now` or in an earlier attempt."""
        self._left = max(0.0, self._left - work)
        self._done += work if now else 0.0

    @property
    def left(self) -> float:
        """Seconds."""
        work, seconds = self._planned
        elapsed = time.monotonic() - self._start
        return self._left * (seconds + elapsed) / (work + self._done) if self._left else 0.0


@dataclass
class Seen:
    """What is known of one run under way."""

    number: int
    began: float
    first: int
    step: int
    error: str = ""
    task: TaskID | None = None


class Show:
    """Progress of several runs at once; a bar a run on a terminal, plain lines in a log."""

    def __init__(self, runs: int, clock: Clock, work: Callable[[RunSpec], float]) -> None:
        self._runs, self._clock, self._work = runs, clock, work
        self._seen: dict[str, Seen] = {}
        self._line_at = time.monotonic()
        self._bar = _bar() if console.is_terminal else None

    def __enter__(self) -> Show:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def start(self, spec: RunSpec, step: int) -> None:
        """A run begins, or goes on, at `step`."""
        seen = Seen(len(self._seen) + 1, time.monotonic(), step, step)
        if spec.id in self._seen:  # taken up again after its worker died
            seen.number, seen.task = self._seen[spec.id].number, self._seen[spec.id].task
        self._seen[spec.id] = seen
        self._clock.begin()
        self._clock.add(step * self._share(spec), now=False)
        if self._bar and seen.task is None:
            name = self._name(spec)
            seen.task = self._bar.add_task(name, total=spec.recipe.steps, info="")
        if not self._bar and step:
            self._line(spec, "goes on")

    def advance(self, spec: RunSpec, step: int) -> None:
        """`step` steps of a run are done."""
        seen = self._seen[spec.id]
        self._clock.add((step - seen.step) * self._share(spec))
        seen.step = step
        if self._bar and seen.task is not None:
            info = f"{seen.error} · all done in {duration(self._clock.left)}"
            self._bar.update(seen.task, completed=step, info=info)
        elif time.monotonic() - self._line_at >= LINE_EVERY:
            self._line(spec, "")

    def epoch(self, spec: RunSpec, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch of a run is over; its errors are in percent."""
        seen, epochs = self._seen[spec.id], spec.recipe.epochs
        seen.error = "  ".join(
            f"{name} {metrics[f'{name}_error']:.1f} %"
            for name in ("train", "test", "validation")
            if f"{name}_error" in metrics
        )
        self.advance(spec, step)
        due = step >= spec.recipe.steps or time.monotonic() - self._line_at >= LINE_EVERY
        if not self._bar and (epochs <= 20 or due):
            self._line(spec, f"epoch {epoch}/{epochs}  {seen.error}")

    def end(self, spec: RunSpec, status: str) -> None:
        """A run is over; on a terminal its bar makes room."""
        seen = self._seen.get(spec.id)
        if self._bar and seen and seen.task is not None:
            self._bar.remove_task(seen.task)
            say(f"{self._name(spec)}: {status}  {seen.error}")

    def _share(self, spec: RunSpec) -> float:
        return self._work(spec) / spec.recipe.steps

    def _name(self, spec: RunSpec) -> str:
        return f"[{self._seen[spec.id].number}/{self._runs}] {spec.title}"

    def _line(self, spec: RunSpec, what: str) -> None:
        seen = self._seen[spec.id]
        self._line_at = time.monotonic()
        rate = (seen.step - seen.first) / max(time.monotonic() - seen.began, 1e-6)
        now = datetime.now().strftime("%H:%M:%S")
        step = f"step {seen.step}/{spec.recipe.steps}"
        eta = f"eta {duration(self._clock.left)}"
        parts = (now, self._name(spec), step, what, f"{rate:.1f} steps/s", eta)
        print("  ".join(part for part in parts if part), flush=True)


def finish_time(seconds: float) -> str:
    """When something that takes `seconds` from now will end."""
    end = datetime.now() + timedelta(seconds=seconds)
    return end.strftime("%H:%M" if seconds < 43_200 else "%a %d %b %H:%M")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
        TextColumn("{task.fields[info]}", markup=False),
        console=console,
    )
