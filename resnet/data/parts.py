"""A part of a data set: some of its classes, under a name of its own, such as 'cifar10-animals'."""

import torch

from resnet.data.names import PARTS, split
from resnet.data.sets import Dataset, Split, digest
from resnet.errors import UserError


def part(dataset: Dataset, name: str) -> Dataset:
    """The set called `name`: `dataset` itself, or a part of it.

    Images keep their order; a label becomes its place among the part's labels.

    Raises:
        UserError: when `dataset` has no such part.
    """
    whole, word = split(name)
    if name == dataset.name:
        return dataset
    if whole != dataset.name or word not in PARTS:
        raise UserError(f"'{name}' is no part of the data set '{dataset.name}' (--dataset {whole})")
    labels = PARTS[word]
    train, test = _only(dataset.train, labels), _only(dataset.test, labels)
    classes = tuple(dataset.classes[label] for label in labels)
    return Dataset(
        name,
        train,
        test,
        classes,
        dataset.copy,
        f"{dataset.source}; of these {', '.join(classes)}",
        _digest(train, test),
    )


def _only(whole: Split, labels: tuple[int, ...]) -> Split:
    """The images with these labels, in the order of `whole`, labels numbered from 0."""
    kept = torch.isin(whole.labels, torch.tensor(labels))
    places = torch.full((max(labels) + 1,), -1)
    places[list(labels)] = torch.arange(len(labels))
    return Split(whole.images[kept].contiguous(), places[whole.labels[kept]])


def _digest(train: Split, test: Split) -> str:
    pairs = (("train", train), ("test", test))
    arrays = {f"{name}_images": split.images.numpy() for name, split in pairs}
    return digest(arrays | {f"{name}_labels": split.labels.numpy() for name, split in pairs})
