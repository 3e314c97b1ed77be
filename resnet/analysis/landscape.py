"""The loss around a trained net and along the way to it: Li et al. 2018, Goodfellow et al. 2015.

Four surfaces of the training loss, on the first images of the training set as they are:

    surface  the plane of two random filter-normalised directions around the trained net
    line     the first of those directions alone, on a finer grid
    plane    the plane through the trained net that holds most of the trajectory from its
             initialisation through all weights that were kept
    path     the straight line from the initialisation (0) to the trained net (1)

and the loss at the trajectory's own points. Around the net, BN has the net's running statistics,
as in Li et al. Along the way it has those of each batch: running statistics belong to the weights
that they were gathered with, and at initialisation there are none.
"""

from __future__ import annotations

import math

import numpy as np

from resnet.analysis import curvature
from resnet.analysis.measure import Measured, Trained
from resnet.analysis.settings import chosen, default
from resnet.analysis.surfaces import Landscape
from resnet.runs import measures

Row = tuple[int, str, float]


def landscape(trained: Trained, settings: str = "") -> Measured:
    """All surfaces of a run. `settings`, '25x1x500', are for looking: claims rest on the default.

    Rows, at the last step: surface@11x1/loss/… by point, …/x/… and …/y/… the grid's sides; the
    errors along the lines; and trajectory@11x1/x, /y, /loss at each step, with its shares.

    No rows where the same settings, spelt otherwise ('25xx500'), have theirs on record: readers put
    the rows of all measures together.
    """
    recipe = trained.spec.recipe
    whole = Landscape(trained, chosen(recipe, settings))
    if settings and _on_record(trained, whole.settings.label):
        return Measured({})
    whole.compute()
    if settings and not whole.settings.counted and whole.settings == default(recipe):
        return Measured({})  # on record under the default's name
    rows, label = _trajectory_rows(whole), whole.settings.label
    for name in ("surface", "line", "plane", "path"):
        rows += _rows(whole, name, f"{name}@{label}")
    rows = [row for row in rows if math.isfinite(row[2])]
    share = curvature.negative_share(losses(whole, "surface"))
    known = not settings and math.isfinite(share)
    return Measured({"surface_negative_curvature": share} if known else {}, tuple(rows))


def losses(whole: Landscape, name: str) -> np.ndarray:
    """The losses of a surface on record: [Y, X]."""
    grid = whole.surfaces[name].grid
    values = [value[0] for value in whole.points(name).known().values()]
    return np.array(values).reshape(len(grid.ys), len(grid.xs))


def _on_record(trained: Trained, label: str) -> bool:
    """Whether a measure of the run has the surfaces of these settings."""
    measured = measures.of(trained.folder.path)
    return any(key.startswith(f"surface@{label}/") for one in measured for _, key, _ in one["rows"])


def _rows(whole: Landscape, name: str, key: str) -> list[Row]:
    grid, last = whole.surfaces[name].grid, whole.trained.spec.recipe.kept[-1]
    columns = {"x": grid.xs, "y": grid.ys if len(grid.ys) > 1 else ()}
    known = whole.points(name).known().values()
    columns["loss"] = tuple(value[0] for value in known)
    columns["error"] = tuple(value[1] for value in known) if len(grid.ys) == 1 else ()
    return [
        (last, f"{key}/{column}/{number:04d}", value)
        for column, values in columns.items()
        for number, value in enumerate(values)
    ]


def _trajectory_rows(whole: Landscape) -> list[Row]:
    key = f"trajectory@{whole.settings.label}"
    known = whole.points("trajectory").known().values()
    rows: list[Row] = []
    for step, place, value in zip(whole.trajectory, whole.places, known, strict=True):
        columns = zip(("x", "y", "loss"), (*place, value[0]), strict=True)
        rows += [(step, f"{key}/{column}", number) for column, number in columns]
    shares = zip(("share-x", "share-y"), whole.shares, strict=True)
    return rows + [(step, f"{key}/{column}", share) for column, share in shares]
