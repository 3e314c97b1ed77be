"""Every data test has a cache of its own; some have a CIFAR-10 of a few images."""

from pathlib import Path

import numpy as np
import pytest
from small_sets import batch_files, md5


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh user's cache."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


@pytest.fixture
def small_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets class folders of 30 and 20 images pass for whole."""
    monkeypatch.setattr("resnet.data.folders.COUNTS", {"train": 30, "test": 20})


@pytest.fixture
def small_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[dict[str, bytes], dict[str, np.ndarray]]:
    """A tiny cifar-10-batches-py whose checksums torchvision's lists name."""
    from torchvision.datasets import CIFAR10

    files, arrays = batch_files()
    sums = [[name, md5(content)] for name, content in files.items()]
    monkeypatch.setattr(CIFAR10, "train_list", sums[:2])
    monkeypatch.setattr(CIFAR10, "test_list", sums[2:3])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": sums[3][1]})
    return files, arrays
