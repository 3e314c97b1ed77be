"""`python -m resnet test FILE...`: what trained CIFAR nets get wrong; nothing is trained."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from resnet.data.names import split
from resnet.errors import UserError
from resnet.planning.data import load_data
from resnet.planning.kept import name_each, net_for, recipe_for, run_of
from resnet.planning.options import Options, folder, validate
from resnet.recipes import PAPER, Recipe, far_shorter

FOR_IMAGENET = "experiments/imagenet.py --weights"


@dataclass(frozen=True)
class Row:
    """A file of weights, tested: error in percent, loss in nats; and what is printed of the net."""

    file: str
    net: str
    recipe: str
    normalisation: str
    dataset: str
    copy: str
    images: int
    test_error: float
    test_loss: float
    printed: float | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add = parser.add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="state dicts: ours, torchvision's or "
        "akamaster's layout")  # fmt: skip
    add("--nets", metavar="A,B", help="the nets that they are of, one for all or one each "
        "(default: told by the weights)")  # fmt: skip
    add("--recipe", metavar="NAME", help="by whose normalisation (default: that of the run that "
        "kept the file, else the paper's)")  # fmt: skip
    add("--images", type=int, metavar="N", help="the first N test images (default: all)")
    add("--dataset", metavar="NAME", help="cifar10, a part of it, or synthetic (default: what the "
        "run that kept the file was trained on, else cifar10)")  # fmt: skip
    add("--data-dir", type=folder, metavar="DIR", help="where cifar10 lies (default data/)")


def main_test(given: argparse.Namespace) -> int:
    """Print a row a file; the exit status. UserError for what cannot be tested."""
    from resnet.console import say

    with redirect_stdout(sys.stderr if given.json else sys.stdout):  # downloads tell of themselves
        rows = list(_rows(given))
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
        return 0
    _print(rows)
    copies = ", ".join(dict.fromkeys(row.copy for row in rows))
    say(f"Errors in percent on test images, {copies}, normalised as by the recipe (--recipe names "
        "another). Printed: by the net's paper, or the recipe's source.")  # fmt: skip
    return 0


def _rows(given: argparse.Namespace) -> Iterator[Row]:
    asked = Options(recipe=given.recipe, dataset=given.dataset or "", data_dir=given.data_dir)
    validate(asked)
    if given.images is not None and given.images < 1:
        raise UserError(f"--images {given.images}: give 1 or more")
    names = name_each(given.files, given.nets.split(",") if given.nets else ())
    data = cache(lambda name: load_data(replace(asked, dataset=name), "paper"))
    for file, name in zip(given.files, names, strict=True):
        yield _row(file, name, asked, given.images, data)


def _row(
    file: Path, name: str | None, asked: Options, count: int | None, data: Callable[[str], Any]
) -> Row:
    """The row of a file, on the data asked for, or that of the run which kept it."""
    import torch

    from resnet.analysis.foreign import opened
    from resnet.nets.grammar import parse
    from resnet.planning.shown import shown
    from resnet.training.step import evaluate

    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = opened(file, name or net_for(file), device)
    if parse(net.name).images == "imagenet":
        raise UserError(f"{file} holds {net.name}, a net of ImageNet: {FOR_IMAGENET} evaluates it")
    recipe, dataset = recipe_for([file], "paper", asked.recipe), _dataset(file, asked, data)
    found = shown(recipe, dataset, count, device)
    if found.classes != net.fc.out_features:
        raise UserError(f"{file} tells {net.fc.out_features} classes apart, {dataset.name} has "
                        f"{found.classes}")  # fmt: skip
    scores = evaluate(net, found.batches)
    return Row(
        file=str(file),
        net=str(net.name),
        recipe=recipe.name,
        normalisation=recipe.normalisation,
        dataset=dataset.name,
        copy=dataset.copy,
        images=found.count,
        test_error=scores["error"],
        test_loss=scores["loss"],
        printed=_printed(str(net.name), recipe, dataset.name),
    )


def _dataset(file: Path, asked: Options, data: Callable[[str], Any]) -> Any:
    """The data set asked for; else the one that the file's run was trained on, or CIFAR-10.

    Raises:
        UserError: a run's own recipe is to be taken, and the data here is not what it was made for.
    """
    run = None if asked.recipe else run_of(file)
    name = asked.dataset or (run.dataset if run else "cifar10")
    dataset = data(split(name)[0]).part(name)
    if run and run.dataset_digest != dataset.digest:
        raise UserError(f"{file} is of a run on {run.dataset}, {run.dataset_copy}, not on what is "
                        f"here: name a --recipe, as in --recipe {run.recipe.name}, to test it all "
                        "the same")  # fmt: skip
    return dataset


def _printed(net: str, recipe: Recipe, dataset: str) -> float | None:
    """What is printed of the net under the recipe; None under a short one, which is not that."""
    from resnet.claims.paper import of_arm

    arm = net if recipe.name == PAPER.name else f"{net}@{recipe.name}"
    figure = None if far_shorter(recipe) else of_arm(arm, dataset)
    return None if figure is None else figure.value


def _print(rows: list[Row]) -> None:
    from rich.table import Table

    from resnet.console import console

    table = Table(box=None, header_style="dim", pad_edge=False, collapse_padding=True)
    for name in ("file", "net", "recipe", "normalisation", "images"):
        table.add_column(name, no_wrap=name != "file", overflow="fold")
    for name in ("test error", "loss", "printed"):
        table.add_column(name, justify="right")
    for row in rows:
        printed = "–" if row.printed is None else f"{row.printed:g}"
        scores = (f"{row.test_error:.2f}", f"{row.test_loss:.4f}", printed)
        images = f"{row.images:,} of {row.dataset}"
        table.add_row(row.file, row.net, row.recipe, row.normalisation, images, *scores)
    console.print(table)
