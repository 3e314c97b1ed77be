"""CIFAR-10 in torchvision's layout: cifar-10-batches-py, every file checked against its md5."""

import hashlib
import pickle
from pathlib import Path

import numpy as np

from resnet.errors import UserError

Arrays = dict[str, np.ndarray]

FOLDER = "cifar-10-batches-py"


def files() -> dict[str, list[tuple[str, str]]]:
    """(name, md5) of every file needed, by split, and 'meta'; from torchvision's own lists."""
    from torchvision.datasets import CIFAR10

    return {
        "train": [(name, md5) for name, md5 in CIFAR10.train_list],
        "test": [(name, md5) for name, md5 in CIFAR10.test_list],
        "meta": [(str(CIFAR10.meta["filename"]), str(CIFAR10.meta["md5"]))],
    }


def is_here(root: Path) -> bool:
    """Whether `root` holds the folder cifar-10-batches-py, whole or not."""
    return (root / FOLDER).is_dir()


def read(root: Path) -> Arrays:
    """Read the six batches below `root`, in their order (names as in `resnet.data.sets.digest`).

    Raises:
        UserError: a file is missing, cut or altered.
    """
    folder = root / FOLDER
    arrays: Arrays = {}
    for split, listed in files().items():
        # Checked before it is unpickled: a pickle from elsewhere could run anything.
        contents = [_checked(folder / name, md5) for name, md5 in listed]
        if split == "meta":
            continue
        batches = [pickle.loads(content, encoding="latin1") for content in contents]
        pixels = np.concatenate([batch["data"] for batch in batches])
        arrays[f"{split}_images"] = pixels.reshape(-1, 3, 32, 32)
        labels = [label for batch in batches for label in batch["labels"]]
        arrays[f"{split}_labels"] = np.array(labels, np.int64)
    return arrays


def _checked(path: Path, md5: str) -> bytes:
    mend = f"remove {path.parent} and run again to download it afresh"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): {mend}") from None
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise UserError(f"{path} is cut or altered (its md5 is not CIFAR-10's): {mend}")
    return content
