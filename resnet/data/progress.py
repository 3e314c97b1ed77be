"""Progress of a download: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Advance = Callable[[int, int], None]

EVERY_S = 30.0
HINT = "--data-dir DIR (a copy of one's own) or --dataset synthetic avoid the wait"


@contextmanager
def shown(what: str, say: Callable[[str], None]) -> Iterator[Advance]:
    """Show progress while the block runs; call the yielded function with (bytes done, total)."""
    say(f"downloading {what}; {HINT}")
    if not sys.stderr.isatty():
        yield Lines(what, say)
        return
    from rich.console import Console
    from rich.progress import DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (*Progress.get_default_columns()[:2], DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@dataclass
class Lines:
    """Writes a line every `every_s` seconds: how much, how fast, how long still."""

    what: str
    say: Callable[[str], None]
    every_s: float = EVERY_S
    clock: Callable[[], float] = time.monotonic
    _start: tuple[float, int] | None = field(default=None, init=False)
    _said: float = field(default=0.0, init=False)

    def __call__(self, done: int, total: int) -> None:
        now = self.clock()
        if self._start is None:
            # The rate counts from here: what an earlier attempt left costs no time now.
            self._start, self._said = (now, done), now
            return
        if now - self._said < self.every_s:
            return
        self._said = now
        seconds, first = now - self._start[0], self._start[1]
        rate = (done - first) / seconds
        self.say(
            f"{self.what}: {_amount(done, total)}, {rate / 1e6:.2f} MB/s{_eta(done, total, rate)}"
        )


def _amount(done: int, total: int) -> str:
    if not total:
        return f"{done / 1e6:.1f} MB"
    return f"{done / 1e6:.1f} of {total / 1e6:.1f} MB ({100 * done // total} %)"


def _eta(done: int, total: int, rate: float) -> str:
    if not total or rate <= 0:
        return ""
    seconds = int((total - done) / rate)
    return f", {seconds // 60}:{seconds % 60:02d} left"
