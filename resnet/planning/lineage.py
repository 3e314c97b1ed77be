"""Runs that start from other runs: who their parents are, and in which order all are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from resnet.data.names import PARTS, named
from resnet.data.names import split as split_set
from resnet.nets.start import split
from resnet.runs.spec import RunSpec

if TYPE_CHECKING:
    from resnet.recipes import Recipe


def part_of(dataset: Any, part: str) -> Any:
    """The `part` of a data set, or of the one that it is a part of; the set itself for ''."""
    whole, _ = split_set(dataset.name)
    return dataset.part(named(whole, part)) if part else dataset


def lineage(
    net: str,
    recipe: Recipe,
    seed: int,
    data: Any,
    whole: Any,
    main: Callable[[Any], Recipe],
) -> tuple[RunSpec, ...]:
    """A run, and before it the runs that it starts from, from the first one on.

    Args:
        net: its net; `plain56-from-plain20` starts from `plain20` on the same data,
            `resnet20-from-animals` from `resnet20` on that part of `whole`.
        recipe: its own.
        seed: its own, and that of all before it.
        data: what it is trained on (a data set, or its description).
        whole: the data set that has the parts.
        main: the experiment's recipe, cut to a data set: what parents are trained with.
    """
    spec = RunSpec(net, data.name, data.copy, data.digest, recipe, seed)
    bare, start = split(net)
    if not start:
        return (spec,)
    there = part_of(whole, start) if start in PARTS else data
    parent = bare if start in PARTS else start
    before = lineage(parent, main(there), seed, there, whole, main)
    return (*before, spec.starting_from(before[-1]))


def untrained(specs: Iterable[RunSpec], parents: Mapping[RunSpec, str]) -> tuple[RunSpec, ...]:
    """The `parents` that have still to be trained for `specs`, which are, the first ones first.

    Args:
        specs: runs that are to be trained.
        parents: the status of each run that may be a parent, each after its own parent.
    """
    wanted = {spec.start.run for spec in specs if spec.start}
    found: list[RunSpec] = []
    for spec, status in reversed(list(parents.items())):
        if spec.id in wanted and status not in ("done", "failed"):
            found.append(spec)
            wanted |= {spec.start.run} if spec.start else set()
    return tuple(reversed(found))


def generations(specs: Sequence[RunSpec]) -> list[list[RunSpec]]:
    """The runs in groups, each after the group of the runs that its own start from."""
    rest, groups = list(specs), []
    while rest:
        waiting = {spec.id for spec in rest}
        groups.append([s for s in rest if not (s.start and s.start.run in waiting)])
        rest = [s for s in rest if s.start and s.start.run in waiting]
    return groups
