"""What every experiment script does: plan, train what is missing, decide, report.

Heavy imports wait inside the functions: --help must not pay for torch.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from resnet.errors import UserError, mendable
from resnet.experiment import Experiment
from resnet.planning.options import Options, parse
from resnet.terminal import forgive

if TYPE_CHECKING:
    from resnet.claims.looks import Design
    from resnet.data import Dataset
    from resnet.planning.plan import Plan


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run as the command line asks."""
    leave(lambda: run(experiment, parse(experiment, arguments)))


def leave(work: Callable[[], int]) -> NoReturn:
    """Exit with what `work` returns; with 2 for the user's mistakes, 130 on Ctrl-C."""
    forgive()
    try:
        status = work()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        status = 130
    except OSError as error:
        if (mend := mendable(error)) is None:
            raise
        print(f"error: {mend}", file=sys.stderr)
        status = 2
    sys.exit(status)


def run(experiment: Experiment, options: Options) -> int:
    """Plan, train, decide and report; returns the exit status."""
    from experiments import outcome, show
    from resnet.console import say
    from resnet.planning import declared, places
    from resnet.planning import plan as planning
    from resnet.planning.data import load_data

    if options.photographs.weights:
        from experiments import weights

        return weights.evaluate(options)
    declared.check(experiment, options.report)
    places.check(options)
    device = _device()
    preset = planning.choose_preset(options, _training_device(options, device))
    dataset = load_data(options, preset)
    design = _design(options)
    plan = planning.make(experiment, options, preset, dataset, design.waves[0] if design else None)
    _check_processes(plan, options)
    if design:
        outcome.check_budget(plan, options.output_dir, design)
    trouble = []
    over = _clock(options)
    while True:
        seconds = show.plan(plan, options, dataset, device)
        if options.dry_run:
            return _foretell(plan, options)
        trouble += _launch(plan, options, dataset, device, seconds, over)
        plan = plan.refreshed(options.output_dir)
        more = outcome.more_seeds(plan, options.output_dir, design) if design else 0
        if over() and plan.pending and not trouble:
            say(f"\n{len(plan.pending)} of {len(plan.runs)} runs are not done: the time is up. "
                "What is under way is saved; the same command goes on.")  # fmt: skip
            break
        if not more or trouble or over():
            break
        plan = planning.make(experiment, options, preset, dataset, len(plan.seeds) + more)
    trouble += outcome.show(plan, options.output_dir)
    if options.report:
        import reports

        path = reports.make(
            experiment,
            str(options.output_dir),
            options.reports,
            scope=plan.scope,
            wanted=[spec.id for spec in plan.specs],
        )
        say(f"report: {path}")
    for line in trouble:
        print(f"error: {line}", file=sys.stderr)
    return 2 if trouble else 0


def _design(options: Options) -> Design | None:
    """The waves of seeds up to the budget asked for: each about 1.6 times the one before."""
    if options.until_decided is None:
        return None
    from resnet.claims.looks import Design

    waves = [wave for wave in (3, 5, 8, 13, 21, 34, 55) if wave < options.until_decided]
    return Design((*waves, options.until_decided))


def _check_processes(plan: Plan, options: Options) -> None:
    """UserError where a run's processes cannot share its batch."""
    from experiments.here import processes_of
    from sweeps.sending import check_processes, cluster_of

    slurm = options.launcher == "slurm"
    check_processes(plan.runs, cluster_of(options).world if slurm else processes_of(options))


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _training_device(options: Options, here: str) -> str:
    """What the runs will be trained on: not on the login node's device, but on the cluster's."""
    if options.launcher != "slurm":
        return here
    from sweeps.sending import cluster_of

    return "cuda" if cluster_of(options).gpus_per_node else "cpu"


def _clock(options: Options) -> Callable[[], bool]:
    """What says whether the minutes asked for, from now on, are over."""
    end = time.monotonic() + 60 * options.minutes if options.minutes else math.inf
    return lambda: time.monotonic() > end


def _foretell(plan: Plan, options: Options) -> int:
    """Tell what a dry run has to add to the plan: what a cluster would be sent."""
    if options.launcher == "slurm":
        from sweeps.launch import foretell

        foretell(plan, options)
    return 0


def _launch(
    plan: Plan,
    options: Options,
    dataset: Dataset,
    device: str,
    seconds: float,
    over: Callable[[], bool],
) -> list[str]:
    """Train what is pending; returns a line for each run that was cut short by an error."""
    if not plan.pending:
        return []
    if options.launcher == "slurm":
        from sweeps.launch import launch

        return launch(plan, options)
    from experiments import here

    if options.launcher == "debug":
        return here.train_in_this_process(plan, options, dataset, device, seconds)
    return here.train_here(plan, options, dataset, device, seconds, over)
