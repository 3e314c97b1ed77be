"""A report from the name of an experiment and a source of runs: what every notebook begins with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reports.report import Report
from reports.source import Sources, load
from reports.summary import SUMMARY, Summary, summary

if TYPE_CHECKING:
    from reports.frames import Frames
    from resnet.experiment import Experiment


def open_report(
    experiment: str | Experiment,
    source: Sources = "runs/",
    scope: Sequence[Any] | None = None,
    wanted: Sequence[str] | None = None,
) -> Report:
    """The report on an experiment (by name) from the runs at `source`.

    `scope` is (dataset digest, recipe digest, numerics); None takes the one with most runs.
    """
    return narrowed(experiment, load(source), scope, wanted)


def narrowed(
    experiment: str | Experiment,
    frames: Frames,
    scope: Sequence[Any] | None = None,
    wanted: Sequence[str] | None = None,
) -> Report:
    """The report on an experiment from `frames`; the summary speaks of all runs in any scope."""
    found = find(experiment) if isinstance(experiment, str) else experiment
    if found.name == SUMMARY:
        return Summary(found, frames)
    return Report.on(frames, found, scope, wanted)


def find(name: str) -> Experiment:
    """The experiment of that name; 'summary' is all claims on all runs, scope by scope."""
    from resnet.experiment import get

    return summary() if name == SUMMARY else get(name)
