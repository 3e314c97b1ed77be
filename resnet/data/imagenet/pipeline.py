"""What a run on photographs trains and is tested on: batches on the device that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from resnet.data.imagenet import views
from resnet.data.imagenet.colour import coloured
from resnet.data.imagenet.draws import Draw, Stream
from resnet.data.imagenet.loader import Batch, Loader, Request, threads_for
from resnet.data.imagenet.mean import Normaliser
from resnet.data.imagenet.sets import Photographs
from resnet.recipes import Recipe

TEST_PIXELS = {"cpu": 50 * 64 * 64, "cuda": 256 * 224 * 224}
"""Pixels a channel in a batch of test images: what fits beside the net's activations."""


class PhotoPipeline:
    """Batches of photographs, cropped by threads, coloured and normalised on the device.

    The same calls as `resnet.data.Pipeline`. `replaced` counts the training images of all batches
    handed out since `take_replaced` that stand in for corrupt ones.
    """

    top5 = True

    def __init__(
        self,
        split: Photographs,
        stream: Stream,
        classes: int,
        key: str,
        device: torch.device | str = "cpu",
        memory_format: torch.memory_format = torch.channels_last,
        say: Callable[[str], None] = print,
    ) -> None:
        self.split, self.stream, self.classes = split, stream, classes
        self.recipe: Recipe = stream.recipe
        self.device, self.memory_format = torch.device(device), memory_format
        pinned = self.device.type == "cuda"
        self.loader = Loader(threads_for(self.device.type), pinned)
        normaliser = Normaliser.of(split, self.recipe, key, self.loader, say)
        self.normaliser = normaliser.to(self.device)
        self.replaced = 0
        self._ahead: Iterator[Batch] | None = None
        self._due: Draw | None = None  # the draw that `_ahead` brings next
        self._last: tuple[Draw, Batch] | None = None

    @property
    def test_batch(self) -> int:
        """Images a test batch."""
        return max(1, TEST_PIXELS[self.device.type] // self.recipe.size**2)

    def train(self, draw: Draw) -> Tensor:
        """The drawn photographs, cropped, mirrored, coloured and normalised: float32 [B, 3, S, S].

        Raises:
            UserError: one of them is no image, and the recipe does not skip such.
        """
        looks = [self.stream.view(place) for place in range(draw.first, draw.stop)]
        flip = torch.tensor([look.flip for look in looks]).view(-1, 1, 1, 1)
        x = self._floats(self._batch(draw).images)
        x = torch.where(flip.to(self.device), x.flip(3), x)
        numbers = torch.stack([torch.from_numpy(look.colours) for look in looks])
        return self.normaliser(coloured(x, numbers.to(self.device), self.recipe.colour))

    def labels(self, draw: Draw) -> Tensor:
        """The labels of the photographs that `train` shows for the draw: int64 [B]."""
        return self.split.labels[self._batch(draw).shown].to(self.device)

    def test(self, split: Photographs, batch: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """All of `split` in order, one centre crop each: (float32 [B, 3, S, S], int64 [B])."""
        side, size, skip = self.recipe.test_side, self.recipe.size, self.recipe.skip_corrupt
        shape = (3, size, size)
        for images, y in self.shown(
            split, batch, shape, lambda number: views.centre(split, number, side, size, skip)
        ):
            yield self.normaliser(self._floats(images)), y

    def shown(
        self,
        split: Photographs,
        batch: int,
        shape: tuple[int, ...],
        job: Callable[[int], views.Job],
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """What `job` makes of each photograph, uint8 [B, *shape], without the corrupt; labels."""
        size = batch or self.test_batch
        requests = (
            Request(tuple(job(n) for n in range(start, min(start + size, len(split)))), shape)
            for start in range(0, len(split), size)
        )
        for made in self.loader.batches(requests):
            whole = made.shown >= 0
            yield made.images[whole], split.labels[made.shown[whole]].to(self.device)

    def take_replaced(self) -> int:
        """How many images have stood in for corrupt ones since the last call."""
        count, self.replaced = self.replaced, 0
        return count

    def normalised(self, images: Tensor) -> Tensor:
        """Photographs, uint8 [B, 3, H, W] of any size, as the net takes them."""
        return self.normaliser(self._floats(images))

    def _floats(self, images: Tensor) -> Tensor:
        there = images.to(self.device, non_blocking=True)
        return there.contiguous(memory_format=self.memory_format).float() / 255

    def _batch(self, draw: Draw) -> Batch:
        """The draw's batch; those of the steps after it are under way."""
        if self._last is not None and self._last[0] == draw:
            return self._last[1]
        if self._ahead is None or self._due != draw:
            if self._ahead is not None:
                self._ahead.close()  # type: ignore[attr-defined]
            self._ahead = self.loader.batches(self._requests(draw))
        batch = next(self._ahead)
        asked = torch.tensor([self.stream.index(p) for p in range(draw.first, draw.stop)])
        self.replaced += int((batch.shown != asked).sum())
        self._last, self._due = (draw, batch), draw.next()
        return batch

    def _requests(self, draw: Draw) -> Iterator[Request]:
        """The draw's batch and those of the steps after it, to the run's end."""
        skip, size = self.recipe.skip_corrupt, self.recipe.size
        end = self.recipe.steps * self.stream.batch_size
        while draw.first < end:
            places = range(draw.first, draw.stop)
            jobs = (views.training(self.split, self.stream, place, skip) for place in places)
            yield Request(tuple(jobs), (3, size, size))
            draw = draw.next()
