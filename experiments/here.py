"""The launchers for one machine: worker processes, or this process alone."""

import os
from collections.abc import Callable

from resnet.console import Clock, Show, say
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.planning.estimate import work
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.runs.spec import RunSpec
from resnet.training.mirror import choose_mode
from sweeps.events import Witness
from sweeps.job import Job
from sweeps.local import recorded
from sweeps.mps import room
from sweeps.pool import Pool, longest_first, share
from sweeps.team import Seats


def visible(device: str, processes: int) -> tuple[str, ...]:
    """This machine's GPUs, where they have to be dealt out; UserError where they are too few."""
    import torch

    if device != "cuda":
        return ()
    count = torch.cuda.device_count()
    if processes > count:
        raise UserError(
            f"--processes-per-run {processes}: there are {count} GPUs here; give at most {count}"
        )
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(named.split(",")) if named else tuple(map(str, range(count)))


def processes_of(options: Options) -> int:
    """How many processes train a run together."""
    return dict(options.cluster_flags).get("processes_per_run") or 1


def at_a_time(plan: Plan, options: Options, device: str) -> tuple[int, int]:
    """(runs at a time, threads each): as asked for, else what this machine has room for."""
    processes = processes_of(options)
    places = len(visible(device, processes)) // processes
    if device == "cuda" and processes == 1:
        places *= room(plan.specs, _memory())
    return share(len(plan.specs), device, options.workers, processes, places)


def _memory() -> int:
    """Bytes of the smallest GPU."""
    import torch

    count = range(torch.cuda.device_count())
    return min(torch.cuda.get_device_properties(i).total_memory for i in count)


def train_here(
    plan: Plan,
    options: Options,
    dataset: Dataset,
    device: str,
    seconds: float,
    over: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Train every pending run of the plan, until the time is `over`.

    Returns a line for each run that an error cut short.
    """
    processes = processes_of(options)
    gpus = visible(device, processes)
    count, threads = at_a_time(plan, options, device)
    job = _job(plan, options, device, threads, processes)
    clock = Clock(sum(plan.amounts), seconds)
    errors: dict[str, str] = {}
    on_record = options.output_dir, plan.experiment.name, plan.pending, job.measures, job.speed
    with (
        recorded(*on_record) as sweep,
        Show(len(plan.pending), clock, work) as show,
    ):
        witness = Witness(sweep.events(0), errors.__getitem__, show)
        pool = Pool(job, dataset, count, witness, say, errors, over, gpus=gpus)
        pool.train(longest_first(plan.pending))
    titles = {spec.id: spec.title for spec in plan.runs}
    return [f"run {run} ({titles[run]}): {line}" for run, line in errors.items()]


def _job(
    plan: Plan, options: Options, device: str, threads: int | None = None, processes: int = 1
) -> Job:
    return Job(
        options.output_dir,
        plan.experiment.name,
        device,
        choose_mode(options.wandb),
        threads,
        measures=plan.experiment.measures,
        seats=Seats(processes, processes),
        speed=options.speed,
    )


class _One:
    """Progress of the one run that this process trains, for a Show of many."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._spec: RunSpec | None = None

    def start(self, spec: RunSpec, step: int) -> None:
        """The run begins, or goes on, at `step`."""
        self._spec = spec
        self._show.start(spec, step)

    def advance(self, step: int) -> None:
        """`step` steps are done."""
        assert self._spec is not None
        self._show.advance(self._spec, step)

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over."""
        assert self._spec is not None
        self._show.epoch(self._spec, step, epoch, metrics)


def train_in_this_process(
    plan: Plan, options: Options, dataset: Dataset, device: str, seconds: float
) -> list[str]:
    """Train run after run in this process; an error ends it, with its trace, as a debugger asks."""
    from sweeps.complete import complete

    job = _job(plan, options, device)
    clock = Clock(sum(plan.amounts), seconds)
    on_record = options.output_dir, plan.experiment.name, plan.pending, job.measures, job.speed
    with (
        recorded(*on_record),
        Show(len(plan.pending), clock, work) as show,
    ):
        for spec in longest_first(plan.pending):
            show.end(spec, complete(spec, dataset, job, device, _One(show), say))
    return []
