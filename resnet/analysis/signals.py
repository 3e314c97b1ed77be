"""Signal propagation: responses, scales of BN, and gradients from the first step to the last."""

from __future__ import annotations

import math
from typing import cast

from resnet.analysis.gradients import block_gradients, neighbour_cosines, norms, ratio
from resnet.analysis.measure import Measured, Trained
from resnet.analysis.responses import response_stds, scales
from resnet.nets.net import Net

Row = tuple[int, str, float]
BATCH = 500
PROBE = 64  # images, the first of the training set: those that training probes at step 0


def signals(trained: Trained) -> Measured:
    """Responses and scales of the trained net; gradients at each step that weights were kept of.

    Responses are those of the test images in evaluation mode. Gradients are of a batch of training
    images as they are, in training mode, as they were measured before the first step.

    Rows: response/… and bn_scale/… by layer, at the end; gradient_norm/… and gradient_cosine/…
    by block, at every step (the norms at step 0 are on the run's record already).
    """
    steps = trained.spec.recipe.kept
    x, y = next(iter(trained.pipeline.test(trained.data.train, PROBE)))
    gradients = {step: block_gradients(trained.net(step), x, y) for step in (0, *steps)}
    profiles = {step: norms(found) for step, found in gradients.items()}
    rows = [row for step in steps for row in _numbered(step, "gradient_norm", profiles[step])]
    for step, found in gradients.items():
        cosines = neighbour_cosines(found)
        rows += [(step, _key("gradient_cosine", k), value) for k, value in cosines]
    net = cast(Net, trained.net())
    stds = response_stds(net, trained.pipeline.test(trained.data.test, BATCH))
    rows += _numbered(steps[-1], "response", stds) + _numbered(steps[-1], "bn_scale", scales(net))
    return Measured({"response_std": sum(stds) / len(stds), **_lowest(profiles)}, tuple(rows))


def _lowest(profiles: dict[int, list[float]]) -> dict[str, float]:
    """The lowest ratio of first to last block; none where the last one's gradient is zero."""
    ratios = [ratio(profile) for profile in profiles.values()]
    return {"gradient_ratio_lowest": min(ratios)} if all(map(math.isfinite, ratios)) else {}


def _numbered(step: int, name: str, values: list[float]) -> list[Row]:
    return [(step, _key(name, number), value) for number, value in enumerate(values)]


def _key(name: str, number: int) -> str:
    return f"{name}/{number:04d}"
