"""A whole training run against the usual loop, and against the bare step: images a second.

The whole run is `resnet.training.train.train`: Lightning, augmentation, order, resume file, record,
a test an epoch. The usual loop trains the same net on as many images for as many steps, tested as
often. The bare loop is forward, backward and update on one fixed batch: no data, no test, no
Lightning, no record; what it is compared with is a whole run that tests 64 images an epoch.

Every measurement has a process of its own, for what a run asks of the system's malloc holds for its
whole process. "alike" is the bare loop that has asked the same (`resnet.memory`): what is missing
to it is all that a run does beside its steps.

    python -m benchmarks train [--net resnet20] [--steps 192] [--turns 3] [--device cpu]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from resnet.data import Dataset
    from resnet.runs.spec import RunSpec

DUE_BARE = 0.97
DUE_USUAL = {"resnet20": 1.3, "resnet56": 1.15}
WARM = 8  # steps of each arm before anything counts
ARMS = ("whole", "usual", "untested", "bare", "alike")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    options = parser("train", __doc__ or "", turns=3)
    options.add_argument("--net", default="resnet20")
    options.add_argument("--steps", type=int, default=192, help="as many as quick has")
    options.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    given = options.parse_args(arguments)
    device = device_of(given)
    if given.arm:
        print(rate(given.arm, given.net, given.steps, device))
    else:
        show(measure(given.net, given.steps, given.turns, device), given.json)


def measure(net: str, steps: int, turns: int, device: str) -> list[Result]:
    """Time the arms in turns."""
    from resnet.recipes import get

    values = in_turns({arm: partial(alone, arm, net, steps, device) for arm in ARMS}, turns)
    unit, told = "images a second", f"{net}, {steps} steps of {get('quick').batch_size}, {device}"
    due = DUE_USUAL.get(net) if device == "cpu" else None
    usual = f"x the usual loop's images a second over a whole run, {told}"
    bare = f"of the bare loop's images a second, {told}"
    alike = f"of the same with the bare loop's freed memory kept as well, {told}"
    pair = {"whole": values["untested"], "bare": values["bare"], "alike": values["alike"]}
    return [
        compare(usual, values, "whole", "usual", unit, device, due=due),
        compare(bare, pair, "whole", "bare", unit, device, due=DUE_BARE),
        compare(alike, pair, "whole", "alike", unit, device),
    ]


def alone(arm: str, net: str, steps: int, device: str) -> float:
    """What `rate` gives in a fresh process."""
    flags = ["--arm", arm, "--net", net, "--steps", str(steps), "--device", device]
    command = [sys.executable, "-m", "benchmarks", "train", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def rate(arm: str, net: str, steps: int, device: str) -> float:
    """Images a second of one arm, after a short one that warms up."""
    from benchmarks.loops import spec_of
    from resnet.data import load
    from resnet.recipes import get

    dataset = load("synthetic")
    recipe = replace(get("quick"), steps=steps, milestones=(), test_images=1_000)
    spec = spec_of(net, dataset, recipe)
    work(arm, replace(spec, recipe=replace(recipe, steps=WARM)), dataset, device)()
    return steps * recipe.batch_size / seconds(work(arm, spec, dataset, device))


def work(arm: str, spec: RunSpec, dataset: Dataset, device: str) -> Callable[[], None]:
    """What an arm does: a function that trains a run from the beginning."""
    from benchmarks.usual import Usual
    from resnet.memory import keep_freed

    if arm == "usual":
        subset = dataset.take(spec.recipe.train_images, 0, spec.recipe.test_images)
        return Usual(spec, subset.train, subset.test, device).run
    if arm in ("whole", "untested"):
        tested = {"whole": spec.recipe.test_images, "untested": 64}[arm]
        spec = replace(spec, recipe=replace(spec.recipe, test_images=tested))
        return lambda: whole(spec, dataset, device)
    if arm == "alike":
        keep_freed()
    return lambda: bare(spec, device)


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
