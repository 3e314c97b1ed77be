"""Signals: noted when they come, served at the end of a step, so that no state is ever torn."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from resnet.errors import UserError

PATIENCE = 1.5  # seconds that Ctrl-C waits for the step to end before it ends the process

GO_ON = "stopped; the same command goes on from here"


class Interrupted(UserError):
    """The run was asked to stop and has saved its state; `signum` says by which signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(GO_ON)
        self.signum = signum


class Signals:
    """Notes SIGINT, SIGTERM and SIGUSR2 while a run trains; `pending` is the one to serve.

    A handler that was there before (submitit's requeue) is kept in `previous` and is called
    after the state has been saved.
    """

    def __init__(self) -> None:
        self.pending: int | None = None
        self.previous: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    def install(self) -> None:
        """Take the signals over; only the main thread may, elsewhere nothing is done."""
        if threading.current_thread() is not threading.main_thread():
            return
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2):
            self.previous[signum] = signal.signal(signum, self._note)

    def restore(self) -> None:
        """Give the signals back to whoever had them."""
        for signum, handler in self.previous.items():
            signal.signal(signum, handler)
        self.previous.clear()

    def serve(self, save: Callable[[], None]) -> None:
        """At the end of a step: save, then requeue, go on, or raise `Interrupted`."""
        if self.pending is None:
            return
        signum, self.pending = self.pending, None
        if self._timer is not None:
            self._timer.cancel()
        save()
        owner = self.previous.get(signum)
        if signum == signal.SIGUSR2 and callable(owner):
            owner(signum, None)
        elif signum == signal.SIGTERM and "SLURM_JOB_ID" in os.environ:
            return  # SLURM requeues or kills by itself; to requeue here would undo an scancel
        raise Interrupted(signum)

    def _note(self, signum: int, frame: FrameType | None) -> None:
        again = self.pending is not None
        self.pending = signum
        if signum == signal.SIGINT:
            self._timer = threading.Timer(0 if again else PATIENCE, _leave)
            self._timer.daemon = True
            self._timer.start()


def _leave() -> None:
    """End at once: what the resume file holds is enough to go on."""
    os.write(2, f"\n{GO_ON}\n".encode())
    os._exit(130)
