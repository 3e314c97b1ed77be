"""Points that cost something to compute: restartable one by one, shared by any number of workers.

Points are numbered. A file holds a chunk of them, a line a point, append-only; whoever works on a
chunk holds its lock, which ends with the process. So no point is computed twice, a kill loses
the point under way and nothing else, and what is on record is what one worker alone would have.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from resnet.locks import held

Values = tuple[float, ...]
CHUNK = 8


@dataclass(frozen=True)
class Points:
    """The points 0 to `count` − 1 in the folder `path`."""

    path: Path
    count: int

    def known(self) -> dict[int, Values]:
        """The points that are on record, in order."""
        found: dict[int, Values] = {}
        for chunk in range(self.chunks):
            found |= self._read(chunk)
        return dict(sorted(found.items()))

    @property
    def chunks(self) -> int:
        """How many files they are spread over."""
        return -(-self.count // CHUNK)

    def compute(self, at: Callable[[int], Values], part: int = 0, of: int = 1) -> int:
        """Compute those points of part number `part` of `of` that are missing; returns how many.

        What another process is at is left to it at first, and awaited in the end: when this
        returns, every point of the part is on record.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        mine = range(part, self.chunks, of)
        busy, done = [], 0
        for chunk in mine:
            try:
                done += self._fill(chunk, at, timeout=0)
            except Timeout:
                busy.append(chunk)
        return done + sum(self._fill(chunk, at, timeout=-1) for chunk in busy)

    def missing(self, part: int = 0, of: int = 1) -> int:
        """How many points of part number `part` of `of` are not on record."""
        return sum(len(self._missing(chunk)) for chunk in range(part, self.chunks, of))

    def _missing(self, chunk: int) -> list[int]:
        known = self._read(chunk)
        numbers = range(chunk * CHUNK, min((chunk + 1) * CHUNK, self.count))
        return [number for number in numbers if number not in known]

    def _fill(self, chunk: int, at: Callable[[int], Values], timeout: float) -> int:
        with held(self._file(chunk).with_suffix(".lock"), timeout):
            if missing := self._missing(chunk):
                self._append(chunk, "" if self._ends_well(chunk) else "\n")
            for number in missing:
                self._append(chunk, json.dumps([number, *at(number)]) + "\n")
            return len(missing)

    def _file(self, chunk: int) -> Path:
        return self.path / f"{chunk:05d}.jsonl"

    def _append(self, chunk: int, text: str) -> None:
        with open(self._file(chunk), "a") as file:
            file.write(text)

    def _ends_well(self, chunk: int) -> bool:
        """Whether the file has no line that a kill cut short."""
        file = self._file(chunk)
        return not file.exists() or not (text := file.read_bytes()) or text.endswith(b"\n")

    def _read(self, chunk: int) -> dict[int, Values]:
        """The points in a file; a line that was cut short counts for nothing."""
        found: dict[int, Values] = {}
        if not self._file(chunk).exists():
            return found
        for line in self._file(chunk).read_text().splitlines(keepends=True):
            if not line.endswith("\n"):
                continue
            try:
                number, *values = json.loads(line)
                found[number] = tuple(map(float, values))
            except (ValueError, TypeError):
                continue
        return found
