"""The surfaces that are looked at of a trained run, and their points on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from torch import Tensor, nn

from resnet.analysis.directions import parameters, principal, random_direction
from resnet.analysis.measure import Trained
from resnet.analysis.points import Points, Values
from resnet.analysis.settings import Settings
from resnet.analysis.surface import (
    Batches,
    Grid,
    between,
    moved,
    put,
    score,
    steps,
    with_batch_statistics,
)
from resnet.runs import measures

NAME = "landscape"
BATCH = 512  # also the images that share their statistics along the trajectory
MARGIN = 0.25  # of the trajectory's extent, on each side of it
Place = Callable[[float, float], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Surface:
    """A surface: its points, where each is in the space of weights, and whose BN statistics."""

    grid: Grid
    place: Place
    net: nn.Module

    def value(self, number: int, batches: Batches) -> Values:
        """(loss in nats, error in percent) at a point."""
        put(self.net, self.place(*self.grid.at(number)))
        return score(self.net, batches)


class Landscape:
    """The surfaces of one trained run, and their points on record."""

    def __init__(self, trained: Trained, settings: Settings) -> None:
        self.trained, self.settings = trained, settings

    @cached_property
    def batches(self) -> Batches:
        """The images that every loss is taken on."""
        images = self.trained.data.train.at(np.arange(self.settings.images))
        return list(self.trained.pipeline.test(images, BATCH))

    @cached_property
    def trajectory(self) -> dict[int, Mapping[str, Tensor]]:
        """The net's parameters by step, from initialisation to the end."""
        kept = (0, *self.trained.spec.recipe.kept)
        return {step: parameters(self.trained.net(step)) for step in kept}

    @cached_property
    def _principal(self) -> tuple[Any, list[list[float]], list[float]]:
        return principal(list(self.trajectory.values()))

    @property
    def places(self) -> list[list[float]]:
        """[x, y] of each point of the trajectory in its plane."""
        return self._principal[1]

    @property
    def shares(self) -> list[float]:
        """What of the squared distances from the end lies along x and along y; see `principal`."""
        return self._principal[2]

    @cached_property
    def surfaces(self) -> dict[str, Surface]:
        """All of them, by name."""
        seed, settings = self.trained.spec.seed, self.settings
        around, along = self.trained.net(), with_batch_statistics(self.trained.net())
        first, second = (random_direction(around, seed, axis) for axis in (0, 1))
        centre, points = parameters(around), list(self.trajectory.values())
        side = steps(-settings.reach, settings.reach, settings.resolution)
        fine = steps(-settings.reach, settings.reach, settings.fine)
        share = Grid(steps(0.0, 1.0, settings.fine))
        return {
            "surface": Surface(Grid(side, side), moved(centre, first, second), around),
            "line": Surface(Grid(fine), moved(centre, first), around),
            "plane": Surface(self._extent(), moved(centre, *self._principal[0]), along),
            "path": Surface(share, between(points[0], points[-1]), along),
            "trajectory": Surface(Grid(_numbers(points)), lambda x, _: points[int(x)], along),
        }

    def points(self, name: str) -> Points:
        """The record of a surface; a folder of its own for each that could differ."""
        version = measures.get(NAME).version
        extent = f"{self.settings.resolution}x{self.settings.reach:g}"
        folder = f"{name}-{extent}-{self.settings.images}-v{version}"
        return Points(self.trained.scratch(NAME) / folder, len(self.surfaces[name].grid))

    def compute(self, part: int = 0, of: int = 1) -> int:
        """Compute what is missing of a part of every surface; returns how many points."""
        done = 0
        for name, surface in self.surfaces.items():

            def at(number: int, surface: Surface = surface) -> Values:
                return surface.value(number, self.batches)

            done += self.points(name).compute(at, part, of)
        return done

    def missing(self, part: int = 0, of: int = 1) -> int:
        """How many points of a part of every surface are not on record."""
        return sum(self.points(name).missing(part, of) for name in self.surfaces)

    def on_record(self) -> str:
        """How many points are on record, of how many: '37 of 290'."""
        known = sum(len(self.points(name).known()) for name in self.surfaces)
        return f"{known} of {sum(len(surface.grid) for surface in self.surfaces.values())}"

    def _extent(self) -> Grid:
        sides = []
        for values in zip(*self.places, strict=True):
            margin = MARGIN * (max(values) - min(values)) or 1.0
            sides.append(
                steps(min(values) - margin, max(values) + margin, self.settings.resolution)
            )
        return Grid(*sides)


def _numbers(points: list[Any]) -> tuple[float, ...]:
    return tuple(map(float, range(len(points))))
