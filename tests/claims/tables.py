"""Made claims, and made tables of runs in the columns that claims read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from resnet.claims.contrasts import difference
from resnet.claims.model import Claim, Source

SHALLOW_BETTER = {"plain20": 8.0, "plain56": 12.0}
SCOPE = {
    "dataset": "cifar10",
    "dataset_copy": "original",
    "dataset_digest": "d" * 64,
    "recipe": "paper",
    "recipe_digest": "r" * 16,
    "numerics": 1,
}


def claim(*parts: Any, **changes: Any) -> Claim:
    """A claim of these parts, about nothing."""
    values = {"id": "X", "sentence": "s", "source": Source("p", "w"), "margin_why": "none"}
    return Claim(parts=parts, **(values | changes))


DEEPER_WORSE = claim(difference("train_error", "plain56", "plain20", "higher", margin=0.2))


def runs(metric: str, arms: Mapping[str, Sequence[float]], **changes: object) -> pd.DataFrame:
    """A finished run for each net and seed, with `metric` as given, seeds from 0."""
    rows = [
        {"id": f"{net}-{seed}", "experiment": "made", "net": net, "seed": seed}
        | {"status": "done", "reason": None, metric: value}
        | SCOPE
        | changes
        for net, values in arms.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def errors(
    arms: Mapping[str, float], seeds: int, sd: float = 0.1, **changes: object
) -> pd.DataFrame:
    """Runs whose training and test errors scatter about the given means; gradients are healthy."""
    random = np.random.default_rng(0)
    values = {net: mean + sd * random.standard_normal(seeds) for net, mean in arms.items()}
    table = runs("train_error", {net: list(v) for net, v in values.items()}, **changes)
    return table.assign(test_error=table["train_error"] + 2.0, gradient_ratio=0.3)
