"""Small data sets that tests write and read."""

import hashlib
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from resnet.data.names import CIFAR10_CLASSES

TRAIN_EACH, TEST_EACH = 3, 2
BATCHES = ("data_batch_1", "data_batch_2", "test_batch")


def write_folders(root: Path, suffix: str = "png", seed: int = 0) -> dict[str, np.ndarray]:
    """Class folders with a few random images a class; the arrays that they hold."""
    draw = np.random.default_rng(seed)
    arrays = {}
    for split, each in (("train", TRAIN_EACH), ("test", TEST_EACH)):
        pixels = draw.integers(0, 256, (10 * each, 32, 32, 3), dtype=np.uint8)
        for number, image in enumerate(pixels):
            folder = root / split / CIFAR10_CLASSES[number // each]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number % each:04d}.{suffix}")
        arrays[f"{split}_images"] = pixels.transpose(0, 3, 1, 2)
        arrays[f"{split}_labels"] = np.repeat(np.arange(10), each)
    return arrays


def batch_files(seed: int = 0) -> tuple[dict[str, bytes], dict[str, np.ndarray]]:
    """The files of a tiny cifar-10-batches-py, and the arrays that they hold."""
    draw = np.random.default_rng(seed)
    files, pixels, labels = {}, {}, {}
    for name in BATCHES:
        pixels[name] = draw.integers(0, 256, (5, 3072), dtype=np.uint8)
        labels[name] = draw.integers(0, 10, 5)
        batch = {"data": pixels[name], "labels": labels[name].tolist()}
        files[name] = pickle.dumps(batch)
    files["batches.meta"] = pickle.dumps({"label_names": list(CIFAR10_CLASSES)})
    train, test = BATCHES[:-1], BATCHES[-1]
    arrays = {
        "train_images": np.concatenate([pixels[n] for n in train]).reshape(-1, 3, 32, 32),
        "train_labels": np.concatenate([labels[n] for n in train]),
        "test_images": pixels[test].reshape(-1, 3, 32, 32),
        "test_labels": labels[test],
    }
    return files, arrays


def write_batches(root: Path, files: dict[str, bytes]) -> Path:
    """Write `files` as root/cifar-10-batches-py."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def as_archive(files: dict[str, bytes]) -> bytes:
    """`files` as a .tar.gz in the layout of the real archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def md5(content: bytes) -> str:
    """md5 of `content`, hex."""
    return hashlib.md5(content).hexdigest()
