"""The launcher for one machine: the pending runs in worker processes, with word of progress."""

from experiments.console import Clock, Show, say
from resnet.data import Dataset
from resnet.planning.estimate import work
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.training.mirror import choose_mode
from sweeps.pool import Pool, longest_first, share
from sweeps.worker import Job


def train_here(
    plan: Plan, options: Options, dataset: Dataset, device: str, seconds: float
) -> list[str]:
    """Train every pending run of the plan; returns a line for each that an error cut short."""
    count, threads = share(len(plan.specs), device, options.workers)
    mode = choose_mode(options.wandb)
    job = Job(options.output_dir, plan.experiment.name, device, mode, threads)
    clock = Clock(sum(map(work, plan.pending)), seconds)
    with Show(len(plan.pending), clock, work) as show:
        pool = Pool(job, dataset, count, show, say)
        pool.train(longest_first(plan.pending))
    titles = {spec.id: spec.title for spec in plan.specs}
    return [f"run {run} ({titles[run]}): {line}" for run, line in pool.errors.items()]
