"""Runs as they were at the end of an epoch: what runs that were cut short say all the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reports.frames import Frames, long_form, typed
from resnet.errors import UserError
from resnet.recipes import CUT, Recipe
from resnet.runs.measures import COLUMNS as MEASURED
from resnet.runs.spec import RunSpec

if TYPE_CHECKING:
    import pandas as pd

ERRORS = ("train_error", "test_error", "test_error_top5", "train_loss", "test_loss",
          "validation_error")  # fmt: skip
"""Columns of a run that are on record epoch by epoch."""
GONE = ("weights_sha256", "seconds", "reason", *MEASURED)
"""What is known of a run's end alone."""


def until(frames: Frames, epoch: int) -> Frames:
    """The runs of `frames` that got there, each ended with epoch number `epoch`.

    Where rates fall at steps that are named, nothing before a step depends on how many follow: the
    run up to there is the run of a recipe that ends there, number by number. It is told as that
    run, done, under that recipe's digest and its own id. What was measured of the trained net is
    left out, for the weights are others; gradients before the first step stay.

    Runs that start from others' weights are left out, and those whose rates depend on their end.

    Raises:
        UserError: where no run is left that got there.
    """
    import pandas as pd

    lines = frames.history.astype({"run_id": str, "key": str})
    by_run = dict(tuple(lines.groupby("run_id")))
    rows, histories = [], []
    for run in frames.runs[frames.runs["recipe_fields"].notna()].to_dict("records"):
        recipe = Recipe.from_json(json.loads(run["recipe_fields"]))
        history = by_run.get(run["id"])
        apart = run["recipe_digest"] != recipe.digest or not steady(recipe)
        if history is None or apart or epoch > recipe.epochs:
            continue
        its = ending(recipe, epoch)
        last = history[(history["step"] == its.steps) & history["key"].isin(ERRORS)]
        if last.empty:
            continue
        first = history[(history["step"] == 0) & (history["key"] == "gradient_ratio")]
        known = pd.concat([first, last])
        rows.append(_row(run, its, dict(zip(known["key"], known["value"], strict=True))))
        histories.append(_lines(history, its.steps).assign(run_id=rows[-1]["id"]))
    if not rows:
        raise UserError(f"no run here has got to the end of epoch {epoch}: ask for an earlier one")
    return Frames(typed(pd.DataFrame(rows)), long_form(pd.concat(histories, ignore_index=True)))


def steady(recipe: Recipe) -> bool:
    """Whether nothing before a step depends on how many follow."""
    return recipe.schedule == "steps" and not recipe.plateau


def ending(recipe: Recipe, epoch: int) -> Recipe:
    """The recipe that ends with epoch number `epoch`, from 1, and is this one until then."""
    if epoch < 1:
        raise UserError(f"--epochs {epoch}: give 1 or more")
    if not steady(recipe):
        raise UserError(
            f"recipe '{recipe.name}' cannot be cut short: its rates depend on how it goes on"
        )
    steps = recipe.epoch_end(epoch)
    return replace(
        recipe,
        name=f"{recipe.name}{CUT}{epoch}",
        steps=steps,
        milestones=tuple(step for step in recipe.milestones if step < steps),
        frozen_steps=min(recipe.frozen_steps, steps),
    )


def _row(run: dict[Any, Any], recipe: Recipe, known: dict[str, float]) -> dict[Any, Any]:
    names = ("net", "dataset", "dataset_copy", "dataset_digest", "seed", "numerics")
    spec = RunSpec(**{name: run[name] for name in names}, recipe=recipe)
    return {
        **run,
        **dict.fromkeys((*GONE, *ERRORS)),
        **known,
        "id": spec.id,
        "recipe": recipe.name,
        "recipe_digest": recipe.digest,
        "status": "done",
        "recipe_fields": json.dumps(spec.to_json()["recipe"], sort_keys=True),
    }


def _lines(history: pd.DataFrame, steps: int) -> pd.DataFrame:
    """What was on record by then, without what was measured afterwards."""
    logged = ~history["key"].str.contains("/") | (
        (history["step"] == 0) & history["key"].str.startswith("gradient_norm/")
    )
    return history[logged & (history["step"] <= steps)]
