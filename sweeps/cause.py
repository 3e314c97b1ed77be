"""Why a rank ended: it says so to rank 0, which brings it to the record of the run.

On a CPU rank 0 meets an error as soon as one of its peers is gone, and asks for the cause. On a GPU
it goes on waiting for that peer, for many minutes and in CUDA: a thread beside it asks then.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from resnet.errors import UserError, first_line
from sweeps.device import dead

KEY = "cause"  # in the store that the ranks share
PATIENCE = 10.0  # seconds from the end of a rank until its run's rank 0 ends too
TOLD = 3  # exit status where the run's error is known: it is not to be taken up again


def tell(store: Any, rank: str, error: Exception, device: str) -> int:
    """Say why this rank ends, on its log and to rank 0; the exit status that goes with it.

    What another rank or the device is to blame for is no error of the run's: rank 0 is not told.
    """
    mine = f"process {rank}: {error}"
    if isinstance(error, UserError):
        print(mine, file=sys.stderr, flush=True)
    else:
        traceback.print_exception(error)
        mine = f"process {rank}: {type(error).__name__}: {first_line(error)}"
        if peer_lost(error) or dead(device):
            return 1
    with suppress(Exception):
        store.set(KEY, json.dumps([isinstance(error, UserError), mine]))
        return TOLD
    return 1


def peer_lost(error: Exception) -> bool:
    """Whether it is what torch raises when it cannot reach another rank."""
    from torch.distributed import DistError

    broken = isinstance(error, RuntimeError) and "onnection" in str(error)
    return broken or isinstance(error, DistError)


def told(store: Any) -> Exception | None:
    """What a rank told; None while none has told anything."""
    if not store.check([KEY]):
        return None
    of_user, text = json.loads(store.get(KEY))
    return UserError(text) if of_user else RuntimeError(text)


def watch(
    store: Any,
    gone: Callable[[], bool],
    over: threading.Event,
    trace: Path | None,
    pause: float = 1.0,
) -> None:
    """End this process, which is rank 0, a while after another rank: it may never do so itself.

    What that rank told goes into `trace`, for whoever started this process.
    """
    while not over.wait(pause):
        if gone() or store.check([KEY]):
            break
    # On further nodes their tasks wait as well, and longer than this where a cause was told.
    if over.wait(PATIENCE):
        return
    error = told(store)
    if error is None:
        os._exit(1)
    print(error, file=sys.stderr, flush=True)
    if trace is not None:
        with suppress(OSError):
            trace.write_text(f"{error}\n")
    os._exit(TOLD)
