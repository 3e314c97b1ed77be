"""All 60,000 real images, from the folder that RESNET_DATA names."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from resnet.data import load

pytestmark = pytest.mark.shared_data


@pytest.fixture
def root() -> Path:
    """The folder with cifar10/ in it."""
    named = os.environ.get("RESNET_DATA", "")
    if not named:
        pytest.skip("RESNET_DATA names no folder with real CIFAR-10")
    return Path(named)


def test_sixty_thousand_images_twice(root, own_cache):
    said: list[str] = []
    start = time.perf_counter()
    first = load("cifar10", root, download=False, say=said.append)
    middle = time.perf_counter()
    second = load("cifar10", root, download=False, say=said.append)
    end = time.perf_counter()
    assert tuple(first.train.images.shape) == (50_000, 3, 32, 32)
    assert tuple(first.test.images.shape) == (10_000, 3, 32, 32)
    assert np.bincount(first.train.labels).tolist() == [5_000] * 10
    assert np.bincount(first.test.labels).tolist() == [1_000] * 10
    assert second.digest == first.digest
    assert second.copy == first.copy
    if first.copy != "original":  # that one is read as it is, without a cache
        assert len(said) == 1
        assert end - middle < middle - start
    # CIFAR-10's channel means, as widely published: 0.491, 0.482, 0.447.
    means = first.train.images.double().mean((0, 2, 3)) / 255
    assert np.allclose(means, [0.4914, 0.4822, 0.4465], atol=0.002)
