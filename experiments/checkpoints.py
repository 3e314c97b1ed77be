"""The command line of an experiment on one trained net: a run of ours, or weights from a file.

Without --run and --weights it is any experiment's. With one of them nothing is trained: the net
is looked at, and what is found is printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from experiments.main import leave, run
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.planning import options as planning

if TYPE_CHECKING:
    from resnet.analysis.chain import Batches
    from resnet.nets.net import Net

OWN = ("run", "weights", "net", "images", "json")


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run as the command line asks."""
    leave(lambda: _run(experiment, arguments))


def parser(experiment: Experiment) -> planning.Parser:
    """Any experiment's options, and those of a trained net."""
    parser = planning.parser(experiment)
    group = parser.add_argument_group("a trained net instead, and nothing trained")
    group.add_argument("--run", metavar="ID", help="a run in --output-dir, on its own test images")
    group.add_argument("--weights", metavar="FILE", type=Path, help="a state dict, keys as "
                       "torchvision's; --recipe says how its images were normalised")  # fmt: skip
    group.add_argument("--net", metavar="NAME", help="the net that --weights are of")
    group.add_argument("--images", metavar="N", type=int, help="test images (default: all)")
    group.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _run(experiment: Experiment, arguments: Sequence[str] | None) -> int:
    values = vars(parser(experiment).parse_args(arguments))
    asked = argparse.Namespace(**{name: values.pop(name) for name in OWN})
    if asked.run is None and asked.weights is None:
        if asked.net is not None or asked.images is not None or asked.json:
            raise UserError("--net, --images and --json go with --weights or --run")
        return run(experiment, planning.from_values(values).of(experiment))
    from resnet.analysis.lesions import lesion

    net, batches, classes = opened(asked, planning.from_values(values).of(experiment))
    show(net.name, lesion(net, batches, classes), asked.json)
    return 0


def opened(asked: argparse.Namespace, options: planning.Options) -> tuple[Net, Batches, int]:
    """The net, its test images in batches, and the number of classes."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.run is not None:
        return _of_run(asked, options, device)
    from resnet.nets.checkpoints import from_file
    from resnet.nets.grammar import parse

    if asked.net is None:
        raise UserError("--weights needs the net that they are of, as in --net resnet56")
    if parse(asked.net).images != "cifar":
        raise UserError(f"--net {asked.net}: only nets of 32×32 images have their images here")
    net = from_file(asked.weights, asked.net).to(device).to(memory_format=torch.channels_last)
    batches, classes = _images(options, options.recipe or "paper", asked.images, device)
    if classes != net.fc.out_features:
        raise UserError(f"{asked.weights} tells {net.fc.out_features} classes apart, the data set "
                        f"has {classes}")  # fmt: skip
    return net, batches, classes


def _of_run(
    asked: argparse.Namespace, options: planning.Options, device: str
) -> tuple[Net, Batches, int]:
    import numpy as np

    from resnet.analysis.lesions import BATCH
    from resnet.analysis.measure import trained
    from resnet.planning.data import load_data
    from resnet.runs.folder import CorruptRun, read_result, read_spec

    path = options.output_dir / asked.run
    try:
        spec = read_spec(path)[0]
        done = read_result(path) is not None
    except CorruptRun as error:
        raise UserError(f"no run {asked.run} in {options.output_dir}/: {error}") from None
    if not done:
        raise UserError(f"run {asked.run} ({spec.title}) is not done: train it to its end first")
    dataset = load_data(replace(options, dataset=spec.dataset), "paper")
    if dataset.digest != spec.dataset_digest:
        raise UserError(f"run {asked.run} was trained on other data: {spec.dataset}, "
                        f"{spec.dataset_copy}")  # fmt: skip
    one = trained(spec, dataset, options.output_dir, device)
    count = min(asked.images or len(one.data.test), len(one.data.test))
    test = one.data.test.at(np.arange(count))
    return one.net(), one.pipeline.test(test, BATCH), one.classes  # type: ignore[return-value]


def _images(
    options: planning.Options, recipe: str, count: int | None, device: str
) -> tuple[Batches, int]:
    """Test images of the data set asked for, normalised as the recipe does."""
    import torch

    from resnet import recipes
    from resnet.analysis.lesions import BATCH
    from resnet.data import Pipeline
    from resnet.planning.data import load_data

    dataset, chosen = load_data(options, "paper"), recipes.get(recipe)
    subset = dataset.take(
        min(chosen.train_images, len(dataset.train)), 0, min(count or 10_000, len(dataset.test))
    )
    pipeline = Pipeline(
        subset.train,
        normalisation=chosen.normalisation,
        device=device,
        memory_format=torch.channels_last,
    )
    return pipeline.test(subset.test, BATCH), len(dataset.classes)


def show(name: str, found: Any, as_json: bool) -> None:
    """Print what was found of a net: the blocks in a table, and what they come to."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from resnet.console import console, say

    if as_json:
        rows = {key: value for _, key, value in found.rows(0)}
        print(json.dumps({"net": name, "values": found.values(), "rows": rows}))
        return
    say(f"\n{name}: test error {found.whole:.2f} %; guessing {found.chance:.0f} %")
    table = Table("block deleted", "test error, %", "rise, points", "", box=SIMPLE_HEAD)
    for place, error in enumerate(found.single):
        note = "changes the shape" if place in found.reshaping else ""
        table.add_row(str(place + 1), f"{error:.2f}", f"{error - found.whole:+.2f}", note)
    console.print(table)
    for key, value in found.values().items():
        say(f"  {key:28} {value:.2f}")
