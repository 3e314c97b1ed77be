"""A report with everything that it was made of, for tests to look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.render import Attachment
from reports.report import Report


@dataclass(frozen=True)
class Made:
    """A report and everything that it was made of."""

    runs: Path
    report: Report
    files: list[Attachment]
    notebook: Any
    content: bytes
    path: Path
