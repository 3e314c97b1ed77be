"""Photographs made ahead of the net by threads, in a fixed order.

Threads, not processes: decoding and resizing let go of the interpreter's lock, a batch is written
once where it is read from, and a run in a worker process may have no processes of its own.
"""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from resnet.data.imagenet.decode import CorruptImage
from resnet.errors import UserError
from resnet.machine import cores

ENV = "RESNET_LOADER_WORKERS"
AHEAD = 3  # batches

Result = TypeVar("Result")
Job = Callable[[Tensor], int]
"""Fills an image's place in a batch; the number of the photograph shown there, -1 for none."""


@dataclass(frozen=True)
class Request:
    """A batch to be made: a job an image, and the shape of an image."""

    jobs: tuple[Job, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Images, uint8 [B, ...], and the numbers of the photographs that they show, int64 [B]."""

    images: Tensor
    shown: Tensor


class Loader:
    """Threads that make batches; `pinned` ones travel to a GPU while it works."""

    def __init__(self, threads: int, pinned: bool = False) -> None:
        self.threads, self.pinned = threads, pinned
        # One thread each for torch's own work: the images are many, and small.
        self._pool = ThreadPoolExecutor(threads, "photographs", torch.set_num_threads, (1,))
        weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)

    def batches(self, requests: Iterable[Request], ahead: int = AHEAD) -> Iterator[Batch]:
        """The batches asked for, in order, `ahead` of them begun before they are needed.

        Raises:
            UserError: for a photograph that is no image or cannot be read, at its batch.
        """
        begun = (self._begin(request) for request in requests)
        for images, futures in _ahead(begun, ahead, lambda batch: batch[1]):
            shown = [number for future in futures for number in _result(future)]
            yield Batch(images, torch.tensor(shown))

    def each(self, make: Iterable[Callable[[], Result]]) -> Iterator[Result]:
        """What each of the functions returns, in order, some of them called before."""
        begun = (self._pool.submit(function) for function in make)
        for future in _ahead(begun, 2 * self.threads, lambda future: [future]):
            yield _result(future)

    def _begin(self, request: Request) -> tuple[Tensor, list[Future[list[int]]]]:
        count = len(request.jobs)
        images = torch.empty((count, *request.shape), dtype=torch.uint8, pin_memory=self.pinned)
        # Several shares a thread, so that a big photograph holds up little.
        size = max(1, count // (4 * self.threads))
        shares = [range(start, min(start + size, count)) for start in range(0, count, size)]
        return images, [self._pool.submit(_fill, images, request.jobs, share) for share in shares]


def _fill(images: Tensor, jobs: tuple[Job, ...], share: range) -> list[int]:
    return [jobs[number](images[number]) for number in share]


def _ahead(
    begun: Iterable[Any], ahead: int, futures: Callable[[Any], list[Future[Any]]]
) -> Iterator[Any]:
    """The items of `begun`, each handed out when `ahead` more have been begun."""
    waiting: deque[Any] = deque()
    try:
        for item in begun:
            waiting.append(item)
            if len(waiting) > ahead:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for item in waiting:
            for future in futures(item):
                future.cancel()


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except CorruptImage as error:
        raise UserError(
            f"{error}: restore or remove it, or show another for such with --skip-corrupt"
        ) from None


def threads_for(device: str, share: int | None = None) -> int:
    """How many threads to load with: as asked (--loader-workers), else by the cores at hand.

    On a CPU as many as the net has; beside a GPU its `share` of the cores, less one for the net.
    """
    if asked := os.environ.get(ENV):
        return checked(asked)
    if device == "cpu":
        return share or torch.get_num_threads()
    return max(1, (share or cores() // max(1, torch.cuda.device_count())) - 1)


def checked(asked: str) -> int:
    """The number of threads asked for; UserError for what is none."""
    if not asked.isdigit() or int(asked) < 1:
        raise UserError(f"--loader-workers {asked}: give a number of threads, 1 or more")
    return int(asked)
