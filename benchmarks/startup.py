"""From the start of Python to the end of a run's first step, in seconds: a process a turn.

Reading the images is not in it (`--data-dir` and the download are another matter): the run trains
one step of the built-in set, whose making is told apart.

    python -m benchmarks startup [--net resnet20] [--turns 3]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from statistics import median

from benchmarks.common import Result, compare, device_of, parser, show

DUE = 10.0
CHILD = """
import json, sys, tempfile, time
start = float(sys.argv[1])
from pathlib import Path
from dataclasses import replace
from resnet.training.train import train
from resnet.data import load
from resnet.recipes import get
from resnet.runs.spec import RunSpec
times = {"imports": time.time()}
dataset = load("synthetic")
times["images"] = time.time()
recipe = replace(get("quick"), steps=1, milestones=(), test_images=64)
spec = RunSpec(sys.argv[2], dataset.name, dataset.copy, dataset.digest, recipe, 0)

class First:
    def start(self, spec, step): times["prepared"] = time.time()
    def advance(self, step): times["step"] = time.time()
    def epoch(self, step, epoch, metrics): pass

with tempfile.TemporaryDirectory() as folder:
    train(spec, dataset, Path(folder), "benchmark", device=sys.argv[3], progress=First())
marks = [start, *times.values()]
print(json.dumps({k: b - a for k, a, b in zip(times, marks, marks[1:])}))
"""


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the seconds first."""
    options = parser("startup", __doc__ or "", turns=3)
    options.add_argument("--net", default="resnet20")
    given = options.parse_args(arguments)
    show([measure(given.net, given.turns, device_of(given))], given.json)


def measure(net: str, turns: int, device: str) -> Result:
    """Start so many processes, one after the other."""
    parts = [first_step(net, device) for _ in range(turns)]
    totals = [sum(part.values()) - part["images"] for part in parts]
    values = {"start": totals, "one": [1.0] * turns}
    medians = {name: median(part[name] for part in parts) for name in parts[0]}
    what = f"seconds from the start of Python to the first step, {net}, {device}"
    more = {"parts": medians}
    return compare(what, values, "start", "one", "s", device, due=DUE, less=True, more=more)


def first_step(net: str, device: str) -> dict[str, float]:
    """Seconds of each part, in a process of its own."""
    command = [sys.executable, "-c", CHILD, str(time.time()), net, device]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
