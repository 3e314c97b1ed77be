"""Measure trained runs: load the net, let the analysis look at it, keep what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

from resnet.data import Dataset, Pipeline, Subset
from resnet.data.feed import feed
from resnet.data.parts import part
from resnet.memory import keep_freed
from resnet.nets import build
from resnet.runs import measures
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from resnet.training.start import starting_net
from resnet.training.step import choose_kernels, set_precision


@dataclass(frozen=True)
class Measured:
    """What a measure found.

    Attributes:
        values: columns of the table of runs, as in `resnet.claims.metrics`.
        rows: (step, key, value), for the run's history; keys like 'lesion/0007'.
    """

    values: dict[str, float]
    rows: tuple[tuple[int, str, float], ...] = ()


@dataclass(frozen=True)
class Trained:
    """A run that is done, with all that an analysis may ask of it."""

    spec: RunSpec
    folder: RunFolder
    data: Subset
    pipeline: Pipeline
    classes: int
    device: str = "cpu"

    def net(self, step: int | None = None) -> nn.Module:
        """The net in evaluation mode after `step` steps: 0, one of `recipe.kept`, None the last.

        At 0 it is what the first step finds: drawn weights, or those of the run it starts from.

        Raises:
            UserError: when its weights were not kept.
        """
        recipe = self.spec.recipe
        step = recipe.steps if step is None else step
        if step:
            net = build(self.spec.net, num_classes=self.classes, seed=self.spec.seed)
            net.load_state_dict(self.folder.load_weights(step))
        else:
            net = starting_net(self.spec, self.classes, self.folder.path.parent)
        return net.to(self.device).to(memory_format=torch.channels_last).eval()

    def scratch(self, name: str) -> Path:
        """A folder for what the measure of that name has done so far."""
        path = self.folder.path / f"measuring-{name}"
        path.mkdir(exist_ok=True)
        return path


def trained(spec: RunSpec, dataset: Dataset, root: Path, device: str = "cpu") -> Trained:
    """The done run of `spec` under `root`, on the data that it was trained on."""
    recipe, dataset = spec.recipe, part(dataset, spec.dataset)
    keep_freed()
    set_precision(recipe.precision)  # whatever this process trained before, and how
    choose_kernels()
    fed = feed(dataset, recipe, spec.seed, device)
    return Trained(spec, RunFolder(root, spec), fed.subset, fed.pipeline, fed.classes, device)


def measure(
    spec: RunSpec,
    dataset: Dataset,
    root: Path,
    names: Iterable[str],
    *,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> dict[str, Measured]:
    """Take those of the measures `names` that the done run still lacks; returns these by name.

    Raises:
        UserError: when the weights are missing; RunBusy when another process has the run.
    """
    folder = RunFolder(root, spec)
    if not measures.missing(folder.path, spec.net, names):
        return {}
    taken: dict[str, Measured] = {}
    with folder.locked():
        run = trained(spec, dataset, root, device)
        for name in measures.missing(folder.path, spec.net, names):
            say(f"{spec.title}: measuring {name}")
            with folder.trace():
                taken[name] = found = function_of(name)(run)
                measures.write(folder.path, name, found.values, found.rows)
    return taken


def function_of(name: str) -> Callable[[Trained], Measured]:
    """The function behind a measure, told its settings where it has some."""
    one = measures.get(name)
    module, _, function = one.place.partition(":")
    found = getattr(import_module(module), function)
    return partial(found, settings=one.settings) if one.settings else found
