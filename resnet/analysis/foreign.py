"""Weights from files, asked about ImageNet's validation photographs: alone, and as an ensemble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from resnet.data.imagenet import sets
from resnet.data.imagenet.draws import Stream
from resnet.data.imagenet.pipeline import PhotoPipeline
from resnet.data.imagenet.protocols import PROTOCOLS, errors
from resnet.data.imagenet.sets import Photographs
from resnet.errors import UserError
from resnet.memory import keep_freed
from resnet.nets.checkpoints import from_file, read
from resnet.nets.guess import net_of
from resnet.nets.net import Net
from resnet.recipes import Recipe
from resnet.training.step import set_precision

ALL = "ensemble"


@dataclass(frozen=True)
class Row:
    """What one net, or all together, got wrong under one protocol: errors in percent."""

    file: str
    net: str
    protocol: str
    images: int
    top1: float
    top5: float


@dataclass(frozen=True)
class Questions:
    """Validation photographs, and the batches made of them as the weights expect."""

    split: Photographs
    pipeline: PhotoPipeline

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One centre crop each: (float32 [B, 3, S, S], int64 [B]); as often as it is asked."""
        return self.pipeline.test(self.split)


def questions(
    root: Path, recipe: Recipe, device: str = "cpu", say: Callable[[str], None] = print
) -> Questions:
    """The validation photographs below `root`, cropped and normalised as `recipe` does.

    `recipe.classes` and `recipe.images_per_class` choose a part of them. A mean image is that of
    train/, which must then be there; published statistics (torchvision's recipe) need none.

    Raises:
        UserError: no photographs, or such that cannot be read.
    """
    split, digest = sets.validation(root, say)
    if recipe.classes:
        there = np.unique(split.labels.numpy())
        chosen = sets.choose(len(there), recipe.classes)
        split = split.at(np.flatnonzero(np.isin(split.labels.numpy(), there[chosen])))
    if recipe.images_per_class:
        split = split.at_most(recipe.images_per_class)
    seen = split
    if recipe.normalisation != "imagenet":
        whole = sets.load(root, say)
        # In random order, as training has them: files lie class by class.
        seen = whole.take(len(whole.train), 0, 0).train  # type: ignore[assignment]
        digest = f"{whole.digest} drawn"
    stream = Stream(0, len(seen), recipe)
    return Questions(split, PhotoPipeline(seen, stream, 1000, digest, device, say=say))


def opened(file: Path, name: str | None = None, device: str = "cpu", flag: str = "--nets") -> Net:
    """The net in a file of weights, in evaluation mode; which one is told by its weights.

    Where they do not tell, the `flag` is named that does.

    It is evaluated in float32: from here on a GPU rounds no products to TF32.

    Raises:
        UserError: no weights of a net that is known here.
    """
    name = net_of(read(file), str(file), flag) if name is None else name
    keep_freed()
    set_precision("float32")
    return from_file(file, name).to(device).to(memory_format=torch.channels_last)


def evaluate(
    files: Sequence[Path],
    asked: Questions,
    protocols: Sequence[str],
    names: Sequence[str | None] = (),
    device: str = "cpu",
) -> Iterator[Row]:
    """A row a file and protocol; then, for several files, a row a protocol for all together.

    The ensemble's answer is the mean of the nets' probabilities (He et al. 2015, Table 5).
    """
    names = list(names) or [None] * len(files)
    together: dict[str, Tensor] = {}
    labels = torch.empty(0)
    for file, name in zip(files, names, strict=True):
        net = opened(file, name, device)
        _check_classes(net, file)
        for protocol in protocols:
            parts = list(PROTOCOLS[protocol](net, asked.pipeline, asked.split))
            shares, labels = (torch.cat(column) for column in zip(*parts, strict=True))
            yield _row(file.name, str(net.name), protocol, shares, labels)
            together[protocol] = together.get(protocol, torch.zeros(())) + shares.cpu()
    for protocol, shares in together.items() if len(files) > 1 else ():
        yield _row(f"{len(files)} files", ALL, protocol, shares, labels.cpu())


def _row(file: str, net: str, protocol: str, shares: Tensor, labels: Tensor) -> Row:
    found = errors(iter([(shares, labels)]))
    return Row(file, net, protocol, len(labels), found["error"], found["error_top5"])


def _check_classes(net: nn.Module, file: Path) -> None:
    count = net.fc.out_features  # type: ignore[union-attr]
    if count != 1000:
        raise UserError(
            f"{file} tells {count} classes apart: ImageNet's 1,000 are asked about here"
        )
