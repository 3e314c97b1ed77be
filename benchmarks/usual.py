"""The usual way to train a CIFAR-10 net in PyTorch, written here to be measured against.

torchvision's transforms on PIL images one by one, a `DataLoader` with worker processes that start
anew every epoch, an eager NCHW float32 net, loss and accuracy fetched with `.item()` in every step,
and a test of the whole split after every epoch: what most repositories do. Nets, weights and rates
are ours, so that only the way differs. It has been compared by hand with a well-known repository's
own script: see NOTES.md.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as Source
from torchvision import transforms

from resnet.data import Split
from resnet.data.normalise import IMAGENET_MEAN, IMAGENET_STD
from resnet.nets import build, initialise
from resnet.runs.spec import RunSpec

WORKERS = min(4, os.cpu_count() or 1)


class Images(Source):
    """A split as torchvision's CIFAR10 hands it out: a PIL image, transformed, and its label."""

    def __init__(self, split: Split, transform: transforms.Compose) -> None:
        self.pixels = split.images.permute(0, 2, 3, 1).contiguous().numpy()
        self.labels, self.transform = split.labels.tolist(), transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


class Usual:
    """The usual loop over the images and the recipe of `spec`; endless, epoch after epoch."""

    def __init__(
        self, spec: RunSpec, train: Split, test: Split, device: str, workers: int = WORKERS
    ) -> None:
        recipe = spec.recipe
        torch.backends.cudnn.benchmark = True
        self.device, self.recipe = device, recipe
        self.net: nn.Module = build(spec.net, 10)
        initialise(self.net, spec.seed, recipe.init)
        self.net.to(device).train()
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay
        )
        end: list[Any] = [transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)]
        moved = [transforms.RandomHorizontalFlip(), transforms.RandomCrop(32, recipe.pad)]
        options: dict[str, Any] = {"num_workers": workers, "pin_memory": device == "cuda"}
        images = Images(train, transforms.Compose([*moved, *end]))
        self.loader = DataLoader(images, recipe.batch_size, shuffle=True, **options)
        self.tests = DataLoader(Images(test, transforms.Compose(end)), recipe.batch_size, **options)
        self._batches = self._endless()

    def advance(self, steps: int) -> None:
        """Train so many steps."""
        loss_sum = right = 0.0
        for _ in range(steps):
            x, y = (part.to(self.device) for part in next(self._batches))
            logits = self.net(x)
            loss = F.cross_entropy(logits, y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            loss_sum += loss.item()
            right += (logits.argmax(1) == y).float().mean().item()

    @torch.no_grad()
    def evaluate(self) -> None:
        """Test the whole split."""
        self.net.eval()
        loss_sum = right = 0.0
        for x, y in self.tests:
            x, y = x.to(self.device), y.to(self.device)
            logits = self.net(x)
            loss_sum += F.cross_entropy(logits, y).item()
            right += (logits.argmax(1) == y).float().mean().item()
        self.net.train()

    def run(self) -> None:
        """The whole of the recipe, with a test after every epoch."""
        step = 0
        for epoch in range(1, self.recipe.epochs + 1):
            end = self.recipe.epoch_end(epoch)
            self.advance(end - step)
            self.evaluate()
            step = end
        self.close()

    def close(self) -> None:
        """Let the workers go."""
        self._batches.close()

    def _endless(self) -> Generator[tuple[Tensor, Tensor], None, None]:
        while True:
            yield from self.loader
