"""Download CIFAR-10 from where torchvision does: resumable, verified, one process at a time."""

import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from resnet.data import batches
from resnet.data.names import DataUnavailable
from resnet.data.progress import Advance, shown

Say = Callable[[str], None]

TIMEOUT_S = 10.0
# Attempts in a row that bring nothing before giving up, and the wait before each next one.
ATTEMPTS = 3
PAUSE_S = 2.0
CHUNK = 1 << 16
MEND = (
    "name a copy with --data-dir (cifar-10-batches-py or class folders), or use --dataset synthetic"
)


@dataclass(frozen=True)
class Archive:
    """Where the archive is and what proves it whole, as torchvision has them."""

    url: str
    md5: str
    name: str


def archive() -> Archive:
    """CIFAR-10's archive."""
    from torchvision.datasets import CIFAR10

    return Archive(CIFAR10.url, CIFAR10.tgz_md5, CIFAR10.filename)


def ensure(root: Path, say: Say) -> None:
    """Make `root`/cifar-10-batches-py, from an archive that lies there or by download.

    Processes that start at once wait for the first. A cut download leaves NAME.part, which the
    next call goes on with.

    Raises:
        DataUnavailable: no connection, a wrong checksum, no room, no permission.
    """
    wanted = archive()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root / f"{wanted.name}.lock", say):
            if not batches.is_here(root):
                _fetch(wanted, root / wanted.name, say)
                _extract(root / wanted.name)
    except (OSError, http.client.HTTPException) as error:
        raise DataUnavailable(
            f"CIFAR-10 is not in {root} and could not be downloaded from {wanted.url} "
            f"({_reason(error)}): {MEND}"
        ) from None


@contextmanager
def _alone(path: Path, say: Say) -> Iterator[None]:
    """Hold the lock at `path`, which stays behind empty, after a failure too.

    Who waits holds that very file open. Were it removed, a third process would lock another of its
    name, and two would write one archive; not every file system tells the one that waited.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another process is fetching CIFAR-10 (lock {path}): waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch(wanted: Archive, path: Path, say: Say) -> None:
    """Make `path` the verified archive; the .part beside it holds what came so far."""
    if path.exists() and _md5(path) == wanted.md5:
        return
    part = path.with_name(path.name + ".part")
    with shown(f"CIFAR-10 from {wanted.url}", say) as advance:
        _receive(wanted.url, part, advance)
    if _md5(part) != wanted.md5:
        part.unlink()
        raise DataUnavailable(
            f"the archive from {wanted.url} is not CIFAR-10's (its md5 differs) and was "
            f"removed: run again, or {MEND}"
        )
    os.replace(part, path)


def _receive(url: str, part: Path, advance: Advance) -> None:
    """Bring `part` to full length, going on where it stands after each cut."""
    failures = 0
    while True:
        before = _length(part)
        try:
            if _receive_some(url, part, advance):
                return
            error: Exception = http.client.IncompleteRead(b"")
        except (OSError, http.client.HTTPException) as caught:
            error = caught
        failures = failures + 1 if _length(part) == before else 0
        if failures == ATTEMPTS or _hopeless(error):
            raise error
        time.sleep(PAUSE_S)


def _receive_some(url: str, part: Path, advance: Advance) -> bool:
    """One connection's worth; whether the file is now whole."""
    have = _length(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if have and error.code == 416:  # nothing beyond what is here: whole, or to be proved not
            return True
        raise
    with answer:
        # A server that knows no ranges answers 200 and sends all of it again.
        have = have if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else 0
        with part.open("ab" if have else "wb") as file:
            while chunk := answer.read(CHUNK):
                have += file.write(chunk)
                advance(have, total)
    return have >= total


def _hopeless(error: Exception) -> bool:
    """Whether trying again is idle: the server's answer is final, or the disk refuses."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code < 500
    is_network = isinstance(
        error, urllib.error.URLError | TimeoutError | ConnectionError | http.client.HTTPException
    )
    return not is_network


def _extract(path: Path) -> None:
    """Unpack the files that CIFAR-10 needs, and only those, in one atomic step."""
    target = path.parent / batches.FOLDER
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="unpacking-") as scratch:
        inner = Path(scratch) / target.name
        inner.mkdir()
        try:
            with tarfile.open(path) as tar:
                for name in [name for group in batches.files().values() for name, _ in group]:
                    source = tar.extractfile(f"{target.name}/{name}")
                    with (inner / name).open("wb") as file:
                        shutil.copyfileobj(source, file)  # type: ignore[arg-type]
        except (KeyError, tarfile.TarError) as error:
            raise OSError(f"the archive lacks a file: {error}") from None
        os.replace(inner, target)
    path.unlink()


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "the connection was cut; run again to go on where it stopped"
    return str(getattr(error, "reason", None) or error or type(error).__name__)
