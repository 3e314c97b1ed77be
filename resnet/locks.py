"""Locks that end with the process that holds them, on whichever node that was."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from resnet.errors import UserError


@contextmanager
def held(path: Path, timeout: float = -1, poll: float = 0.05) -> Iterator[None]:
    """Hold the lock file at `path` for this process alone, after at most `timeout` seconds.

    Raises:
        filelock.Timeout: another process has it.
        UserError: the file system has no flock. A file that stands for one would outlive a killed
            process, and nobody on another node could tell.
    """
    lock = FileLock(path, timeout=timeout, poll_interval=poll, fallback_to_soft=False)
    try:
        lock.acquire()
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        raise UserError("this file system has no flock: choose another --output-dir") from None
    try:
        yield
    finally:
        lock.release()
