"""Every goal on a GPU in one call: what a session with an H200 runs first, in less than 10 minutes.

    python -m benchmarks gpu [--parts equal,goal,packed] [--minutes 9] [--out FILE] [--tiny]

Each part prints a JSON line when it is done (and appends it to FILE), so a call that is cut short
has told all that it knew. Parts that would not end in time are left out by name. The order is that
of worth: first whether fast equals plain, then the goals, then the trials that set the defaults.
`--parts` takes the parts whose names begin so. `--tiny` rehearses all of it in a few minutes, on a
CPU too; its figures mean nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.common import device_of, parser

STEPS, EPOCHS, TESTED = 64_000, 164, 10_000  # He et al. 2015, section 4.2: batches of 128
GOALS = {"resnet20": (60, 10), "resnet56": (150, 8), "resnet110": (300, 8)}  # s; x the usual loop
FIGURE_6 = tuple(f"{kind}{d}" for kind in ("plain", "resnet") for d in (20, 32, 44, 56, 110))
PACKED_GOAL = 12 * 60  # seconds


@dataclass(frozen=True)
class Size:
    """How much of everything: the real thing, or a rehearsal."""

    nets: tuple[str, ...] = tuple(GOALS)
    packed: tuple[str, ...] = FIGURE_6
    images: int = 50_000
    tests: int = TESTED
    batch: int = 128
    turns: int = 3
    compared: int = 50
    whole: int = STEPS
    packed_steps: int = 1_200
    workers: int = 10
    layers: int = 8_000  # times steps that a turn takes, so that a deep net's is no longer

    def stretch(self, net: str) -> int:
        """Steps a turn."""
        from resnet.nets import depth

        return max(4, self.layers // depth(net))


TINY = Size(("resnet8",), ("plain8", "resnet8"), 256, 64, 16, 1, 5, 32, 48, 2, 32)


def main(arguments: list[str] | None = None) -> None:
    """Measure part by part until the time is up."""
    options = parser("gpu", __doc__ or "", turns=0)
    options.add_argument("--minutes", type=float, default=9.0)
    options.add_argument("--out", type=Path, help="append the lines to this file too")
    options.add_argument("--parts", default="", help="with commas, by how their names begin")
    options.add_argument("--tiny", action="store_true", help="a rehearsal")
    given = options.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    size = TINY if given.tiny else Size()
    size = replace(size, turns=given.turns or size.turns)
    for line in run(size, device_of(given), end, given.parts):
        text = json.dumps(line)
        print(text, flush=True)
        if given.out:
            with given.out.open("a") as file:
                file.write(text + "\n")


def run(size: Size, device: str, end: float, asked: str = "") -> Iterator[dict[str, Any]]:
    """The findings of the parts asked for, one by one."""
    from benchmarks import gpu_parts as parts
    from resnet.runs.provenance import hardware, versions
    from resnet.training.signals import Interrupted

    machine = hardware(device)
    machine.pop("host")
    yield {"part": "machine", **machine, "torch": versions()["torch"]}
    setting = parts.Setting(size, device)
    last = size.nets[-1]
    # (name, seconds that it may take on an H200 at worst, what to do)
    plan: list[tuple[str, float, Callable[[], dict[str, Any]]]] = [
        ("equal", 20, lambda: parts.equal(setting)),
        *((f"goal {net}", 45, lambda net=net: parts.goal(setting, net)) for net in size.nets),
        ("kernels", 15, lambda: parts.kernels(setting, size.nets[0])),
        ("packed", 60, lambda: parts.packed(setting, "bfloat16")),
        ("packed, compiled", 80, lambda: parts.packed(setting, "bfloat16", compile=True)),
        ("layout", 20, lambda: parts.layouts(setting, size.nets[0])),
        ("compiled", 60, lambda: parts.compiled(setting, size.nets[0])),
        (f"layout {last}", 40, lambda: parts.layouts(setting, last)),
        ("floor", 10, lambda: parts.floors(setting)),
        ("whole resnet20", 100, lambda: parts.whole(setting, "bfloat16")),
    ]
    for name, at_most, part in plan:
        if not name.startswith(tuple(asked.split(","))):
            continue
        start = time.monotonic()
        if device == "cuda" and start + at_most > end:
            yield {"part": name, "left out": "no time"}
            continue
        try:
            found = part()
        except Interrupted:
            raise
        except Exception as error:  # what the other parts find is worth having all the same
            found = {"error": f"{type(error).__name__}: {error}"}
        yield {"part": name, **found, "seconds": round(time.monotonic() - start, 1)}


def extrapolated(step: float, test: float) -> float:
    """Seconds of a whole paper run from those of a step and of a test of 10,000 images."""
    return STEPS * step + EPOCHS * test


def sized(size: Size, precision: str, steps: int) -> Any:
    """The paper's recipe for so many steps, at this size; both cuts of the rate stay in place."""
    from resnet.recipes import PAPER

    return replace(
        PAPER,
        train_images=size.images,
        test_images=size.tests,
        batch_size=size.batch,
        precision=precision,
        steps=steps,
        milestones=(steps // 2, steps * 3 // 4),
    )


if __name__ == "__main__":
    main()
