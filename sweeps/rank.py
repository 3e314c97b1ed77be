"""The process of a rank that is not the first: it trains its part of the run's batches.

It is told where rank 0 listens and gets all the rest from it: the run, the data, the device.

Usage: python -m sweeps.rank HOST PORT RANK WORLD DEVICE    (by `sweeps.team`, never by hand)
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from sweeps.cause import tell
from sweeps.device import UNFIT, chosen, keep_to_share
from sweeps.source import Unfit
from sweeps.team import HEARD

if TYPE_CHECKING:
    from resnet.training.distributed import Ranks

# A million photographs are opened one by one before that, at times over a slow network.
LONGEST = timedelta(hours=1)


def main(host: str, port: str, rank: str, world: str, device: str) -> int:
    """The life of the process."""
    for signum in HEARD:  # rank 0 hears them too, and all ranks stop at the same step
        signal.signal(signum, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    from resnet.training.distributed import Ranks, joined

    try:
        device = chosen(device, print)
    except Unfit as error:
        print(f"process {rank}: {error}", file=sys.stderr, flush=True)
        return UNFIT
    store = _found(host, int(port))
    try:
        with joined(store, Ranks(int(rank), int(world)), device) as ranks:
            try:
                _serve(ranks)
            except Exception as error:
                _leave(store, rank, error, device)  # NCCL's farewell may wait for the others
    except Exception as error:
        _leave(store, rank, error, device)
    return 0


def _found(host: str, port: int) -> Any:
    """The store of the ranks, which rank 0 opens when it has its data."""
    from torch.distributed import TCPStore

    return TCPStore(host, port, is_master=False, timeout=LONGEST)


def _leave(store: Any, rank: str, error: Exception, device: str) -> NoReturn:
    status = tell(store, rank, error, device)
    sys.stdout.flush()
    os._exit(status)


def _serve(ranks: Ranks) -> None:
    from resnet.training.train import follow

    spec, dataset, device, threads, speed = ranks.share(None)
    keep_to_share(threads, device)
    follow(spec, dataset, device, ranks, speed)


def _leave_with_parent() -> None:
    """Nothing is ever written to the standard input: it ends with the process that has it."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # the thread at the standard input would hold an ordinary exit up
