"""A worker process: trains the runs that it is handed, one by one, and tells how it goes."""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from dataclasses import replace
from functools import partial
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any

from resnet.errors import UserError, mendable
from sweeps.device import chosen, dead, keep_to_share
from sweeps.job import Job
from sweeps.source import Source, Unfit
from sweeps.team import RankLost

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec

INTERRUPTED = ("end", "interrupted")
HELD = {signal.SIGUSR2, signal.SIGTERM}  # SLURM sends these to every process of a task

TELL_EVERY = 0.5  # seconds between two words on the steps done


class Relay:
    """Progress of the run under way, sent to the parent; the same calls as a Progress."""

    def __init__(self, pipe: Any) -> None:
        self._pipe, self._told, self._step = pipe, 0.0, 0

    def start(self, spec: RunSpec, step: int) -> None:
        """The run begins, or goes on, at `step`."""
        self._step = step
        self._pipe.send(("start", step))

    def stop(self) -> None:
        """The run is cut short here, and saved."""
        if self._told:
            self._pipe.send(("advance", self._step))

    def advance(self, step: int) -> None:
        """`step` steps are done."""
        self._step = step
        if time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            self._pipe.send(("advance", step))

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch is over."""
        self._pipe.send(("epoch", step, epoch, metrics))


class Leaving:
    """Whether this worker was asked to leave; a run under way notes the signal by itself."""

    def __init__(self) -> None:
        self.asked = False

    def note(self, *_: object) -> None:
        """The handler of the signal to save and leave."""
        self.asked = True


def work(pipe: Any, job: Job, data: Dataset | Source, gpus: tuple[str, ...] = ()) -> None:
    """The worker's life: 'ready', then a run at a time until None comes, or a signal."""
    os.setsid()  # Ctrl-C reaches the parent alone, which tells its workers to stop
    if gpus:  # the others are those of the run's other processes
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[0]
        job = replace(job, seats=job.seats.on(gpus))
    leaving = Leaving()
    signal.signal(signal.SIGUSR2, leaving.note)  # what is being measured is measured to its end
    if job.cluster:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        dataset = data.load() if isinstance(data, Source) else data
        _train_all(pipe, job, dataset, leaving)
    except Unfit as error:
        pipe.send(("unfit", str(error), error.kind))
    except (KeyboardInterrupt, EOFError, BrokenPipeError):
        os._exit(130)


def _train_all(pipe: Any, job: Job, dataset: Dataset, leaving: Leaving) -> None:
    device = chosen(job.device, partial(_say, pipe))
    keep_to_share(job.threads, device)
    pipe.send(("ready",))
    while (spec := pipe.recv()) is not None and not leaving.asked:
        how = _train_one(spec, dataset, job, device, pipe)
        pipe.send(how)
        if how == INTERRUPTED:
            return


def _train_one(
    spec: RunSpec, dataset: Dataset, job: Job, device: str, pipe: Any
) -> tuple[str, str]:
    """Train one run and measure it; how it ended, as a message."""
    from resnet.runs.folder import RunBusy, RunFolder
    from resnet.training.signals import Interrupted
    from resnet.training.start import Orphan
    from sweeps.complete import complete

    relay = Relay(pipe)
    try:
        say = partial(_say, pipe)
        return ("end", complete(spec, dataset, job, device, relay, say))
    except Interrupted:
        relay.stop()
        return INTERRUPTED
    except RankLost:
        os._exit(1)  # as if this process had ended: another takes the run up again
    except RunBusy:
        if job.cluster:
            return ("end", "busy")
        _say(pipe, f"{spec.title}: another process is training it; waiting for its end")
        RunFolder(job.root, spec).wait()
        return _train_one(spec, dataset, job, device, pipe)  # done by now, or to be taken up
    except Exception as error:  # one run's error is that run's: the others go on
        if job.cluster and isinstance(error, Orphan):
            return ("end", "orphaned")
        if job.cluster:
            traceback.print_exc()
        if not isinstance(error, UserError) and dead(
            device
        ):  # for the next run as well: another process takes this one up
            _say(pipe, f"{spec.title}: {line(error)}; the GPU is of no use to the process any more")
            os._exit(1)
        return ("error", line(error))


def _say(pipe: Any, text: str) -> None:
    pipe.send(("say", text))


def line(error: Exception) -> str:
    """The error in one line; the whole trace is in the run's folder."""
    if isinstance(error, OSError) and (mend := mendable(error)):
        error = mend
    first = (str(error).splitlines() or [""])[0]
    return first if isinstance(error, UserError) else f"{type(error).__name__}: {first}"


def _leave_with_parent() -> None:
    """A worker without its parent would hold its run's lock for nobody."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
