"""Signals: noted when they come, served at the end of a step, so that no state is ever torn."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from resnet.errors import UserError

PATIENCE = 1.5  # seconds that Ctrl-C waits for the step to end before it ends the process

# What is served first comes last; SIGTERM may ask for no more than to save.
NOTED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
GO_ON = "stopped; the same command goes on from here"


class Interrupted(UserError):
    """The run was asked to stop and has saved its state; `signum` says by which signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(GO_ON)
        self.signum = signum


class Signals:
    """Notes SIGINT, SIGTERM and SIGUSR2 while a run trains; `pending` is the one to serve.

    A context that gives the signals back at its end to whoever had them at its start. That
    owner's handler (submitit's requeue, say) is called after the state has been saved.
    """

    def __init__(self) -> None:
        self.pending: int | None = None
        self._owners: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> "Signals":
        if threading.current_thread() is threading.main_thread():  # only it may have handlers
            self._owners = {signum: signal.getsignal(signum) for signum in NOTED}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, owner in self._owners.items():
            signal.signal(signum, owner)

    def install(self) -> None:
        """Take the signals, once Lightning has set its own handlers."""
        for signum in self._owners:
            signal.signal(signum, self._note)

    def serve(self, save: Callable[[], None], agree: Callable[[int], int] = int) -> None:
        """At the end of a step: save, then requeue, go on, or raise `Interrupted`.

        `agree` is handed what this process heard, as a number that is larger where it matters
        more (0: nothing), and returns what all the run's processes serve now.
        """
        heard = self.pending
        number = agree(0 if heard is None else 1 + NOTED.index(heard))
        if not number:
            return
        signum = NOTED[number - 1]
        if self.pending == heard:  # what came meanwhile is served at the next step
            self.pending = None
        if self._timer is not None:
            self._timer.cancel()
        save()
        owner = self._owners.get(signum)
        if signum == signal.SIGUSR2 and callable(owner):
            owner(signum, None)
        elif signum == signal.SIGTERM and self._in_a_task():
            return  # SLURM requeues or kills by itself; to requeue here would undo an scancel
        raise Interrupted(signum)

    def _in_a_task(self) -> bool:
        """Whether SLURM's signals are answered for this process, unlike in a shell of salloc's."""
        return "SLURM_JOB_ID" in os.environ and callable(self._owners.get(signal.SIGUSR2))

    def _note(self, signum: int, frame: FrameType | None) -> None:
        again = self.pending is not None
        if self.pending is None or NOTED.index(self.pending) < NOTED.index(signum):
            self.pending = signum
        if signum == signal.SIGINT:
            self._timer = threading.Timer(0 if again else PATIENCE, _leave)
            self._timer.daemon = True
            self._timer.start()


def _leave() -> None:
    """End at once: what the resume file holds is enough to go on."""
    if multiprocessing.parent_process() is None:  # a worker's parent says it for all of them
        os.write(2, f"\n{GO_ON}\n".encode())
    os._exit(130)
