"""What the run that kept a file of weights says of it: its net, and how its images looked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resnet.errors import UserError
from resnet.planning.photographs import recipe_like
from resnet.recipes import Recipe
from resnet.runs.folder import SPEC, WEIGHTS, CorruptRun, read_spec
from resnet.runs.spec import RunSpec


def recipe_for(files: Sequence[Path], usual: str, name: str | None) -> Recipe:
    """The recipe called `name`; without a name that of the files' runs, or else `usual`.

    Raises:
        UserError: the files are of several that show test images differently; or the recipe is for
            the other kind of images.
    """
    if name:
        return recipe_like(usual, name)
    runs = map(run_of, files)
    recipes = [run.recipe if run else recipe_like(usual, None) for run in runs]
    if len({_look(recipe) for recipe in recipes}) > 1:
        names = ", ".join(f"{file} by {r.name}" for file, r in zip(files, recipes, strict=True))
        raise UserError(
            f"test images look different to these ({names}): evaluate them apart, or name one "
            "--recipe for all"
        )
    if recipes[0].photographs != recipe_like(usual, None).photographs:
        raise UserError(f"{files[0]} is of a run on other images than are asked about here")
    return recipes[0]


def run_of(file: Path) -> RunSpec | None:
    """The run in whose folder the file lies as it was kept; None for any other file."""
    folder = file.resolve().parent.parent
    if file.resolve().parent.name != WEIGHTS or not (folder / SPEC).is_file():
        return None
    try:
        return read_spec(folder)[0]
    except CorruptRun as error:
        raise UserError(f"{folder}: {error}; name the --recipe of {file.name}") from None


def net_for(file: Path) -> str | None:
    """The net of the run that kept the file; None where none did, or its record cannot be read."""
    try:
        run = run_of(file)
    except UserError:
        return None
    return None if run is None else run.net


def name_each(files: Sequence[Path], names: Sequence[str]) -> list[str | None]:
    """What --nets says of each of --weights: one name for all, one each, or none at all."""
    if names and len(names) not in (1, len(files)):
        raise UserError(f"--nets names {len(names)} nets for {len(files)} files: one, or one each")
    if len(names) == len(files):
        return list(names)
    return [names[0] if names else None] * len(files)


def _look(recipe: Recipe) -> tuple[object, ...]:
    return recipe.normalisation, recipe.photographs, recipe.size, recipe.test_side
