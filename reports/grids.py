"""Loss surfaces as a report has them: read back from the history's rows, and chosen among."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet.analysis.settings import Settings, chosen
from resnet.recipes.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report


@dataclass(frozen=True)
class Seen:
    """One run's surface: `xs` [X], `ys` [Y] and `losses` [Y, X]; for a line, `errors` [X] too."""

    run_id: str
    net: str
    seed: int
    xs: np.ndarray
    ys: np.ndarray
    losses: np.ndarray
    errors: np.ndarray


def seen(report: Report, name: str) -> list[Seen]:
    """The surfaces of that name, one a run, by net and seed, of the settings that are shown."""
    label = settings(report)
    rows = _keyed(report, f"{name}@{label}/")
    found = []
    for net in report.nets:
        mine = rows[rows["net"] == net]
        for seed, part in mine.groupby("seed", sort=True):
            columns = {key: _column(part, key) for key in ("x", "y", "loss", "error")}
            ys = columns["y"] if len(columns["y"]) else np.zeros(1)
            shape = len(ys), len(columns["x"])
            losses = _filled(part, "loss", shape[0] * shape[1]).reshape(shape)
            errors = _filled(part, "error", shape[1] if shape[0] == 1 else 0)
            number: Any = seed
            run_id = str(part["run_id"].iloc[0])
            found.append(Seen(run_id, net, int(number), columns["x"], ys, losses, errors))
    return found


def first_seeds(surfaces: list[Seen]) -> list[Seen]:
    """Of each net the surface with the lowest seed."""
    return list({one.net: one for one in reversed(surfaces)}.values())[::-1]


def settings(report: Report) -> str:
    """The settings that most runs were looked at with; of equals the finest, then the widest."""
    keys = report.history[["run_id", "key"]].astype(str)
    keys = keys[keys["key"].str.startswith("surface@")]
    labels = keys["key"].str.extract(r"@([^/]+)/", expand=False)
    counts = keys.groupby(labels)["run_id"].nunique()
    return max(counts.index, key=lambda label: (counts[label], *_size(label)), default="")


def looked(report: Report) -> Settings:
    """How finely and how far the surfaces that are shown go, and on how many images each loss is.

    Rows name the first two; the images follow from the recipe where rows do not name them.
    """
    images = int(report.recipe.get("train_images") or 0)
    return chosen(Recipe("", train_images=images), settings(report))


def _size(label: str) -> tuple[float, ...]:
    return tuple(map(float, label.split("x")))


def trajectory(report: Report, one: Seen) -> pd.DataFrame:
    """[x, y, loss] by step, of the run that a plane is of."""
    rows = _keyed(report, f"trajectory@{settings(report)}/")
    rows = rows[(rows["net"] == one.net) & (rows["seed"] == one.seed)]
    wide = rows.pivot_table(index="step", columns="key", values="value", observed=True)
    return wide.reindex(columns=["x", "y", "loss"])


def shares(report: Report, one: Seen) -> tuple[float, float]:
    """What of the squared distances from the end lies along x and y of the plane, in percent."""
    rows = _keyed(report, f"trajectory@{settings(report)}/")
    mine = rows[(rows["net"] == one.net) & (rows["seed"] == one.seed)]
    found = dict(zip(mine["key"], mine["value"], strict=True))
    return 100 * float(found["share-x"]), 100 * float(found["share-y"])


def _keyed(report: Report, prefix: str) -> pd.DataFrame:
    """The history's rows under `prefix`, their keys without it."""
    keys = report.history["key"].astype(str)
    rows = report.history[keys.str.startswith(prefix)]
    return rows.assign(key=rows["key"].astype(str).str.removeprefix(prefix))


def _column(part: pd.DataFrame, name: str) -> np.ndarray:
    rows = part[part["key"].str.startswith(f"{name}/")].sort_values("key")
    return rows["value"].to_numpy(float)


def _filled(part: pd.DataFrame, name: str, count: int) -> np.ndarray:
    """The values by their number; NaN where a loss was not finite and has no row."""
    rows = part[part["key"].str.startswith(f"{name}/")]
    values = np.full(count, np.nan)
    numbers: Any = rows["key"].str.extract(r"/(\d+)$", expand=False).astype(int).to_numpy()
    if count:
        values[numbers] = rows["value"].to_numpy(float)
    return values
