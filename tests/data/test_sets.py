"""The choice of images for a run, and the digest."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from resnet.data import Dataset, Split
from resnet.data.sets import digest, splits
from resnet.errors import UserError


def numbered(train: int = 30, test: int = 20) -> Dataset:
    """Each image's first pixel, and its label, is its number."""

    def split(n: int) -> Split:
        images = torch.zeros(n, 3, 2, 2, dtype=torch.uint8)
        images[:, 0, 0, 0] = torch.arange(n)
        return Split(images, torch.arange(n))

    return Dataset("numbered", split(train), split(test), ("a",), "none", "a test", "0")


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 20))
def test_take_chooses_apart_and_without_repeats(train, validation, test):
    if train + validation > 30:
        validation = 30 - train
    taken = numbered().take(train, validation, test)
    assert (len(taken.train), len(taken.validation), len(taken.test)) == (train, validation, test)
    used = [*taken.train.labels.tolist(), *taken.validation.labels.tolist()]
    assert len(set(used)) == train + validation
    assert len(set(taken.test.labels.tolist())) == test
    for part in (taken.train, taken.validation, taken.test):
        assert part.images[:, 0, 0, 0].tolist() == part.labels.tolist()


def test_take_is_fixed_and_sizes_do_not_move_each_other():
    small, large = numbered().take(5, 3, 4), numbered().take(20, 10, 20)
    assert small.train.labels.tolist() == large.train.labels.tolist()[:5]
    assert small.validation.labels.tolist() == large.validation.labels.tolist()[-3:]
    assert small.test.labels.tolist() == large.test.labels.tolist()[:4]
    assert small.train.labels.tolist() != [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ((31, 0, 1), "31 training and validation images asked for, but the numbered set has 30"),
        ((25, 6, 1), "31 training and validation images"),
        ((1, 0, 21), "21 test images asked for, but the numbered set has 20"),
        ((-1, 0, 1), "negative: -1"),
        ((1, 0, -2), "negative: -2"),
    ],
)
def test_asking_for_more_than_there_is(sizes, says):
    with pytest.raises(UserError, match=says):
        numbered().take(*sizes)


def test_digest_sees_every_part():
    arrays = {
        "train_images": np.zeros((4, 3, 2, 2), np.uint8),
        "train_labels": np.zeros(4, np.int64),
        "test_images": np.zeros((2, 3, 2, 2), np.uint8),
        "test_labels": np.zeros(2, np.int64),
    }
    seen = {digest(arrays)}
    for name, array in arrays.items():
        changed = array.copy()
        changed.flat[-1] = 1
        seen.add(digest({**arrays, name: changed}))
    assert len(seen) == 5
    assert digest(dict(reversed(arrays.items()))) in seen


def test_splits_share_memory():
    arrays = {
        f"{split}_{what}": np.zeros(3, np.int64)
        for split in ("train", "test")
        for what in ("images", "labels")
    }
    train, _ = splits(arrays)
    train.labels[0] = 7
    assert arrays["train_labels"][0] == 7
