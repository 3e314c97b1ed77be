"""CIFAR-10 from a folder: what is found, what it is called, and what is wrong with it."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_sets import write_batches, write_folders

from resnet.data import Dataset, DataUnavailable, load
from resnet.errors import UserError


def quiet(line: str) -> None:
    """Say nothing."""


def read(root: Path) -> Dataset:
    return load("cifar10", root, download=False, say=quiet)


def holds(dataset: Dataset, arrays: dict[str, np.ndarray]) -> bool:
    return all(
        np.array_equal(getattr(getattr(dataset, split), what).numpy(), arrays[f"{split}_{what}"])
        for split in ("train", "test")
        for what in ("images", "labels")
    )


@pytest.mark.parametrize("below", ["", "cifar10"])
@pytest.mark.usefixtures("small_folders")
def test_png_folders_hold_the_very_pixels(tmp_path, below):
    arrays = write_folders(tmp_path / "data" / below)
    dataset = read(tmp_path / "data")
    assert holds(dataset, arrays)
    assert (dataset.name, dataset.copy) == ("cifar10", "PNG copy")
    assert dataset.classes[3] == "cat"
    assert str(tmp_path) not in dataset.source


@pytest.mark.usefixtures("small_folders")
def test_jpeg_folders_are_called_lossy(tmp_path):
    arrays = write_folders(tmp_path / "data", "jpg")
    dataset = read(tmp_path / "data")
    assert dataset.copy == "JPEG copy (lossy)"
    assert np.array_equal(dataset.train.labels.numpy(), arrays["train_labels"])
    assert not np.array_equal(dataset.train.images.numpy(), arrays["train_images"])


@pytest.mark.parametrize("below", ["", "cifar10", "cifar-10-batches-py"])
def test_batches_hold_the_very_pixels(tmp_path, small_batches, below):
    files, arrays = small_batches
    folder = write_batches(tmp_path / ("cifar10" if below == "cifar10" else ""), files)
    dataset = read(folder if below == "cifar-10-batches-py" else tmp_path)
    assert holds(dataset, arrays)
    assert dataset.copy == "original"


def test_folders_and_batches_of_the_same_pixels_have_one_digest(
    tmp_path, small_batches, monkeypatch
):
    files, arrays = small_batches
    write_batches(tmp_path / "batches", files)
    counts = {"train": len(arrays["train_labels"]), "test": len(arrays["test_labels"])}
    monkeypatch.setattr("resnet.data.folders.COUNTS", counts)
    dataset = read(tmp_path / "batches")
    for split in counts:
        for name in dataset.classes:
            (tmp_path / "folders" / split / name).mkdir(parents=True)
        for number, label in enumerate(arrays[f"{split}_labels"]):
            image = arrays[f"{split}_images"][number].transpose(1, 2, 0)
            folder = tmp_path / "folders" / split / dataset.classes[label]
            Image.fromarray(image).save(folder / f"{number}.png")
    copied = read(tmp_path / "folders")
    # The same images in another order are another data set: the order of training differs.
    assert sorted(map(bytes, copied.train.images.numpy())) == sorted(
        map(bytes, dataset.train.images.numpy())
    )
    assert copied.digest != dataset.digest


def test_unknown_name():
    with pytest.raises(UserError, match="unknown data set 'cifar': valid: cifar10, cifar"):
        load("cifar")


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match=r"no such data folder: .*nowhere") as caught:
        read(tmp_path / "nowhere")
    assert not isinstance(caught.value, DataUnavailable)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.usefixtures("small_folders")
def test_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    write_folders(tmp_path)
    monkeypatch.setattr("resnet.data.folders.os.scandir", refuse)
    with pytest.raises(UserError, match=r"cannot read the data in .*Permission denied"):
        read(tmp_path)


def test_nothing_there_and_no_download(tmp_path):
    with pytest.raises(DataUnavailable, match=r"--data-dir .* --dataset synthetic"):
        read(tmp_path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["data_batch_2", "test_batch", "batches.meta"])
@pytest.mark.parametrize(
    ("harm", "says"), [(cut, "cut or altered"), (alter, "cut or altered"), (os.unlink, "No such")]
)
def test_harmed_batches_are_named(tmp_path, small_batches, name, harm, says):
    folder = write_batches(tmp_path, small_batches[0])
    harm(folder / name)
    with pytest.raises(UserError, match=f"{name}.*{says}") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def lose_class(root: Path) -> None:
    os.rename(root / "test" / "cat", root / "test" / "cats")


def lose_split(root: Path) -> None:
    os.rename(root / "test", root / "tests")


def lose_image(root: Path) -> None:
    (root / "train" / "dog" / "0001.png").unlink()


def cut_image(root: Path) -> None:
    cut(root / "train" / "frog" / "0002.png")


def grow_image(root: Path) -> None:
    Image.new("RGB", (33, 32)).save(root / "test" / "ship" / "0000.png")


def grey_image(root: Path) -> None:
    Image.new("L", (32, 32)).save(root / "test" / "ship" / "0000.png")


def mix(root: Path) -> None:
    path = root / "test" / "ship" / "0000.png"
    Image.open(path).save(path.with_suffix(".jpg"))
    path.unlink()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lose_class, "test: cat; CIFAR-10 needs all ten"),
        (lose_split, "test: airplane, automobile"),
        (lose_image, r"train holds 29 images, CIFAR-10 has 30 \(dog 2; each should have 3\)"),
        (cut_image, "frog.0002.png is unreadable or cut"),
        (grow_image, "ship.0000.png is 33 x 32 RGB, not 32 x 32 RGB"),
        (grey_image, "ship.0000.png is 32 x 32 L, not"),
        (mix, "mixes PNG and JPEG"),
    ],
)
@pytest.mark.usefixtures("small_folders")
def test_harmed_folders_are_named(tmp_path, own_cache, harm, says):
    write_folders(tmp_path / "data")
    harm(tmp_path / "data")
    with pytest.raises(UserError, match=says) as caught:
        read(tmp_path / "data")
    assert "\n" not in str(caught.value)
    assert not list(own_cache.rglob("*.npz")), "nothing half-done is kept"
