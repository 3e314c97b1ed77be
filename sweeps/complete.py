"""All that one run needs: its training, its measures, and both in the mirror."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet.training.mirror import choose_mode
from sweeps.job import Job
from sweeps.team import team

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec
    from resnet.training.callbacks import Progress


def complete(
    spec: RunSpec,
    dataset: Dataset,
    job: Job,
    device: str,
    progress: Progress,
    say: Callable[[str], None],
) -> str:
    """Train the run to its end and take the job's measures of it; 'done' or 'failed'."""
    from resnet.analysis.measure import measure
    from resnet.training.mirror import mirror_measures
    from resnet.training.train import train

    mode = choose_mode(job.wandb)
    status = train(
        spec,
        dataset,
        job.root,
        job.experiment,
        device=device,
        wandb=mode,
        progress=progress,
        say=say,
        team=team(job.seats, spec, dataset, device, job.threads, job.speed, job.root),
        speed=job.speed,
    )
    if status == "done":
        found = measure(spec, dataset, job.root, job.measures, device=device, say=say)
        if found and mode != "disabled":
            mirror_measures(spec, job.experiment, mode, job.root, found.values(), say)
    return status
