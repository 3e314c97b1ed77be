"""What all benchmarks share: turns, paired ratios, the result, and how it is told.

Arms take turns within one process, so that whatever else the machine does meets all of them; what
counts is the ratio of two arms within a turn, and its median over turns.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """A measured ratio, and what it is made of.

    Attributes:
        what: what the ratio is of, in words.
        ratio: median over turns of the paired ratios; low and high are the extremes.
        due: what the ratio should be at least (at most where `less`); None where nothing is.
        medians: the arms' own figures, in `unit`.
        more: whatever else is worth knowing.
    """

    what: str
    ratio: float
    low: float
    high: float
    turns: int
    unit: str
    medians: dict[str, float]
    due: float | None = None
    less: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the ratio is what is due; None where nothing is."""
        if self.due is None:
            return None
        return self.ratio <= self.due if self.less else self.ratio >= self.due


def parser(name: str, description: str, turns: int) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a result")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: CUDA where there is")
    parser.add_argument("--turns", type=int, default=turns, help="how often each arm is measured")
    return parser


def device_of(options: argparse.Namespace) -> str:
    """The device asked for, or the best there is."""
    import torch

    return options.device or ("cuda" if torch.cuda.is_available() else "cpu")


def in_turns(arms: Mapping[str, Callable[[], float]], turns: int) -> dict[str, list[float]]:
    """What each arm returned, turn by turn; every second turn goes the other way round."""
    values: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(turns):
        for name in list(arms)[:: -1 if turn % 2 else 1]:
            values[name].append(arms[name]())
    return values


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes by the wall clock; it must wait for the device by itself."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(
    what: str,
    values: Mapping[str, Sequence[float]],
    above: str,
    below: str,
    unit: str,
    device: str = "cpu",
    **rest: Any,
) -> Result:
    """The ratio of two arms, paired by turn."""
    from resnet.runs.provenance import hardware, versions

    ratios = sorted(a / b for a, b in zip(values[above], values[below], strict=True))
    medians = {name: statistics.median(measured) for name, measured in values.items()}
    machine = {**hardware(device), "torch": versions()["torch"]}
    machine.pop("host")
    return Result(
        what,
        statistics.median(ratios),
        ratios[0],
        ratios[-1],
        len(ratios),
        unit,
        medians,
        hardware=machine,
        **rest,
    )


def show(results: Sequence[Result], as_json: bool) -> None:
    """Print the results, the ratio first."""
    for result in results:
        print(json.dumps({**asdict(result), "met": result.met}) if as_json else told(result))


def told(result: Result) -> str:
    """The result in a few lines."""
    due = ""
    if result.due is not None:
        bound, verdict = "at most" if result.less else "due", "met" if result.met else "NOT MET"
        due = f"; {bound} {result.due:g}: {verdict}"
    arms = ", ".join(f"{name} {_number(value)}" for name, value in result.medians.items())
    lines = [
        f"{result.ratio:.3f} {result.what} "
        f"({result.low:.3f} to {result.high:.3f} over {result.turns} turns{due})",
        f"    {arms} {result.unit}",
        *(f"    {name}: {_told(value)}" for name, value in result.more.items()),
    ]
    machine = result.hardware
    if machine:
        lines.append(
            f"    {machine['name']}, {machine['threads']} threads, torch {machine['torch']}"
        )
    return "\n".join(lines)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(part)}" for name, part in value.items())
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
