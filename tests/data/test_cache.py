"""Decoded images are kept, checked, and built again when they or their files have changed."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from small_sets import write_folders

from resnet.data import Dataset, load

pytestmark = pytest.mark.usefixtures("small_folders")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_folders(tmp_path / "data")
    return tmp_path / "data"


def read(root: Path) -> tuple[Dataset, str]:
    """The data set, and all that was said."""
    said: list[str] = []
    return load("cifar10", root, say=said.append), " ".join(said)


def kept(cache: Path) -> Path:
    (path,) = cache.rglob("*.npz")
    return path


def test_second_load_reads_the_cache(root, own_cache, monkeypatch):
    first, said = read(root)
    assert "decoding 50 images" in said
    monkeypatch.setattr("resnet.data.folders.decode", None)
    second, said = read(root)
    assert said == ""
    assert second.digest == first.digest
    assert np.array_equal(second.train.images, first.train.images)
    assert not list(own_cache.rglob("*.tmp"))


def test_changed_images_are_decoded_again(root, own_cache):
    first, _ = read(root)
    write_folders(root, seed=1)
    second, said = read(root)
    assert "decoding" in said
    assert second.digest != first.digest


def test_touched_images_are_decoded_again_to_the_same_digest(root):
    first, _ = read(root)
    os.utime(root / "train" / "cat" / "0000.png", (1, 1))
    second, said = read(root)
    assert "decoding" in said
    assert second.digest == first.digest


@pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
def test_cut_cache_is_built_again(root, own_cache, keep):
    first, _ = read(root)
    content = kept(own_cache).read_bytes()
    size = int(len(content) * keep) if isinstance(keep, float) else keep
    kept(own_cache).write_bytes(content[:size])
    second, said = read(root)
    assert "damaged" in said
    assert second.digest == first.digest
    assert read(root)[1] == ""


def test_altered_cache_is_built_again(root, own_cache):
    first, _ = read(root)
    with np.load(kept(own_cache)) as file:
        arrays = dict(file)
    arrays["train_images"][0, 0, 0, 0] ^= 1
    np.savez(kept(own_cache), **arrays)
    second, said = read(root)
    assert "damaged" in said
    assert np.array_equal(second.train.images, first.train.images)


def test_no_room_for_a_cache_is_harmless(root, own_cache):
    first, _ = read(root)
    blocked = own_cache / "resnet-claims"
    for path in blocked.iterdir():
        path.unlink()
    blocked.rmdir()
    blocked.write_text("a file where the folder should be")
    second, said = read(root)
    assert "could not be cached" in said
    assert second.digest == first.digest


def test_failing_to_write_leaves_nothing(root, own_cache, monkeypatch):
    def full(*args: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    dataset, said = read(root)
    assert "No space left" in said
    assert len(dataset.train) == 30
    assert [path.suffix for path in own_cache.rglob("*") if path.is_file()] in ([], [".lock"])


def test_without_flock_no_file_stands_for_a_lock(root, own_cache, monkeypatch):
    """One that a killed process left would be waited for without end."""

    def flock(*given: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", flock)
    folder = own_cache / "resnet-claims"
    first, _ = read(root)
    for kept in folder.glob("*.npz"):  # as if another process had been killed on its way
        kept.with_suffix(".lock").write_text("1\nnode17\n")
        kept.unlink()
    second, _ = read(root)
    assert second.digest == first.digest
