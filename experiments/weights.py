"""Weights from files, evaluated on ImageNet: a table on the terminal, no training.

What a run of the suite kept is shown the photographs as that run was, all else as by RECIPE.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resnet.errors import UserError
from resnet.planning.data import data_dir
from resnet.planning.kept import name_each, recipe_for
from resnet.planning.options import Options

if TYPE_CHECKING:
    from resnet.analysis.foreign import Row

RECIPE = "torchvision-imagenet"
METRIC = {"1": "test_error", "10": "test_error_10_crops", "scales": "test_error_scales"}
SHOWN = {"1": "1 crop", "10": "10 crops", "scales": "5 scales"}


def evaluate(options: Options) -> int:
    """Print top-1 and top-5 errors of --weights, a row a file and protocol; the exit status."""
    import torch
    from rich.table import Table

    from resnet.analysis import foreign
    from resnet.console import console, say

    chosen = options.photographs
    files = chosen.weights
    names = name_each(files, options.nets or ())
    root = data_dir(options)
    if root is None:
        raise UserError("--weights needs photographs: name the folder with val/ by --data-dir")
    recipe = replace(
        recipe_for(chosen.weights, RECIPE, options.recipe),
        classes=chosen.classes or 0,
        images_per_class=chosen.images_per_class or 0,
        skip_corrupt=chosen.skip_corrupt,
    )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    asked = foreign.questions(root, recipe, device, say)
    say(f"{len(asked.split):,} photographs; resized, cropped and normalised as by {recipe.name}")
    if options.dry_run:
        ways = ", ".join(SHOWN[crop] for crop in chosen.crops)
        say(f"to be evaluated with {ways}: {', '.join(map(str, files))}")
        return 0
    table = Table(box=None, header_style="dim")
    for name in ("file", "net", "protocol", "images", "top-1 error", "top-5 error", "paper"):
        words = name in ("file", "net", "protocol")
        table.add_column(name, justify="left" if words else "right", no_wrap=name == "net")
    for row in foreign.evaluate(files, asked, chosen.crops, names, device):
        table.add_row(*_cells(row))
    console.print(table)
    say("Errors in percent. Rows of different protocols are not comparable.")
    return 0


def _cells(row: Row) -> tuple[str, ...]:
    """The row, beside what the net's own paper prints for the same protocol on all of ImageNet."""
    from resnet.claims import paper

    alone = row.net != "ensemble"
    printed = paper.of_arm(row.net, "imagenet", METRIC[row.protocol]) if alone else None
    said = f"{printed.value:g}" if printed else "–"
    errors = (f"{row.top1:.2f}", f"{row.top5:.2f}", said)
    return row.file, row.net, SHOWN[row.protocol], f"{row.images:,}", *errors
