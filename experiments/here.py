"""The launcher for one machine: the pending runs one after the other in this process."""

import sys

from experiments.console import Clock, Show, say
from resnet.data import Dataset
from resnet.planning.estimate import work
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.training.mirror import choose_mode
from resnet.training.signals import Interrupted
from resnet.training.train import train


def train_here(plan: Plan, options: Options, dataset: Dataset, device: str, seconds: float) -> None:
    """Train every pending run of the plan; exits 128 + signal when asked to stop."""
    clock = Clock(sum(map(work, plan.pending)), seconds)
    with Show(len(plan.pending), clock, work) as show:
        try:
            for spec in plan.pending:
                train(
                    spec,
                    dataset,
                    options.output_dir,
                    plan.experiment.name,
                    device=device,
                    wandb=choose_mode(options.wandb),
                    progress=show,
                    say=say,
                )
        except Interrupted as stop:
            show.__exit__()
            print(f"\n{stop}", file=sys.stderr)
            sys.exit(128 + stop.signum)
