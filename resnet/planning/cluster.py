"""Cluster settings: what repeats lies in one small TOML file of the user's, flags override it."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from resnet.errors import UserError, unknown

HERE = Path("cluster.toml")


@dataclass(frozen=True)
class Cluster:
    """What an array task asks the cluster for, and how runs are shared out among tasks."""

    partition: str = ""  # empty: the cluster's default, as for account and qos
    account: str = ""
    qos: str = ""
    constraint: str = ""
    exclude: str = ""
    gpus_per_node: int = 0
    nodes: int = 1
    cpus_per_task: int = 0  # 0: four for each GPU of a node, two without
    mem: str = ""  # as in '16GB'
    timeout_min: int = 240
    signal_delay_s: int = 90  # from the signal to save until the kill
    runs_per_gpu: int = 1
    processes_per_run: int = 0  # 0: one; on several nodes one for each of their GPUs
    runs_per_task: int = 0  # 0: by expected time
    task_minutes: int = 15  # shorter runs are packed until a task lasts about so long
    array_parallelism: int = 256
    setup: tuple[str, ...] = ()  # shell lines before Python starts

    @property
    def delay_s(self) -> int:
        """Seconds from the signal to the kill: it comes after the start, with time to work."""
        return min(self.signal_delay_s, self.timeout_min * 60 // 3)

    @property
    def cores(self) -> int:
        """CPU cores of a task, on each of its nodes."""
        return self.cpus_per_task or max(2, 4 * self.gpus_per_node)

    @property
    def at_a_time(self) -> int:
        """Runs at a time in one task; without GPUs one thread each is the fairest share."""
        if self.nodes > 1:
            return 1
        places = self.gpus_per_node * self.runs_per_gpu or self.cores
        return max(1, places // self.world)

    @property
    def world(self) -> int:
        """Processes that train one run together."""
        every = self.nodes * max(1, self.gpus_per_node) if self.nodes > 1 else 1
        return self.processes_per_run or every

    @property
    def processes_here(self) -> int:
        """Those of them on each node."""
        return self.world // self.nodes

    @property
    def threads(self) -> int:
        """CPU threads for each process."""
        return max(1, self.cores // (self.at_a_time * self.processes_here))


NAMES = tuple(field.name for field in fields(Cluster))
TYPES = get_type_hints(Cluster)

HELP = {
    "partition": "the cluster's partition",
    "account": "whom the hours are charged to",
    "qos": "quality of service",
    "constraint": "node features",
    "exclude": "nodes to stay away from",
    "gpus_per_node": "GPUs of a task, on each of its nodes",
    "nodes": "nodes of a task; with 2 or more, all their GPUs train one run together",
    "cpus_per_task": "CPU cores of a task, on each of its nodes (default: 4 a GPU, 2 without)",
    "mem": "memory of a task, on each of its nodes, as in 16GB",
    "timeout_min": "time limit of a task; a run that needs longer is requeued",
    "signal_delay_s": "seconds from the signal to the kill, at most a third of the limit",
    "runs_per_gpu": "runs that share a GPU",
    "processes_per_run": "processes that train one run together, a GPU each where there are GPUs "
    "(default 1; also with --launcher local)",
    "runs_per_task": "runs packed into a task (default: by expected time)",
    "task_minutes": "short runs are packed until a task lasts about so long",
    "array_parallelism": "tasks at a time",
    "setup": "a shell line before Python starts, as in 'module load cuda'; may be given again",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every setting, --cluster FILE and --snapshot."""
    group = parser.add_argument_group("cluster (--launcher slurm)")
    group.add_argument(
        "--cluster", type=Path, metavar="FILE", help="settings that repeat (default cluster.toml)"
    )
    group.add_argument(
        "--snapshot", action="store_true", help="run a copy of the code as it is at submission"
    )
    for name in NAMES:
        if name == "setup":
            group.add_argument(flag(name), action="append", metavar="LINE", help=HELP[name])
        elif TYPES[name] is int:
            group.add_argument(flag(name), type=int, metavar="N", help=HELP[name])
        else:
            group.add_argument(flag(name), metavar="NAME", help=HELP[name])


def flag(name: str) -> str:
    """The flag of a setting."""
    return "--" + name.replace("_", "-")


def given(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The settings among parsed flags that the user gave."""
    return tuple((name, values[name]) for name in NAMES if values.get(name) is not None)


def resolve(file: Path | None, flags: tuple[tuple[str, Any], ...]) -> Cluster:
    """The user's file with the flags on top; UserError for a wrong key or value in either."""
    path = file or find()
    return combine(read(path) if path else {}, str(path), flags)


def combine(values: Mapping[str, Any], place: str, flags: tuple[tuple[str, Any], ...]) -> Cluster:
    """Settings from a `place` with the flags on top; UserError for what is wrong in either."""
    checked = {name: _check(name, value, place) for name, value in values.items()}
    checked |= {name: _check(name, value, "flags") for name, value in flags}
    cluster = replace(Cluster(), **checked)
    _check_sense(cluster)
    return cluster


def find() -> Path | None:
    """cluster.toml in this folder, else in the user's configuration, else None."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    places = (HERE, Path(config) / "resnet-claims" / HERE.name)
    return next((place for place in places if place.is_file()), None)


def read(path: Path) -> dict[str, Any]:
    """The settings in a TOML file; UserError for one that cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read the cluster settings '{path}': {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"the cluster settings '{path}' are not in UTF-8: save them so") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"the cluster settings '{path}' are not TOML: {error}") from None


def _check(name: str, value: Any, place: str) -> Any:
    if name not in NAMES:
        raise UserError(
            f"{unknown('cluster setting', name, NAMES)}, in {place}; "
            f"all valid keys: {', '.join(NAMES)}"
        )
    if name == "setup":
        lines = [value] if isinstance(value, str) else value
        if isinstance(lines, list | tuple) and all(isinstance(line, str) for line in lines):
            return tuple(lines)
        raise UserError(f"setup in {place}: give a list of shell lines, as in ['module load cuda']")
    wanted = TYPES[name]
    if not isinstance(value, wanted) or isinstance(value, bool):
        kind = "a whole number" if wanted is int else "a text in quotes"
        raise UserError(f"{name} = {value!r} in {place}: give {kind}")
    return value


def _check_sense(cluster: Cluster) -> None:
    """UserError for a number that no cluster could take."""
    for name in ("nodes", "timeout_min", "runs_per_gpu", "task_minutes"):
        if getattr(cluster, name) < 1:
            raise UserError(f"{name} = {getattr(cluster, name)}: give 1 or more")
    for name in (
        "gpus_per_node",
        "cpus_per_task",
        "runs_per_task",
        "signal_delay_s",
        "processes_per_run",
    ):
        if getattr(cluster, name) < 0:
            raise UserError(f"{name} = {getattr(cluster, name)}: give 0 or more")
    if cluster.array_parallelism < 1:
        raise UserError(f"array_parallelism = {cluster.array_parallelism}: give 1 or more")
    _check_shares(cluster)


def _check_shares(cluster: Cluster) -> None:
    """UserError where the processes of one run cannot be shared out."""
    world, nodes, gpus = cluster.world, cluster.nodes, cluster.gpus_per_node
    if world % nodes:
        raise UserError(f"processes_per_run = {world} on {nodes} nodes: give a multiple of {nodes}")
    if gpus and cluster.processes_here > gpus:
        raise UserError(
            f"processes_per_run = {world} needs {cluster.processes_here} GPUs a node, and "
            f"gpus_per_node = {gpus}: give fewer processes or more GPUs"
        )
    if world > 1 and cluster.runs_per_gpu > 1:
        raise UserError(
            f"runs_per_gpu = {cluster.runs_per_gpu} with {world} processes a run: one or the other"
        )
