"""Several runs at once on one machine: worker processes, each with its fair share of the cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, resource_tracker
from typing import TYPE_CHECKING, Any, Protocol

from resnet.machine import cores
from resnet.runs.spec import RunSpec
from sweeps.cause import TOLD
from sweeps.job import Job
from sweeps.mps import offered, shared_gpu
from sweeps.source import Source, Unfit
from sweeps.states import trace_line
from sweeps.team import RankLost
from sweeps.worker import HELD, work

if TYPE_CHECKING:
    from resnet.data import Dataset

TRIES = 3  # how often in a row a run's workers may die (out of memory, kill -9) where it stands
GRACE = 2.0  # seconds that workers get to save their state when all must stop


class Watcher(Protocol):
    """Whoever shows how far all the runs are."""

    def start(self, spec: RunSpec, step: int) -> None:
        """A run begins, or goes on, at `step`."""

    def advance(self, spec: RunSpec, step: int) -> None:
        """`step` steps of a run are done."""

    def epoch(self, spec: RunSpec, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch of a run is over."""

    def end(self, spec: RunSpec, status: str) -> None:
        """A run is 'done', 'failed' or ended by an 'error'."""


@dataclass
class Worker:
    """A worker process, this side of the pipe to it, and the run that it has in hand."""

    process: Any
    pipe: Any
    spec: RunSpec | None = None
    ready: bool = False
    gpus: tuple[str, ...] = ()


@dataclass
class Pool:
    """Trains `specs` in `count` workers; `errors` has a line by run id for each cut short.

    In a SLURM task `stopped` says whether the task was asked to save and leave, and the workers
    get `patience` seconds for it; `gpus` are dealt out to the workers in turn, one for each of the
    processes that train a run together.
    """

    job: Job
    dataset: Dataset | Source
    count: int
    watcher: Watcher
    say: Callable[[str], None] = print
    errors: dict[str, str] = field(default_factory=dict)
    stopped: Callable[[], bool] = lambda: False
    patience: float = 60.0
    gpus: tuple[str, ...] = ()
    _tries: dict[str, int] = field(default_factory=dict)
    _began: dict[str, int] = field(default_factory=dict)  # at which step, by run id

    def train(self, specs: Iterable[RunSpec]) -> None:
        """Train all of them; on Ctrl-C or SIGTERM every worker saves its run and ends first."""
        self._queue = deque(specs)
        self._workers: list[Worker] = []
        before = None if self.job.cluster else signal.signal(signal.SIGTERM, _raise_interrupt)
        with shared_gpu(self._shares) as shared:
            if self._shares and offered() and not shared:
                self.say(
                    "the GPU's service for several processes (MPS) does not start: they take turns"
                )
            try:
                for number in range(min(self.count, len(self._queue))):
                    self._hire(self._deal(number))
                while self._workers and not self.stopped():
                    self._wait()
                self._let_save()
            finally:
                if before is not None:
                    signal.signal(signal.SIGTERM, before)
                self._dismiss()

    @property
    def _shares(self) -> bool:
        """Whether several workers may find themselves on one GPU."""
        if self.job.device == "cpu" or (self.job.device == "any" and not self.gpus):
            return False
        there = max(1, len(self.gpus) // self.job.seats.here)
        return min(self.count, len(self._queue)) > there

    def _deal(self, number: int) -> tuple[str, ...]:
        """The GPUs of the worker of that number."""
        each = self.job.seats.here
        hands = [self.gpus[i : i + each] for i in range(0, len(self.gpus) - each + 1, each)]
        return hands[number % len(hands)] if hands else ()

    def _hire(self, gpus: tuple[str, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        arguments = (theirs, self.job, self.dataset, gpus)
        process = context.Process(target=work, args=arguments, daemon=True)
        _start_deaf(process, HELD if self.job.cluster else {signal.SIGINT})
        theirs.close()
        self._workers.append(Worker(process, ours, gpus=gpus))

    def _wait(self) -> None:
        """Hear what the workers have to say, until one of them says something, or a second."""
        pipes = {worker.pipe: worker for worker in self._workers}
        heard: list[Any] = connection.wait(list(pipes), timeout=1.0)
        for pipe in heard:
            try:
                self._hear(pipes[pipe], pipe.recv())
            except (EOFError, ConnectionResetError):
                self._lose(pipes[pipe])
        for worker in [w for w in self._workers if w.ready and w.spec is None]:
            self._hand_on(worker)

    def _let_save(self) -> None:
        """Ask again and again: a signal that comes between two runs is heard by neither."""
        self._queue.clear()
        deadline = time.monotonic() + self.patience
        while self._workers and time.monotonic() < deadline:
            for worker in list(self._workers):
                if worker.spec is None:
                    self._workers.remove(worker)
                    worker.process.kill()
                elif worker.process.is_alive():
                    os.kill(worker.process.pid, signal.SIGUSR2)
            if self._workers:
                self._wait()

    def _hear(self, worker: Worker, message: tuple[Any, ...]) -> None:
        kind, *values = message
        if kind == "ready":
            worker.ready = True
        elif kind == "say":
            self.say(values[0])
        elif kind == "unfit":
            raise Unfit(*values)
        elif kind == "error":
            self._end(worker, "error", values[0])
        elif kind == "end":
            self._end(worker, values[0])
        else:
            if kind == "start":
                self._note_start(worker.spec, *values)
            getattr(self.watcher, kind)(worker.spec, *values)

    def _note_start(self, spec: RunSpec | None, step: int) -> None:
        """A run that goes on from further than it did has its tries anew."""
        assert spec is not None
        if step > self._began.get(spec.id, 0):
            self._tries.pop(spec.id, None)
        self._began[spec.id] = step

    def _end(self, worker: Worker, status: str, error: str = "") -> None:
        assert worker.spec is not None
        if error:
            self.errors[worker.spec.id] = error
        self.watcher.end(worker.spec, status)
        worker.spec = None

    def _hand_on(self, worker: Worker) -> None:
        """The next run for a worker that has none; or the end of its work; or nothing yet."""
        worker.spec = self._next()
        if worker.spec is None and self._queue:
            return
        with suppress(BrokenPipeError):
            worker.pipe.send(worker.spec)
        if worker.spec is None:
            self._workers.remove(worker)
            worker.process.join(GRACE)

    def _next(self) -> RunSpec | None:
        """The first run in the queue that need not wait for the one that it starts from."""
        open_ = {s.id for s in self._queue} | {w.spec.id for w in self._workers if w.spec}
        for spec in self._queue:
            if spec.start is None or spec.start.run not in open_:
                self._queue.remove(spec)
                return spec
        return None

    def _lose(self, worker: Worker) -> None:
        """A worker died: hire another for the run that it had, a few times at most."""
        worker.process.join()
        self._workers.remove(worker)
        how = f"its process ended with {worker.process.exitcode}"
        if (spec := worker.spec) is None:
            if not worker.ready:
                raise RuntimeError(f"a worker could not start: {how}")
            return
        if worker.process.exitcode == TOLD:
            self._end(worker, "error", trace_line(self.job.root / spec.id) or how)
        elif self.stopped():
            return
        elif self.job.seats.nodes > 1:
            raise RankLost(f"{spec.title}: {how}")  # all nodes have to begin again
        else:
            self._take_up(worker, spec, how)
        if self._queue:
            self._hire(worker.gpus)

    def _take_up(self, worker: Worker, spec: RunSpec, how: str) -> None:
        self._tries[spec.id] = self._tries.get(spec.id, 1) + 1
        if self._tries[spec.id] > TRIES:
            self._end(worker, "error", f"{how}, {TRIES} times without getting on")
        else:
            self.say(f"{spec.title}: {how}; taken up again")
            self._queue.appendleft(spec)

    def _dismiss(self) -> None:
        """Stop whoever is still at work, letting them save."""
        for worker in self._workers:
            if worker.ready and worker.process.is_alive():
                os.kill(worker.process.pid, signal.SIGINT)
            else:
                worker.process.kill()
        deadline = time.monotonic() + GRACE  # for all of them together
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.process.kill()
        self._workers.clear()


def share(
    runs: int, device: str, workers: int | None = None, processes: int = 1, places: int = 1
) -> tuple[int, int]:
    """(workers, threads each) for a plan of so many runs in all, each on so many processes.

    On a CPU one thread a run wastes nothing on waiting for the others. The share depends on the
    plan and not on what is left of it: a resumed run must round as it did before. On GPUs there
    are `places` for runs, all GPUs together, and the threads load photographs.
    """
    there = cores()
    if device == "cpu":
        count = max(1, min(runs, workers or there // processes))
    else:
        count = workers or max(1, min(runs, places))
    return count, max(1, there // (count * processes))


def longest_first(specs: Iterable[RunSpec]) -> list[RunSpec]:
    """Seed by seed, so that an early stop leaves whole seeds; the long runs of a seed first.

    But no run comes before the one that it starts from.
    """
    from resnet.planning.estimate import work as amount
    from resnet.planning.lineage import generations

    groups = enumerate(generations(list(specs)))
    keyed = [(spec.seed, age, -amount(spec), spec) for age, group in groups for spec in group]
    return [spec for *_, spec in sorted(keyed, key=lambda entry: entry[:3])]


def _start_deaf(process: Any, held: set[signal.Signals]) -> None:
    """Start a worker that hears SLURM's signals, or Ctrl-C, only once it knows what to do.

    A mask outlives exec, and what comes meanwhile waits; a default handler would end the worker.
    The tracker of shared resources must be up before: starting it lifts the mask.
    """
    early = held & {signal.SIGUSR2}
    signal.pthread_sigmask(signal.SIG_BLOCK, early)
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held) - early
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _raise_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
