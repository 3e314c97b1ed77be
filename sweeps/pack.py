"""Which runs go into which task, and which tasks into which array."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from resnet.planning.cluster import Cluster
from resnet.planning.lineage import generations
from resnet.runs.spec import RunSpec
from sweeps.expected import Expected, makespan
from sweeps.pool import longest_first

Runs = tuple[RunSpec, ...]


def pack(specs: Sequence[RunSpec], cluster: Cluster, expected: Expected | None) -> list[Runs]:
    """Tasks that fill the node, and of short runs so many that a task lasts `task_minutes`.

    Where nothing was measured, a task gets the runs that it can train at a time.
    """
    tasks: list[list[RunSpec]] = []
    load = 0.0
    for spec in longest_first(specs):
        seconds = expected.seconds(spec) if expected else 0.0
        if not tasks or _full(tasks[-1], load + seconds, cluster, expected is not None):
            tasks.append([])
            load = 0.0
        tasks[-1].append(spec)
        load += seconds
    return [tuple(task) for task in tasks]


def _full(task: list[RunSpec], load: float, cluster: Cluster, known: bool) -> bool:
    if cluster.nodes > 1:
        return True
    if cluster.runs_per_task:
        return len(task) >= cluster.runs_per_task
    if len(task) < cluster.at_a_time:
        return False
    return not known or load > cluster.task_minutes * 60 * cluster.at_a_time


def arrays(tasks: Sequence[Runs], largest: int) -> list[Sequence[Runs]]:
    """The tasks in as few arrays as the cluster's largest allows, of nearly equal size.

    An array has one dependency: tasks whose runs start from others' come after theirs, apart.
    """
    groups = generations([spec for task in tasks for spec in task])
    age = {spec.id: number for number, group in enumerate(groups) for spec in group}
    stages = groupby(tasks, key=lambda task: max(age[spec.id] for spec in task))
    return [array for _, stage in stages for array in _cut(list(stage), largest)]


def _cut(tasks: Sequence[Runs], largest: int) -> list[Sequence[Runs]]:
    count = -(-len(tasks) // largest)
    size = -(-len(tasks) // count)
    return [tasks[i : i + size] for i in range(0, len(tasks), size)]


def seconds_of(task: Runs, cluster: Cluster, expected: Expected) -> float:
    """Seconds that a task will take, without its start."""
    return makespan([expected.seconds(spec) for spec in task], cluster.at_a_time)
