"""Every goal on a GPU in one call: what a session with an H200 runs first, in less than 10 minutes.

    python -m benchmarks gpu [--parts equal,goal,packed] [--nets preact-resnet110] [--minutes 9]
                             [--out FILE] [--tiny]

Each part prints a JSON line when it is done (and appends it to FILE), so a call that is cut short
has told all that it knew. Parts that would not end in time are left out by name. The order is that
of worth: first whether fast equals plain, then the goals, then the trials that set the defaults.
`--parts` takes the parts whose names begin so, `--nets` other nets than those with a goal. `--tiny`
rehearses all of it in a few minutes, on a CPU too; its figures mean nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.common import device_of, parser
from benchmarks.gpu_size import TINY, Size


def main(arguments: list[str] | None = None) -> None:
    """Measure part by part until the time is up."""
    options = parser("gpu", __doc__ or "", turns=0)
    options.add_argument("--minutes", type=float, default=9.0)
    options.add_argument("--out", type=Path, help="append the lines to this file too")
    options.add_argument("--parts", default="", help="with commas, by how their names begin")
    options.add_argument(
        "--nets", default="", help="with commas; the first stands for all in most parts"
    )
    options.add_argument("--tiny", action="store_true", help="a rehearsal")
    given = options.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    size = TINY if given.tiny else Size()
    nets = tuple(given.nets.split(",")) if given.nets else size.nets
    size = replace(size, turns=given.turns or size.turns, nets=nets)
    for line in run(size, device_of(given), end, given.parts):
        text = json.dumps(line)
        print(text, flush=True)
        if given.out:
            with given.out.open("a") as file:
                file.write(text + "\n")


def run(size: Size, device: str, end: float, asked: str = "") -> Iterator[dict[str, Any]]:
    """The findings of the parts asked for, one by one."""
    from benchmarks import early
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
        *(
            (
                f"early {net}",
                60,
                lambda net=net: early.compared(size, device, net, size.launched, size.turns),
            )
            for net in size.nets
        ),
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


if __name__ == "__main__":
    main()
