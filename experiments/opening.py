"""Open what --run or --weights name: the net, and the test images that it is asked about."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from resnet.analysis import foreign
from resnet.analysis.lesions import tested
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.nets.grammar import parse
from resnet.planning.data import data_dir, load_data
from resnet.planning.kept import net_for, recipe_for
from resnet.planning.options import Options
from resnet.planning.shown import Shown, shown
from resnet.runs.table import folders

if TYPE_CHECKING:
    from resnet.analysis.chain import Batches
    from resnet.nets.net import Net


@dataclass(frozen=True)
class Opened:
    """A trained net, and what it is asked.

    Attributes:
        net: in evaluation mode.
        batches: test images [B, 3, H, W] and labels [B], on the net's device.
        classes: how many there are.
        seed: of random deletions and swaps: a run's own, as on its record.
    """

    net: Net
    batches: Batches
    classes: int
    seed: int = 0


def opened(asked: argparse.Namespace, options: Options, experiment: Experiment) -> Opened:
    """The net that --run or --weights name, with its test images."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.images is not None and asked.images < 1:
        raise UserError(f"--images {asked.images}: give 1 or more")
    if asked.run is not None:
        return _of_run(asked, options.of(experiment), device)
    net = foreign.opened(asked.weights, asked.net or net_for(asked.weights), device, "--net")
    if parse(net.name).images == "imagenet":
        batches, classes = _photographs(asked, options, device)
    else:
        found = _images(asked, options.of(experiment), device)
        batches, classes = found.batches, found.classes
    if classes != net.fc.out_features:
        raise UserError(f"{asked.weights} tells {net.fc.out_features} classes apart, the data set "
                        f"has {classes}")  # fmt: skip
    return Opened(net, batches, classes)


def _of_run(asked: argparse.Namespace, options: Options, device: str) -> Opened:
    from resnet.analysis.measure import trained
    from resnet.runs.folder import CorruptRun, read_result, read_spec

    path = options.output_dir / _whole_id(asked.run, options.output_dir)
    try:
        spec = read_spec(path)[0]
        done = read_result(path) is not None
    except CorruptRun as error:
        raise UserError(f"no run {asked.run} in {options.output_dir}/: {error}") from None
    if not done:
        raise UserError(f"run {asked.run} ({spec.title}) is not done: train it to its end first")
    dataset = load_data(replace(options, dataset=spec.dataset), "paper")
    if dataset.part(spec.dataset).digest != spec.dataset_digest:
        raise UserError(f"run {asked.run} was trained on other data: {spec.dataset}, "
                        f"{spec.dataset_copy}")  # fmt: skip
    one = trained(spec, dataset, options.output_dir, device)
    test = _few(one.data.test, asked.images, drawn=spec.recipe.photographs)
    return Opened(one.net(), tested(one.pipeline, test), one.classes, spec.seed)  # type: ignore[arg-type]


def _whole_id(begun: str, root: Path) -> str:
    """The id that begins so, of a run below `root`: tables print eight digits of sixteen."""
    found = [path.name for path in folders(root) if path.name.startswith(begun)]
    if len(found) != 1:
        raise UserError(
            f"--run {begun}: {len(found) or 'no'} runs in {root}/ have an id that begins so; "
            "`python -m resnet runs` lists them"
        )
    return found[0]


def _images(asked: argparse.Namespace, options: Options, device: str) -> Shown:
    """Test images of the data set asked for, normalised as the recipe does."""
    recipe = recipe_for([asked.weights], "paper", options.recipe)
    return shown(recipe, load_data(options, "paper"), asked.images, device)


def _photographs(asked: argparse.Namespace, options: Options, device: str) -> tuple[Batches, int]:
    """Validation photographs of ImageNet, one centre crop each."""
    if (root := data_dir(options)) is None:
        raise UserError("--weights of an ImageNet net: name the folder with val/ by --data-dir")
    recipe = recipe_for([asked.weights], "torchvision-imagenet", options.recipe)
    found = foreign.questions(root, recipe, device)
    return found.pipeline.test(_few(found.split, asked.images, drawn=True)), 1000


def _few(split: Any, count: int | None, *, drawn: bool) -> Any:
    """`count` of the images, None for all: the first, which are in random order if they are small.

    Photographs lie class by class: with `drawn` they are drawn, the same for every run.
    """
    numbers = np.random.default_rng(0).permutation(len(split)) if drawn else np.arange(len(split))
    return split.at(np.sort(numbers[:count]))
