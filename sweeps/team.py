"""The processes that train one run together. Rank 0, a worker, starts those on its own node.

On further nodes SLURM starts a task, and that task the ranks there (`sweeps.rank`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.errors import first_line
from resnet.runs.folder import TRACE
from resnet.training.speed import FAST, Speed
from sweeps.cause import PATIENCE, peer_lost, told, watch

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec
    from resnet.training.distributed import Ranks, Team

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)


class RankLost(RuntimeError):
    """A process of the run ended; the run can go on from its resume file."""


@dataclass(frozen=True)
class Seats:
    """Where a run's ranks are: `world` in all, `here` on each node, from `host` onwards."""

    world: int = 1
    here: int = 1
    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one, where all ranks are on one node
    gpus: tuple[str, ...] = ()  # of this node's ranks, one each; none on a CPU

    @property
    def nodes(self) -> int:
        """How many nodes the ranks are on."""
        return self.world // self.here

    def on(self, gpus: Sequence[str]) -> Seats:
        """The same with these GPUs."""
        return replace(self, gpus=tuple(gpus))


ALONE = Seats()


def team(
    seats: Seats,
    spec: RunSpec,
    dataset: Dataset,
    device: str,
    threads: int | None,
    speed: Speed = FAST,
    root: Path | None = None,
) -> Team:
    """What gathers the run's processes when its training begins.

    Where this process has to be ended, in vain waiting for another, the cause goes into the trace
    of the run's folder under `root`.
    """
    from resnet.training.distributed import alone

    if seats.world == 1:
        return alone
    trace = root / spec.id / TRACE if root else None
    return lambda: _gathered(seats, device, (spec, dataset, device, threads, speed), trace)


@contextmanager
def _gathered(
    seats: Seats, device: str, errand: tuple[Any, ...], trace: Path | None
) -> Iterator[Ranks]:
    from torch.distributed import TCPStore

    from resnet.training.distributed import Ranks, joined

    store = TCPStore(seats.host, seats.port, is_master=True, wait_for_workers=False)
    others = range(1, seats.here)
    followers = [start(seats, rank, store.port, device) for rank in others]
    try:
        with (
            _watched(TCPStore(seats.host, store.port, is_master=False), followers, trace),
            joined(store, Ranks(0, seats.world), device) as ranks,
        ):
            ranks.share(errand)
            yield ranks
    except RuntimeError as error:  # what torch raises when it cannot reach another rank
        raise _cause(store, followers, error) from error
    finally:
        for follower in followers:
            _end(follower)


@contextmanager
def _watched(
    store: Any, followers: Sequence[subprocess.Popen[bytes]], trace: Path | None
) -> Iterator[None]:
    """Watch for the end of a rank, by a way to the store that no call of this thread blocks."""
    over = threading.Event()
    arguments = (store, partial(_any_lost, followers), over, trace)
    watcher = threading.Thread(target=watch, args=arguments, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _any_lost(followers: Sequence[subprocess.Popen[bytes]]) -> bool:
    return any(follower.poll() for follower in followers)


def start(seats: Seats, rank: int, port: int, device: str) -> subprocess.Popen[bytes]:
    """Start the process of a rank on this node; it ends when this process does."""
    environment = dict(os.environ)
    if seats.gpus:
        environment["CUDA_VISIBLE_DEVICES"] = seats.gpus[rank % seats.here]
    words = [seats.host, str(port), str(rank), str(seats.world), device]
    # A mask outlives exec: no signal ends the process before it knows what to do with one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "sweeps.rank", *words],
            env=environment,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cause(
    store: Any, followers: Sequence[subprocess.Popen[bytes]], error: RuntimeError
) -> Exception:
    """What another rank told before it ended; RankLost where it had no time to tell it."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and not _any_lost(followers):
        if cause := told(store):
            return cause
        time.sleep(0.1)
    if cause := told(store):
        return cause
    if peer_lost(error) or _any_lost(followers):
        return RankLost(f"a process of the run ended ({first_line(error)})")
    return error


def _end(follower: subprocess.Popen[bytes]) -> None:
    """Let a rank end by itself for a moment, then end it."""
    with suppress(subprocess.TimeoutExpired):
        follower.wait(PATIENCE / 2)
    follower.kill()
    follower.wait()
    if follower.stdin:
        follower.stdin.close()
