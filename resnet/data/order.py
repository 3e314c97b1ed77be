"""The order of the images, their crops and their flips: a pure function of (seed, epoch, position).

Nothing here remembers what was asked before, so a resumed run goes on exactly where it was, and
two arms with one seed see the same images, cropped and flipped alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from resnet.randomness import generator


@dataclass(frozen=True)
class Draw:
    """Which images, and how each is cropped and flipped: arrays or tensors, all [B].

    Attributes:
        index: number of the image in the training split, int64.
        dy: top edge of the crop in the padded image, 0 to 2 * pad, int64.
        dx: left edge of the crop, likewise.
        flip: whether the crop is mirrored left to right, bool.
    """

    index: Any
    dy: Any
    dx: Any
    flip: Any

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, part: slice) -> "Draw":
        return Draw(self.index[part], self.dy[part], self.dx[part], self.flip[part])

    def to(self, device: torch.device | str) -> "Draw":
        """The same draw as tensors on `device` (sent once, then sliced there at no cost)."""
        parts = (self.index, self.dy, self.dx, self.flip)
        return Draw(*(torch.as_tensor(part).to(device) for part in parts))


class Stream:
    """An endless stream of draws in batches of constant size.

    An epoch is one permutation of the n images. A batch may span the end of an epoch, so no
    batch is ever ragged and no image is left out.

    Args:
        seed: the run's seed; 0 is a seed like any other.
        n: images in the training split.
        batch_size: images a batch.
        pad: pixels of padding on each side; 0 for no crops.
        flip: whether to mirror at random.
    """

    def __init__(self, seed: int, n: int, batch_size: int, pad: int, flip: bool = True) -> None:
        if n < 1 or batch_size < 1 or pad < 0:
            raise ValueError(f"n {n} and batch_size {batch_size} must be positive, pad {pad} >= 0")
        self.seed, self.n, self.batch_size, self.pad, self.flip = seed, n, batch_size, pad, flip
        # A batch reads at most the epoch under way and the next; without the cache each
        # batch would permute the whole set again.
        self._epoch = lru_cache(maxsize=2)(self._draw_epoch)

    def epoch(self, epoch: int) -> Draw:
        """All n draws of one epoch, in order."""
        return self._epoch(epoch)

    def batch(self, step: int) -> Draw:
        """The draws of one step, counted from 0."""
        return self.steps(step, step + 1)

    def steps(self, start: int, stop: int) -> Draw:
        """The draws of steps `start` to `stop - 1`, one after the other, in one piece."""
        first, last = start * self.batch_size, stop * self.batch_size
        if not 0 <= first < last:
            raise ValueError(f"no steps from {start} to {stop}")
        parts = [
            self.epoch(epoch)[max(first - epoch * self.n, 0) : last - epoch * self.n]
            for epoch in range(first // self.n, (last - 1) // self.n + 1)
        ]
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _draw_epoch(self, epoch: int) -> Draw:
        index = generator(self.seed, "order", epoch).permutation(self.n)
        crop = generator(self.seed, "crop", epoch).integers(0, 2 * self.pad + 1, (2, self.n))
        flip = generator(self.seed, "flip", epoch).integers(0, 2, self.n) == 1
        return Draw(index, crop[0], crop[1], flip & self.flip)


def _joined(parts: list[Draw]) -> Draw:
    names = ("index", "dy", "dx", "flip")
    return Draw(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
