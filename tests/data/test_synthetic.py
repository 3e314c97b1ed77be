"""The synthetic set: the same bytes everywhere, balanced, varied, and found by its name."""

import numpy as np
import pytest

from resnet.data import load
from resnet.data.sets import digest
from resnet.data.synthetic import CLASSES, generate
from resnet.randomness import generator

# Runs carry this digest: to change the set is to part from every run made on it before.
DIGEST = "c5a607585b3a360476e1f6d38e91cd8a09a7c1858f813feb9446039436da96ac"


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """The whole set."""
    return generate()


def test_digest_is_pinned(arrays):
    assert digest(arrays) == DIGEST


def test_loads_by_name_without_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dataset = load("synthetic", tmp_path / "nowhere", download=False)
    assert (dataset.name, dataset.copy, dataset.digest) == ("synthetic", "synthetic", DIGEST)
    assert "generated" in dataset.source
    assert dataset.classes == CLASSES
    assert list(tmp_path.iterdir()) == []


def test_shapes_and_balance(arrays):
    for split, count in (("train", 10_000), ("test", 2_000)):
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        assert (images.shape, images.dtype) == ((count, 3, 32, 32), np.uint8)
        assert labels.dtype == np.int64
        assert np.bincount(labels).tolist() == [count // 10] * 10


def test_no_image_twice(arrays):
    both = np.concatenate([arrays["train_images"], arrays["test_images"]])
    assert len(set(map(bytes, both))) == len(both)


def test_order_tells_no_class(arrays):
    labels = arrays["train_labels"]
    assert abs((labels[1:] == labels[:-1]).mean() - 0.1) < 0.02


def test_pixels_neither_dark_nor_clipped(arrays):
    images = arrays["train_images"]
    assert 90 < images.mean() < 166
    assert ((images == 0) | (images == 255)).mean() < 0.2


def test_colour_alone_does_not_give_the_class_away(arrays):
    """The nearest class mean of the average colour: better than chance, far from enough."""
    train, test = (arrays[f"{s}_images"].mean((2, 3)) for s in ("train", "test"))
    means = np.stack([train[arrays["train_labels"] == c].mean(0) for c in range(10)])
    guess = ((test[:, None] - means) ** 2).sum(2).argmin(1)
    error = (guess != arrays["test_labels"]).mean()
    assert 0.5 < error < 0.85


def test_first_thousand_do_not_depend_on_the_rest(arrays):
    draw = generator(0, "synthetic", 1, "train")
    labels = draw.permutation(np.arange(10_000) % 10)
    assert np.array_equal(labels, arrays["train_labels"])
