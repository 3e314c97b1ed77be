"""Measures: what was found out about a trained run, kept in its folder for all who ask.

measure-<name>.json   columns for the table of runs, and rows for its history, with a digest
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from resnet.analysis import settings
from resnet.errors import unknown
from resnet.recipes.recipe import Recipe
from resnet.runs.files import finite, read_json, write_json
from resnet.runs.spec import canonical


@dataclass(frozen=True)
class Measure:
    """An analysis of a trained net, by name.

    Attributes:
        place: 'module:function'; the function takes a `Trained` and returns a `Measured`.
        columns: what it fills in the table of runs (`resnet.claims.metrics`).
        version: raised by hand when its numbers change; older files are then measured anew.
        applies: whether it can be asked of a net of that name.
        passes: forward passes over the test images that it takes, given the number of layers.
        forwards: images that it passes forward beside those, given the recipe and the settings.
        settings: how it is taken, where its name says so after an '@'.
    """

    name: str
    place: str
    columns: tuple[str, ...] = ()
    version: int = 1
    applies: Callable[[str], bool] = lambda net: True
    passes: Callable[[int], float] = lambda layers: 1.0
    forwards: Callable[[Recipe, str], float] | None = None
    settings: str = ""


def of_ours(net: str) -> bool:
    """Whether the net is one of the suite's own, whose layers an analysis knows."""
    return not net.startswith("torchvision:")


def sums_up(net: str) -> bool:
    """Whether the net's blocks are F(x) + shortcut(x)."""
    from resnet.nets.grammar import parse

    return of_ours(net) and parse(net).style.shortcut in ("A", "B", "C")


def has_projections(net: str) -> bool:
    """Whether the net has shortcuts of option B or C, as those of He et al. 2015, Table 4."""
    from resnet.nets.grammar import parse

    return of_ours(net) and parse(net).style.shortcut in ("B", "C")


ALL: tuple[Measure, ...] = (
    Measure(
        "fit",
        "resnet.analysis.fit:fit",
        ("start_gap",),
        applies=of_ours,
        passes=lambda layers: 7.0,
    ),
    Measure(
        "signals",
        "resnet.analysis.signals:signals",
        ("response_std", "gradient_ratio_lowest"),
        applies=of_ours,
        passes=lambda layers: 2.0,
    ),
    Measure(
        "ten-crops",
        "resnet.analysis.crops:ten_crops",
        ("test_error_10_crops", "test_error_top5_10_crops"),
        passes=lambda layers: 10.0,
    ),
    Measure(
        "many-scales",
        "resnet.analysis.crops:many_scales",
        ("test_error_scales", "test_error_top5_scales"),
        applies=has_projections,
        passes=lambda layers: 25.0,  # the pixels of all five, at a photograph's usual 4:3
    ),
    Measure(
        "landscape",
        "resnet.analysis.landscape:landscape",
        ("surface_negative_curvature",),
        version=2,  # 9 × 9 points for short recipes, not 11 × 11
        passes=lambda layers: 0.0,
        forwards=settings.forwards,
    ),
    Measure(
        "lesions",
        "resnet.analysis.lesions:lesions",
        (
            *("lesion_median_rise", "lesion_downsampling_excess", "lesion_chance_share"),
            *("lesion_ten_error", "lesion_correlation", "shuffle_correlation"),
        ),
        applies=of_ours,
        # Counted on ResNet-20, 56 and 110: 15, 76 and 174 passes.
        passes=lambda layers: 1.4 * layers,
    ),
    Measure(
        "paths",
        "resnet.analysis.paths:paths",
        ("short_path_share", "path_length", "path_decay"),
        applies=sums_up,
        passes=lambda layers: 2.0,
    ),
)

MEASURES = {measure.name: measure for measure in ALL}

COLUMNS = tuple(dict.fromkeys(column for m in MEASURES.values() for column in m.columns))
"""Every column that some measure fills."""


def beside_it(column: str) -> tuple[str, ...]:
    """The other columns of the measure that fills this one; () for what no measure fills."""
    mine = next((m.columns for m in MEASURES.values() if column in m.columns), ())
    return tuple(name for name in mine if name != column)


def get(name: str) -> Measure:
    """The measure of that name; UserError with the valid ones otherwise.

    'landscape@25x1' is 'landscape' with settings of its own.
    """
    base, _, how = name.partition("@")
    if base not in MEASURES or (how and not MEASURES[base].forwards):
        raise unknown("measure", name, MEASURES)
    return replace(MEASURES[base], name=name, settings=how) if how else MEASURES[base]


def missing(path: Path, net: str, names: Iterable[str]) -> tuple[str, ...]:
    """Which of the measures the trained run in folder `path`, of that net, still lacks."""
    asked = (get(name) for name in names)
    return tuple(m.name for m in asked if m.applies(net) and read(path, m.name) is None)


def path_of(path: Path, name: str) -> Path:
    """The file of a measure in the run folder `path`."""
    return path / f"measure-{name}.json"


def write(
    path: Path, name: str, values: Mapping[str, float], rows: Iterable[tuple[int, str, float]]
) -> None:
    """Put what was found into the run folder `path`, atomically; what is not finite is left out."""
    content = {
        "version": get(name).version,
        "values": finite(values),
        "rows": [list(row) for row in rows if math.isfinite(row[2])],
    }
    write_json(path_of(path, name), {**content, "digest": _digest(content)})


def read(path: Path, name: str) -> dict[str, Any] | None:
    """{version, values, rows} of a measure; None where it is missing, old or cannot be trusted."""
    try:
        content = read_json(path_of(path, name))
        sound = content.pop("digest") == _digest(content)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    known = MEASURES.get(name.partition("@")[0])
    current = known is not None and content.get("version") == known.version
    return content if current and sound else None


def of(path: Path) -> list[dict[str, Any]]:
    """All measures in the run folder `path` that can be trusted, by name."""
    names = sorted(file.stem.removeprefix("measure-") for file in path.glob("measure-*.json"))
    return [found for name in names if (found := read(path, name)) is not None]


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()
