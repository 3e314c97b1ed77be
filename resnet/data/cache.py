"""Arrays kept in the user's cache, so that decoding is paid for once. Failing here is harmless."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock

from resnet.data.sets import digest

Arrays = dict[str, np.ndarray]


def folder() -> Path:
    """The suite's folder in the user's cache ($XDG_CACHE_HOME, else ~/.cache)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "resnet-claims"


def through(
    fingerprint: str, build: Callable[[], Arrays], say: Callable[[str], None]
) -> tuple[Arrays, str]:
    """Arrays from the cache if they are there and whole, else built and kept.

    Args:
        fingerprint: names what the arrays are made from.
        build: makes the arrays (names as in `resnet.data.sets.digest`).
        say: where to write a line.

    Returns:
        The arrays and their digest.
    """
    path = folder() / f"{fingerprint}.npz"
    with _lock(path):
        kept = _read(path, say)
        if kept is not None:
            return kept
        arrays = build()
        known = digest(arrays)
        try:
            _write(path, arrays, known)
        except OSError as error:
            say(f"the decoded images could not be cached ({error}): decoding again next time")
        return arrays, known


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One builder at a time, the others wait and read; no lock where none can be made."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, NotImplementedError):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path.with_suffix(".lock"), fallback_to_soft=False)
            stack.enter_context(lock)
        yield


def _read(path: Path, say: Callable[[str], None]) -> tuple[Arrays, str] | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        known = str(arrays.pop("digest"))
        if digest(arrays) == known:
            return arrays, known
    except Exception:  # a cut or altered file fails in many ways; all mean: build again
        pass
    say(f"the cached images in {path} are damaged: building them again")
    return None


def _write(path: Path, arrays: Arrays, known: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            contents = {"digest": np.array(known), **arrays}
            np.savez(file, **contents)  # type: ignore[arg-type]
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
