"""Where a worker takes its data from, and a short description of data that is known already."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.data.names import PARTS, WHOLE, named
from resnet.errors import UserError, unknown

if TYPE_CHECKING:
    from resnet.data import Dataset


class Unfit(UserError):
    """This machine cannot train what it was given: its data or its code is not what was sent.

    `kind` is "unfit" for data, which another node may have, and "changed" for code.
    """

    def __init__(self, text: str, kind: str = "unfit") -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(frozen=True)
class Source:
    """Data that each worker loads for itself: a task's parent stays light."""

    name: str
    data_dir: Path | None
    digest: str
    code: Mapping[str, str] | None = None  # of the code that was submitted

    def load(self) -> Dataset:
        """The data set; Unfit when it, or the code, is not the one that the runs were sent for."""
        import socket

        from resnet.data import load
        from sweeps import code

        try:
            if self.code is not None:
                code.check(self.code)
            dataset = load(self.name, self.data_dir, download=False, say=lambda text: None)
        except code.CodeChanged as error:
            raise Unfit(str(error), "changed") from None
        except UserError as error:
            raise Unfit(f"on {socket.gethostname()}: {error}") from None
        if dataset.digest != self.digest:
            raise Unfit(
                f"on {socket.gethostname()}: the data has digest {dataset.digest[:12]}, "
                f"not {self.digest[:12]} as where the runs were sent from"
            )
        return dataset


@dataclass(frozen=True)
class Labels:
    """As many labels as a split has."""

    labels: range


@dataclass(frozen=True)
class Described:
    """What planning needs to know of a data set."""

    name: str
    copy: str
    digest: str
    train: Labels
    test: Labels
    source: str
    parts: tuple[Described, ...] = ()

    @classmethod
    def of(cls, dataset: Any) -> Described:
        """The description of a data set, and of its parts; one of a description is itself."""
        if isinstance(dataset, cls):
            return dataset
        train, test = (Labels(range(len(s.labels))) for s in (dataset.train, dataset.test))
        names = [named(dataset.name, word) for word in PARTS if dataset.name in WHOLE]
        parts = tuple(cls.of(dataset.part(name)) for name in names)
        return cls(dataset.name, dataset.copy, dataset.digest, train, test, dataset.source, parts)

    def part(self, name: str) -> Described:
        """The part called `name`; UserError when there is none."""
        if name == self.name:
            return self
        found = next((part for part in self.parts if part.name == name), None)
        if found is None:
            raise unknown(f"part of the data set '{self.name}'", name, [p.name for p in self.parts])
        return found

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        sizes = {"train": len(self.train.labels), "test": len(self.test.labels)}
        return {**vars(self), **sizes, "parts": [part.to_json() for part in self.parts]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Described:
        """What `to_json` wrote."""
        sizes = {name: Labels(range(values[name])) for name in ("train", "test")}
        parts = tuple(map(cls.from_json, values["parts"]))
        return cls(**{**values, **sizes, "parts": parts})


def describe(
    name: str, data_dir: Path | None, keep: Path, load: Callable[[], Any]
) -> Described | Any:
    """The data set's description from the file `keep` while the files are as they were.

    Else `load` is called and its data set described. Every task checks the digest of what it
    loads, so an out-of-date description can only end in a refusal.
    """
    from resnet.runs.files import read_json, write_json

    mark = fingerprint(name, data_dir)
    try:
        known = read_json(keep)
        if known["fingerprint"] == mark:
            return Described.from_json(known["data"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    described = Described.of(load())
    if described.name == name:  # not a stand-in for data that may yet come
        keep.parent.mkdir(parents=True, exist_ok=True)
        write_json(keep, {"fingerprint": mark, "data": described.to_json()})
    return described


def fingerprint(name: str, data_dir: Path | None) -> str:
    """A hash of names, sizes and times of the data's files and of the code that reads them."""
    from resnet import data

    places = [Path(data.__file__).parent]
    if name != "synthetic":
        places.append(default_folder() if data_dir is None else data_dir)
    digest = hashlib.sha256(name.encode())
    for line in sorted(line for place in places for line in _stats(place, depth=3)):
        digest.update(line.encode())
    return digest.hexdigest()


def default_folder() -> Path:
    """Where data goes when no folder is named; `resnet.data.cache` has it too, but loads torch."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "resnet-claims" / "data"


def _stats(place: Path, depth: int) -> Iterator[str]:
    """Files and folders down to `depth`; a class folder's time stands for its 6,000 images."""
    try:
        entries = list(os.scandir(place))
    except OSError:
        return
    for entry in entries:
        whole = entry.is_file() or entry.is_dir()  # and no link to nothing
        if not whole or entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        stat = entry.stat()
        yield f"{entry.path} {stat.st_size} {stat.st_mtime_ns}"
        if entry.is_dir() and depth > 1 and not _is_class(entry):
            yield from _stats(Path(entry.path), depth - 1)


def _is_class(entry: os.DirEntry[str]) -> bool:
    return Path(entry.path).parent.name in ("train", "test")
