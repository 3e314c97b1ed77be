"""What the user sees: the plan, progress, and the tables at the end.

On a terminal a live bar; in a log file one plain line an epoch or every 30 seconds, no escapes.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from resnet.runs.spec import RunSpec

LINE_EVERY = 30.0  # seconds between two lines in a log file

console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())


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
    """Expected time left over all runs, from the work done since the start."""

    def __init__(self, work: float, seconds: float) -> None:
        self._left, self._rate = work, seconds / work if work else 0.0
        self._done, self._start = 0.0, time.monotonic()

    def add(self, work: float) -> None:
        """`work` more has been done; once a little is, the measured rate is what counts."""
        self._done += work
        self._left = max(0.0, self._left - work)
        elapsed = time.monotonic() - self._start
        if elapsed > 5 and self._done > 0:
            self._rate = elapsed / self._done

    @property
    def left(self) -> float:
        """Seconds."""
        return self._left * self._rate


class Show:
    """Progress of one run after the other; the same calls for a terminal and for a log."""

    def __init__(self, runs: int, clock: Clock, work: Any) -> None:
        self._runs, self._clock, self._work = runs, clock, work
        self._index = 0
        self._line_at = time.monotonic()
        self._bar = _bar() if console.is_terminal else None
        self._task: TaskID | None = None
        self._error = ""

    def __enter__(self) -> Show:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def start(self, spec: RunSpec, step: int) -> None:
        """The next run begins, or goes on, at `step`."""
        self._spec, self._step, self._index = spec, step, self._index + 1
        self._from, self._began = step, time.monotonic()
        if self._bar:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(self._name(), total=spec.recipe.steps, info="")
        elif step:
            self._line("goes on")

    def advance(self, step: int) -> None:
        """`step` steps of the run are done."""
        share = self._work(self._spec) / self._spec.recipe.steps
        self._clock.add((step - self._step) * share)
        self._step = step
        if self._bar and self._task is not None:
            info = f"{self._error} · all done in {duration(self._clock.left)}"
            self._bar.update(self._task, completed=step, info=info)
        elif time.monotonic() - self._line_at >= LINE_EVERY:
            self._line("")

    def epoch(self, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over; its errors are in percent."""
        self._error = " ".join(
            f"{name} {metrics[f'{name}_error']:.1f} %"
            for name in ("train", "test", "validation")
            if f"{name}_error" in metrics
        )
        if not self._bar and (self._spec.recipe.epochs <= 20 or self._due()):
            self._line(f"epoch {epoch}/{self._spec.recipe.epochs} {self._error}")

    def _due(self) -> bool:
        last = self._step >= self._spec.recipe.steps
        return last or time.monotonic() - self._line_at >= LINE_EVERY

    def _name(self) -> str:
        return f"[{self._index}/{self._runs}] {self._spec.title}"

    def _line(self, what: str) -> None:
        self._line_at = time.monotonic()
        rate = (self._step - self._from) / max(time.monotonic() - self._began, 1e-6)
        now = datetime.now().strftime("%H:%M:%S")
        step = f"step {self._step}/{self._spec.recipe.steps}"
        eta = f"eta {duration(self._clock.left)}"
        parts = (now, self._name(), step, what, f"{rate:.1f} steps/s", eta)
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
