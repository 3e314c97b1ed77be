"""How long runs will take on the cluster, from those that are done; never a guess from nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from resnet.planning.estimate import work
from resnet.runs.files import read_json
from resnet.runs.folder import PROVENANCE, RESULT
from resnet.runs.spec import RunSpec

SAMPLES = 3  # done runs of one net and recipe that are looked at

Seconds = Callable[[RunSpec], float]


@dataclass(frozen=True)
class Measured:
    """Seconds of a done run, of all its processes together, and what it was trained on."""

    spec: RunSpec
    seconds: float
    device: str
    machine: str


@dataclass(frozen=True)
class Expected:
    """Seconds that each run will take, and where that is known from."""

    seconds: Seconds
    source: str


def expect(root: Path, runs: Iterable[RunSpec], device: str, processes: int = 1) -> Expected | None:
    """From those `runs` that are done: of the same net and recipe, else scaled by work; or None.

    So many `processes` will share each, however many shared those.
    Runs measured on `device` count; only where there are none of them, the others do.
    """
    samples = list(_samples(root, runs))
    samples = [s for s in samples if s.device == device] or samples
    if not samples:
        return None
    by_arm: dict[tuple[str, str], list[float]] = {}
    for sample in samples:
        arm = (sample.spec.net, sample.spec.recipe.digest)
        by_arm.setdefault(arm, []).append(sample.seconds)
    rate = median(sample.seconds / work(sample.spec) for sample in samples)

    def seconds(spec: RunSpec) -> float:
        same = by_arm.get((spec.net, spec.recipe.digest))
        return (median(same) if same else rate * work(spec)) / processes

    machines = sorted({sample.machine for sample in samples})
    return Expected(seconds, f"{len(samples)} runs measured on {', '.join(machines)[:80]}")


def makespan(amounts: Sequence[float], slots: int) -> float:
    """Seconds until all is done when each slot takes the next one as it gets free."""
    ends = [0.0] * max(1, min(slots, len(amounts)))
    for amount in amounts:
        first = min(range(len(ends)), key=ends.__getitem__)
        ends[first] += amount
    return max(ends)


def _samples(root: Path, runs: Iterable[RunSpec]) -> Iterable[Measured]:
    seen: dict[tuple[str, str], int] = {}
    for spec in runs:
        arm = (spec.net, spec.recipe.digest)
        if seen.get(arm, 0) >= SAMPLES:
            continue
        try:
            result: dict[str, Any] = read_json(root / spec.id / RESULT)
            provenance = read_json(root / spec.id / PROVENANCE)
            hardware = provenance["hardware"]
            seconds = float(result["seconds"]) * _processes(provenance)
            yield Measured(spec, seconds, hardware["device"], hardware["name"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        seen[arm] = seen.get(arm, 0) + 1


def _processes(provenance: dict[str, Any]) -> int:
    """How many shared the run at last."""
    attempts = provenance.get("attempts") or [{}]
    return attempts[-1].get("processes", 1)
