"""A whole training run against the usual loop, and against the bare step: images a second.

The whole run is `resnet.training.train.train`: Lightning, augmentation, order, resume file, record,
a test an epoch. The usual loop trains the same net on as many images for as many steps, tested as
often. The bare loop is forward, backward and update on one fixed batch: no data, no test, no
Lightning, no record; what it is compared with is a whole run that tests 64 images an epoch.

    python -m benchmarks train [--net resnet20] [--steps 192] [--turns 3] [--device cpu]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec

DUE_BARE = 0.97
DUE_USUAL = {"resnet20": 1.3, "resnet56": 1.15}
WARM = 8  # steps of each arm before anything counts


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    options = parser("train", __doc__ or "", turns=3)
    options.add_argument("--net", default="resnet20")
    options.add_argument("--steps", type=int, default=192, help="as many as quick has")
    given = options.parse_args(arguments)
    show(measure(given.net, given.steps, given.turns, device_of(given)), given.json)


def measure(net: str, steps: int, turns: int, device: str) -> list[Result]:
    """Time the arms in turns."""
    from benchmarks.loops import spec_of
    from resnet.data import load
    from resnet.recipes import get

    dataset = load("synthetic")
    recipe = replace(get("quick"), steps=steps, milestones=(), test_images=1_000)
    spec = spec_of(net, dataset, recipe)
    in_turns(arms(replace(spec, recipe=replace(recipe, steps=WARM)), dataset, device), 1)
    values = in_turns(arms(spec, dataset, device), turns)
    unit, told = "images a second", f"{net}, {steps} steps of {recipe.batch_size}, {device}"
    due = DUE_USUAL.get(net) if device == "cpu" else None
    usual = f"x the usual loop's images a second over a whole run, {told}"
    bare = f"of the bare loop's images a second, {told}"
    pair = {"whole": values["untested"], "bare": values["bare"]}
    return [
        compare(usual, values, "whole", "usual", unit, device, due=due),
        compare(bare, pair, "whole", "bare", unit, device, due=DUE_BARE),
    ]


def arms(spec: RunSpec, dataset: Dataset, device: str) -> dict[str, Callable[[], float]]:
    """A function an arm that trains a run from the beginning and returns images a second."""
    from benchmarks.usual import Usual

    untested = replace(spec, recipe=replace(spec.recipe, test_images=64))
    subset = dataset.take(spec.recipe.train_images, 0, spec.recipe.test_images)
    images = spec.recipe.steps * spec.recipe.batch_size
    works = {
        "whole": lambda: whole(spec, dataset, device),
        "usual": lambda: Usual(spec, subset.train, subset.test, device).run(),
        "untested": lambda: whole(untested, dataset, device),
        "bare": lambda: bare(spec, device),
    }

    def rated(work: Callable[[], object]) -> Callable[[], float]:
        return lambda: images / seconds(work)

    return {name: rated(work) for name, work in works.items()}


def whole(spec: RunSpec, dataset: Dataset, device: str) -> None:
    """The run as the suite trains it, record and all."""
    from resnet.training.train import train

    with tempfile.TemporaryDirectory() as folder:
        train(spec, dataset, Path(folder), "benchmark", device=device)


def bare(spec: RunSpec, device: str) -> None:
    """As many steps on one batch that is there already."""
    import torch
    from torch.nn.functional import cross_entropy

    from resnet.nets import build
    from resnet.training.step import sgd

    form = torch.channels_last
    net = build(spec.net, 10).to(device).to(memory_format=form).train()
    optimizer, batch = sgd(net, spec.recipe), spec.recipe.batch_size
    x = torch.randn(batch, 3, 32, 32, device=device).contiguous(memory_format=form)
    y = torch.arange(batch, device=device) % 10
    for _ in range(spec.recipe.steps):
        optimizer.zero_grad(set_to_none=True)
        loss = cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    float(loss.detach())


if __name__ == "__main__":
    main()
