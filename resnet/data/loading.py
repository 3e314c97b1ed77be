"""Find a data set on this machine, or download it, or generate it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.data import batches, cache, folders, names
from resnet.data.names import CIFAR10_CLASSES, DataUnavailable
from resnet.data.parts import part
from resnet.data.sets import Dataset, digest, splits
from resnet.errors import UserError

if TYPE_CHECKING:
    from resnet.data.imagenet.sets import PhotoSet

Say = Callable[[str], None]


def load(
    name: str, data_dir: Path | str | None = None, download: bool = True, say: Say = print
) -> Any:
    """Load a data set into memory; of photographs, the list of their files.

    CIFAR-10 is looked for in `data_dir` and `data_dir`/cifar10, in torchvision's layout
    (cifar-10-batches-py) and as class folders ({train,test}/<class>/*.png or *.jpg); what is
    there but not whole is an error, what is not there is downloaded into `data_dir`.

    Args:
        name: 'cifar10' or 'synthetic', or a part of one, such as 'cifar10-animals'; 'imagenet' or
            'synthetic-photographs'.
        data_dir: a folder that exists; None for the suite's folder in the user's cache.
        download: whether to download what is not there.
        say: where to write a line about what takes time.

    Raises:
        UserError: unknown name, no such folder, data missing in part, cut or altered.
        DataUnavailable: nothing was found, and download was not allowed or failed.
    """
    whole, word = names.split(names.check(name))
    if word:
        return part(load(whole, data_dir, download, say), name)
    if name == "synthetic":
        return _synthetic()
    if name in names.PHOTOGRAPHS:
        return _photographs(name, data_dir, say)
    root = cache.folder() / "data" if data_dir is None else Path(data_dir)
    if data_dir is not None and not root.is_dir():
        raise UserError(f"no such data folder: {root} (make it first to download CIFAR-10 into it)")
    found = _found(root, say)
    if found is None:
        _download(root, download, say)
        found = _found(root, say)
    assert found is not None
    return found


def _photographs(name: str, data_dir: Path | str | None, say: Say) -> PhotoSet:
    from resnet.data.imagenet import photographs, sets

    if name != "imagenet":
        return photographs.load(say)
    root = cache.folder() / "data" if data_dir is None else Path(data_dir)
    if data_dir is not None and not root.is_dir():
        raise UserError(f"no such data folder: {root}")
    return sets.load(root, say)


def _found(root: Path, say: Say) -> Dataset | None:
    inside = root.name == batches.FOLDER
    for place in [root.parent] if inside else [root / "cifar10", root]:
        try:
            if batches.is_here(place):
                return _original(place)
            if folders.is_here(place):
                return _copy(place, say)
        except OSError as error:
            raise UserError(f"cannot read the data in {place}: {error}") from None
    return None


def _original(place: Path) -> Dataset:
    arrays = batches.read(place)
    return _cifar10(arrays, digest(arrays), "original", "cifar-10-batches-py, md5 verified")


def _copy(place: Path, say: Say) -> Dataset:
    arrays, known, copy = folders.read(place, say)
    return _cifar10(arrays, known, copy, "class folders of 60,000 images")


def _download(root: Path, allowed: bool, say: Say) -> None:
    from resnet.data import download

    if not allowed:
        raise DataUnavailable(
            f"CIFAR-10 is not in {root}, and no download was asked for: {download.MEND}"
        )
    download.ensure(root, say)


def _cifar10(arrays: cache.Arrays, known: str, copy: str, source: str) -> Dataset:
    return Dataset("cifar10", *splits(arrays), CIFAR10_CLASSES, copy, source, known)


def _synthetic() -> Dataset:
    from resnet.data import synthetic

    arrays = synthetic.generate()
    return Dataset(
        "synthetic",
        *splits(arrays),
        synthetic.CLASSES,
        "synthetic",
        synthetic.SOURCE,
        digest(arrays),
    )
