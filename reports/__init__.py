"""Notebooks on runs as PDFs that look like a paper and can be verified.

`make` is what an experiment calls at its end; `python -m reports` is the command line. Importing
this package is cheap: everything heavy waits until a report is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.source import Sources
    from resnet.experiment import Experiment

__all__ = ["make", "verify"]


def make(
    experiment: str | Experiment,
    source: Sources,
    output_dir: str | Path,
    scope: Sequence[Any] | None = None,
    wanted: Sequence[str] | None = None,
) -> Path:
    """Make `output_dir/<experiment>.pdf` from the runs at `source`, and return its path.

    Args:
        experiment: an experiment of `experiments/`, or its name, or 'summary'.
        source: a folder of runs, 'wandb:ENTITY/PROJECT', 'journals:DIR', another report, or
            several of these, whose runs are read as one.
        output_dir: made if need be.
        scope: (dataset digest, recipe digest, numerics); None takes the one with most runs.
        wanted: ids of the planned runs, which the report is limited to; missing ones are listed.

    Raises:
        UserError: for a source or a notebook that cannot be used, in one line.
    """
    from reports.build import make as build

    return build(experiment, source, Path(output_dir), scope, wanted)


def verify(path: str | Path) -> list[str]:
    """What in the report at `path` does not follow from its own data; [] when all does.

    Raises:
        UserError: when the file is not a report of ours.
    """
    from reports.check import differences

    return differences(Path(path))
