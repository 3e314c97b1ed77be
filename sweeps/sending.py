"""From an experiment and the user's options to jobs in the queue: what is missing is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resnet.data.names import PHOTOGRAPHS, split
from resnet.experiment import Experiment
from resnet.planning import cluster as settings
from resnet.planning import plan as planning
from resnet.planning.cluster import Cluster
from resnet.planning.data import data_dir, load_data
from resnet.planning.lineage import generations
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps import slurm
from sweeps.expected import Expected, expect
from sweeps.manifest import Manifest
from sweeps.pack import Runs, pack
from sweeps.source import describe
from sweeps.states import ALIVE, OVER, RunState, Survey
from sweeps.submit import Order, one_at_a_time, send


@dataclass(frozen=True)
class Draft:
    """What would be sent: the state of each run, the tasks for the missing ones, the time.

    `under_way` has the jobs, by run, of those that missing ones start from and others will train.
    """

    order: Order
    specs: tuple[RunSpec, ...]
    states: tuple[RunState, ...]
    tasks: tuple[Runs, ...]
    expected: Expected | None
    under_way: Mapping[str, str]


def plan(experiment: Experiment, options: Options, cluster: Cluster) -> Plan:
    """The plan, without loading data that was seen before."""
    options = options.of(experiment)
    preset = planning.choose_preset(options, "cuda" if cluster.gpus_per_node else "cpu")
    whole, _ = split(options.dataset)
    keep = options.output_dir / "sweeps" / f"{whole}.json"
    place = data_dir(options)
    if options.dataset in PHOTOGRAPHS:  # lists of files, which the cache keeps
        return planning.make(experiment, options, preset, load_data(options, preset))
    dataset: Any = describe(whole, place, keep, lambda: load_data(options, preset))
    return planning.make(experiment, options, preset, dataset)


def order(plan: Plan, options: Options, cluster: Cluster) -> Order:
    """What the options ask for, for the runs of a plan."""
    return Order(
        root=options.output_dir,
        experiment=plan.experiment.name,
        cluster=cluster,
        data_dir=data_dir(options),
        wandb=options.wandb,
        snapshot=options.snapshot,
        measures=plan.experiment.measures,
        speed=options.speed,
    )


def cluster_of(options: Options) -> Cluster:
    """The user's cluster settings with the flags on top."""
    return settings.resolve(options.cluster, options.cluster_flags)


def check_processes(specs: Sequence[RunSpec], world: int) -> None:
    """UserError where so many processes cannot share the batch of one of the runs."""
    if world == 1:
        return
    from resnet.training.distributed import check_batch

    for recipe in dict.fromkeys(spec.recipe for spec in specs):
        check_batch(recipe, world)


def draft(specs: Sequence[RunSpec], order: Order) -> Draft:
    """What a submission would send now: no run that is done, failed, or in another job's hands.

    UserError where a run's processes cannot share its batch.
    """
    check_processes(specs, order.cluster.world)
    sweeps = manifests.load(order.root)
    survey = Survey(order.root, sweeps, order.measures)
    states = tuple(survey.state(spec.id, spec.to_json()) for spec in specs)
    pairs = list(zip(specs, states, strict=True))
    todo = [spec for spec, state in pairs if state.state not in (*OVER, *ALIVE)]
    known = [spec for spec, state in pairs if state.state == "done"]
    known += [spec for sweep in sweeps for spec in sweep.specs()]
    device = "cuda" if order.cluster.gpus_per_node else "cpu"
    expected = expect(order.root, known, device, order.cluster.world)
    starts = {spec.start.run for spec in todo if spec.start}
    places = {run: place for run in starts if (place := survey.alive(run))}
    under_way = {run: job for run, place in places.items() if (job := survey.job(*place))}
    tasks = _tasks(todo, order, expected)
    return Draft(order, tuple(specs), states, tasks, expected, under_way)


def _tasks(todo: Sequence[RunSpec], order: Order, expected: Expected | None) -> tuple[Runs, ...]:
    """The tasks; runs on different data never share one, nor does a run with what it starts from.

    Those that others start from come first.
    """
    tasks: list[Runs] = []
    for group in generations(todo):
        for digest in dict.fromkeys(spec.dataset_digest for spec in group):
            same = [spec for spec in group if spec.dataset_digest == digest]
            tasks += pack(same, order.cluster, expected)
    return tuple(tasks)


def submit(specs: Sequence[RunSpec], order: Order) -> tuple[Draft, Manifest | None]:
    """Send what is missing; the manifest is None when nothing is."""
    slurm.check_here()
    slurm.check_partition(order.cluster.partition)
    with one_at_a_time(order.root):
        found = draft(specs, order)
        sent = send(order, found.tasks, found.under_way) if found.tasks else None
        return found, sent
