"""Parts of a data set: some of its classes, as a set of its own."""

import numpy as np
import pytest
import torch

from resnet.data import NAMES, load
from resnet.data.names import PARTS, is_synthetic, named, split, stand_in
from resnet.data.parts import part
from resnet.data.sets import Dataset
from resnet.errors import UserError
from tests.conftest import make_dataset


@pytest.fixture(scope="module")
def whole() -> Dataset:
    return make_dataset(train=200, test=50)


def test_the_parts_of_a_set_are_all_of_it_and_disjoint() -> None:
    labels = [label for part_ in PARTS.values() for label in part_]
    assert sorted(labels) == list(range(10))


@pytest.mark.parametrize("word", PARTS)
def test_a_part_keeps_the_order_and_numbers_its_labels_from_0(whole: Dataset, word: str) -> None:
    found = part(whole, f"synthetic-{word}")
    for mine, all_ in ((found.train, whole.train), (found.test, whole.test)):
        rows = [i for i, label in enumerate(all_.labels.tolist()) if label in PARTS[word]]
        assert torch.equal(mine.images, all_.images[rows])
        assert [PARTS[word][label] for label in mine.labels] == all_.labels[rows].tolist()
        assert mine.labels.dtype == torch.int64
    assert found.classes == tuple("abcdefghij"[label] for label in PARTS[word])
    assert found.name == f"synthetic-{word}"
    assert found.copy == whole.copy


def test_a_part_has_a_digest_of_its_own_that_follows_the_pixels(whole: Dataset) -> None:
    animals, vehicles = (part(whole, f"synthetic-{word}").digest for word in PARTS)
    assert len({animals, vehicles, whole.digest}) == 3
    assert part(make_dataset(train=200, test=50), "synthetic-animals").digest == animals
    whole_changed = make_dataset(train=200, test=50)
    row = int(np.flatnonzero(np.isin(whole_changed.train.labels.numpy(), PARTS["animals"]))[0])
    whole_changed.train.images[row, 0, 0, 0] ^= 1
    assert part(whole_changed, "synthetic-animals").digest != animals


def test_the_whole_is_its_own_part_and_a_part_has_no_parts(whole: Dataset) -> None:
    assert part(whole, "synthetic") is whole
    animals = part(whole, "synthetic-animals")
    assert part(animals, "synthetic-animals") is animals
    with pytest.raises(UserError, match="no part of the data set 'synthetic-animals'") as error:
        part(animals, "synthetic-vehicles")
    assert "--dataset synthetic" in str(error.value)
    with pytest.raises(UserError, match="no part of the data set 'synthetic'"):
        part(whole, "cifar10-animals")


def test_parts_are_loaded_by_name_and_their_digests_never_change() -> None:
    found = {"vehicles": load("synthetic-vehicles")}
    found = {"animals": part(load("synthetic"), "synthetic-animals"), **found}
    assert [len(d.train) for d in found.values()] == [6_000, 4_000]
    assert [len(d.test) for d in found.values()] == [1_200, 800]
    assert [d.digest[:16] for d in found.values()] == ["e9aac4fd56b8037f", "5546ac2ff70835f0"]
    with pytest.raises(UserError, match=r"unknown data set 'synthetic-animal'.*-animals"):
        load("synthetic-animal")


def test_names_say_what_is_a_part_and_what_is_synthetic() -> None:
    assert split("cifar10-animals") == ("cifar10", "animals")
    assert split("cifar10") == ("cifar10", "")
    assert split("synthetic-photographs") == ("synthetic-photographs", "")
    synthetic = {name for name in NAMES if is_synthetic(name)}
    assert {"synthetic", "synthetic-animals", "synthetic-vehicles"} <= synthetic
    assert not any(name.startswith(("cifar10", "imagenet")) for name in synthetic)
    assert all(named(*split(name)) == name for name in NAMES)
    assert stand_in("cifar10-animals") == "synthetic-animals"
