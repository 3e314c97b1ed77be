"""Send runs to SLURM through submitit: one array (or several), a task an element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import Timeout

from resnet.errors import UserError
from resnet.locks import held
from resnet.planning.cluster import Cluster
from resnet.training.speed import FAST, Speed
from sweeps import code, slurm
from sweeps.job import Job
from sweeps.manifest import Manifest, code_of, new_folder
from sweeps.pack import Runs, arrays
from sweeps.source import Source
from sweeps.task import Task
from sweeps.team import Seats

REQUEUES = 10**6  # as many as it takes; a task without progress ends by itself


@dataclass(frozen=True)
class Order:
    """What is asked for: where runs go, for which experiment, on which data, how they are told."""

    root: Path
    experiment: str
    cluster: Cluster
    data_dir: Path | None = None
    wandb: str | None = None  # None: as the environment has it
    snapshot: bool = False
    code: Path | None = None  # a copy of the code that was made before
    measures: tuple[str, ...] = ()  # taken of every run
    speed: Speed = FAST


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold off other senders from the look at the queue until the jobs are in it."""
    (root / "sweeps").mkdir(parents=True, exist_ok=True)
    try:
        with held(root / "sweeps" / "submit.lock", timeout=60):
            yield
    except Timeout:
        raise UserError(f"another submission into '{root}' is under way: try again") from None


def send(
    order: Order, tasks: Sequence[Runs], under_way: Mapping[str, str] | None = None
) -> Manifest:
    """Submit the tasks; returns the manifest with their job ids.

    A run that starts from another one waits in the queue for that one's job: one of these, or one
    that was sent before, which `under_way` has by run id.
    """
    order = replace(order, root=order.root.resolve())
    folder = new_folder(order.root, order.experiment)
    snapshot = order.code
    if snapshot is None and order.snapshot:
        snapshot = code.snapshot(folder / "code")
    digests = code.digests(snapshot or code.ROOT)
    manifest = _manifest(order, folder, tasks, snapshot, digests).write()
    jobs: list[str] = []
    holders = dict(under_way or {})
    try:
        parts = arrays(tasks, slurm.max_array_size())
        for part in parts:
            callables = [
                _task(order, manifest, len(jobs) + i, runs, digests) for i, runs in enumerate(part)
            ]
            first, after = len(jobs), _after(part, holders)
            executor = _executor(order.cluster, manifest, first, len(parts), snapshot, after)
            jobs += [job.job_id for job in executor.submit_array(callables)]
            pairs = zip(part, jobs[first:], strict=True)
            holders |= {spec.id: job for runs, job in pairs for spec in runs}
    finally:
        unsent = ("",) * (len(tasks) - len(jobs))
        manifest = manifest.sent((*jobs, *unsent))
    return manifest


def _after(tasks: Sequence[Runs], holders: Mapping[str, str]) -> tuple[str, ...]:
    """The jobs (of arrays, the whole) that must be over before the tasks begin."""
    starts = {spec.start.run for runs in tasks for spec in runs if spec.start}
    return tuple(sorted({holders[run].split("_")[0] for run in starts if run in holders}))


def _manifest(
    order: Order,
    folder: Path,
    tasks: Sequence[Runs],
    snapshot: Path | None,
    digests: dict[str, str],
) -> Manifest:
    return Manifest(
        folder=folder,
        experiment=order.experiment,
        launcher="slurm",
        created=datetime.now().isoformat(timespec="seconds"),
        runs={spec.id: spec.to_json() for task in tasks for spec in task},
        tasks=tuple(tuple(spec.id for spec in task) for task in tasks),
        jobs=("",) * len(tasks),
        cluster=asdict(order.cluster),
        code=code_of(digests),
        data_dir=str(order.data_dir.resolve()) if order.data_dir else None,
        wandb=order.wandb,
        snapshot=str(snapshot) if snapshot else None,
        measures=order.measures,
        speed=order.speed,
    )


def _task(
    order: Order, manifest: Manifest, number: int, runs: Runs, digests: dict[str, str]
) -> Task:
    cluster, first = order.cluster, runs[0]
    data_dir = Path(manifest.data_dir) if manifest.data_dir else None
    return Task(
        events_file=manifest.events(number).path,
        specs=tuple(runs),
        job=Job(
            order.root,
            order.experiment,
            "any",
            order.wandb,
            cluster.threads,
            cluster=True,
            measures=order.measures,
            seats=Seats(cluster.world, cluster.processes_here),
            speed=order.speed,
        ),
        source=Source(first.dataset, data_dir, first.dataset_digest, digests),
        count=cluster.at_a_time,
        patience=max(5.0, 0.7 * cluster.delay_s),
    )


class _Executor:
    """Submitit's SLURM executor, with sbatch's complaints as one line."""

    def __init__(self, folder: Path, parameters: dict[str, Any]) -> None:
        import submitit

        self._executor = submitit.SlurmExecutor(folder / "%j", max_num_timeout=REQUEUES)
        self._executor.update_parameters(**parameters)

    def submit_array(self, tasks: Sequence[Task]) -> list[Any]:
        """One array, its elements in the order of the tasks."""
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            return self._executor.submit_array(list(tasks))
        except (FailedJobError, FailedSubmissionError) as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            text = next((line for line in lines if "error" in line.lower()), lines[-1])
            raise UserError(f"sbatch refused: {text.strip().removeprefix('sbatch: ')}") from None


def _executor(
    cluster: Cluster,
    manifest: Manifest,
    first: int,
    parts: int,
    snapshot: Path | None,
    after: tuple[str, ...] = (),
) -> _Executor:
    texts = ("partition", "account", "qos", "constraint", "exclude", "mem")
    asked = {name: value for name in texts if (value := getattr(cluster, name))}
    if cluster.gpus_per_node:
        asked["gpus_per_node"] = cluster.gpus_per_node
    if after:  # however they ended: a run without its parent says so, and a lost one is sent again
        asked["dependency"] = ":".join(("afterany", *after))
    # A node's srun does not pass the cores on by itself since SLURM 22.05.
    setup = ['export SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"', *cluster.setup]
    return _Executor(
        manifest.logs,
        {
            **asked,
            "job_name": f"{manifest.name}:{first}",
            "time": cluster.timeout_min,
            "nodes": cluster.nodes,
            "ntasks_per_node": 1,
            "cpus_per_task": cluster.cores,
            "signal_delay_s": cluster.delay_s,
            "array_parallelism": max(1, cluster.array_parallelism // parts),
            "stderr_to_stdout": True,
            "setup": setup,
            # The tasks of one job train one run: none of them can go on without the others. But
            # the first one measures when the others are done, however long that takes.
            "srun_args": ["--kill-on-bad-exit=1", "--wait=0"],
            "additional_parameters": {
                "requeue": True,
                "chdir": str(snapshot or Path.cwd()),
            },
        },
    )
