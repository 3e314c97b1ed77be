"""Which photograph, which crop: a pure function of (seed, epoch, position), nothing remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from resnet.data.imagenet.colour import draw_colours
from resnet.data.imagenet.crops import Box, scale_and_aspect_crop, scale_crop
from resnet.randomness import generator
from resnet.recipes import Recipe


@dataclass(frozen=True)
class Draw:
    """Consecutive places of the stream, `first` to `stop - 1`, counted from the run's start.

    A slice of a step's draw is a rank's share of the global batch; `stride` is from one step to
    the next, so that whoever loads may load ahead.
    """

    first: int
    stop: int
    stride: int

    def __len__(self) -> int:
        return self.stop - self.first

    def __getitem__(self, part: slice) -> Draw:
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise ValueError("only consecutive images make a draw")
        return replace(self, first=self.first + start, stop=self.first + max(stop, start))

    def next(self) -> Draw:
        """The same share of the next step."""
        return replace(self, first=self.first + self.stride, stop=self.stop + self.stride)

    def to(self, device: object) -> Draw:
        """Itself: places are plain numbers."""
        return self


class Stream:
    """An endless stream of draws: each epoch one permutation of the n photographs.

    A batch may span the end of an epoch, as in `resnet.data.Stream`.
    """

    def __init__(self, seed: int, n: int, recipe: Recipe) -> None:
        if n < 1:
            raise ValueError(f"no photographs to draw from: {n}")
        self.seed, self.n, self.batch_size, self.recipe = seed, n, recipe.batch_size, recipe
        self._order = lru_cache(maxsize=2)(self._draw_order)

    def batch(self, step: int) -> Draw:
        """The draw of one step, counted from 0."""
        return self.steps(step, step + 1)

    def steps(self, start: int, stop: int) -> Draw:
        """The draws of steps `start` to `stop - 1` in one piece."""
        if not 0 <= start < stop:
            raise ValueError(f"no steps from {start} to {stop}")
        size = self.batch_size
        return Draw(start * size, stop * size, (stop - start) * size)

    def index(self, place: int) -> int:
        """The number of the photograph at `place` of the stream."""
        return int(self._order(place // self.n)[place % self.n])

    def view(self, place: int) -> View:
        """How the photograph at `place` is shown."""
        draw = generator(self.seed, "photograph", place // self.n, place % self.n)
        flip = self.recipe.flip and bool(draw.integers(0, 2))
        colours = draw_colours(draw)
        return View(flip, colours, lambda height, width: crop(self.recipe, height, width, draw))

    def _draw_order(self, epoch: int) -> np.ndarray:
        return generator(self.seed, "order", epoch).permutation(self.n)


@dataclass(frozen=True)
class View:
    """How a photograph is shown once: mirrored or not, its colours, and the crop by its size.

    `box` draws, and so may be asked once.
    """

    flip: bool
    colours: np.ndarray
    box: Callable[[int, int], Box]


def crop(recipe: Recipe, height: int, width: int, draw: np.random.Generator) -> Box:
    """The recipe's training crop of a photograph of that size."""
    if recipe.crop == "scale":
        return scale_crop(height, width, recipe.size, (recipe.sides[0], recipe.sides[1]), draw)
    return scale_and_aspect_crop(height, width, draw)
