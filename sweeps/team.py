"""The processes that train one run together. Rank 0, a worker, starts those on its own node.

On further nodes SLURM starts a task, and that task the ranks there. A rank is told where rank 0
listens and gets all the rest from it: the run, the data, the device.

Usage: python -m sweeps.team HOST PORT RANK WORLD DEVICE    (by `start`, never by hand)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet.errors import UserError, first_line
from resnet.training.speed import FAST, Speed

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec
    from resnet.training.distributed import Ranks, Team

PATIENCE = 10.0  # seconds from the end of a rank until its run's rank 0 ends too
HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)
CAUSE = "cause"  # the key under which a rank that ends by an error leaves it


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
) -> Team:
    """What gathers the run's processes when its training begins."""
    from resnet.training.distributed import alone

    if seats.world == 1:
        return alone
    return lambda: _gathered(seats, device, (spec, dataset, device, threads, speed))


@contextmanager
def _gathered(seats: Seats, device: str, errand: tuple[Any, ...]) -> Iterator[Ranks]:
    from torch.distributed import TCPStore

    from resnet.training.distributed import Ranks, joined

    store = TCPStore(seats.host, seats.port, is_master=True, wait_for_workers=False)
    others = range(1, seats.here)
    followers = [start(seats, rank, store.port, device) for rank in others]
    over = threading.Event()
    for follower in followers:
        threading.Thread(target=_mourn, args=(follower, over), daemon=True).start()
    try:
        with joined(store, Ranks(0, seats.world), device) as ranks:
            ranks.share(errand)
            yield ranks
    except RuntimeError as error:  # what torch raises when it cannot reach another rank
        raise _cause(store, followers, error) from error
    finally:
        over.set()
        for follower in followers:
            _end(follower)


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
            [sys.executable, "-m", "sweeps.team", *words],
            env=environment,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep_to_share(threads: int | None, device: str) -> None:
    """Let this process, one of several on its node, take no more than its share of the cores.

    It sees its own GPU alone, and cannot tell how many others there are.
    """
    import torch

    from resnet.data.imagenet.loader import ENV, threads_for

    if threads and device == "cpu":
        torch.set_num_threads(threads)
    elif threads:
        os.environ[ENV] = str(threads_for(device, threads))


def _mourn(follower: subprocess.Popen[bytes], over: threading.Event) -> None:
    """End with a rank that ended: on a GPU its peers would wait for it for many minutes."""
    if follower.wait() and not over.wait(PATIENCE):
        os._exit(1)


def _cause(
    store: Any, followers: Sequence[subprocess.Popen[bytes]], error: RuntimeError
) -> RuntimeError:
    """What another rank said before it ended; RankLost where it had no time to say it."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if store.check([CAUSE]):
            return RuntimeError(store.get(CAUSE).decode())
        if any(follower.poll() for follower in followers):
            break
        time.sleep(0.1)
    if "onnection" in str(error) or any(follower.poll() for follower in followers):
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


def main(host: str, port: str, rank: str, world: str, device: str) -> int:
    """The life of a rank that is not the first."""
    for signum in HEARD:  # rank 0 hears them too, and all ranks stop at the same step
        signal.signal(signum, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    import torch
    from torch.distributed import TCPStore

    from resnet.training.distributed import Ranks, joined

    if device == "any":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    store = TCPStore(host, int(port), is_master=False)
    try:
        with joined(store, Ranks(int(rank), int(world)), device) as ranks:
            _serve(ranks)
    except Exception as error:
        if not isinstance(error, UserError):
            traceback.print_exc()
        if not isinstance(error, RuntimeError) or "onnection" not in str(error):
            with suppress(Exception):
                store.set(CAUSE, f"process {rank}: {type(error).__name__}: {first_line(error)}")
        return 1
    return 0


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
