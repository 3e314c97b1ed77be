"""Kernels launched before the one ahead ends, against kernels that are not: same weights, and pace.

    python -m benchmarks early [--net resnet20] [--steps 2000] [--tiny]

Hopper's programmatic launch (`RESNET_EARLY=1`) is decided when the kernels are imported, so each
arm is a process of its own: it trains so many captured steps and tells a digest of the weights.
One arm runs twice: where its own digests differ, equality says nothing. Exit code 1 where those
agree and early launches change the weights.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import device_of, in_turns, parser, seconds
from benchmarks.gpu_size import TINY, Size, extrapolated

ARMS = {"waiting": "0", "waiting again": "0", "early": "1"}


def main(arguments: list[str] | None = None) -> None:
    """Compare, or (with --alone) be one of the arms."""
    options = parser("early", __doc__ or "", turns=5)
    options.add_argument("--net", default="resnet20")
    options.add_argument("--steps", type=int, default=2_000)
    options.add_argument("--tiny", action="store_true", help="a rehearsal")
    options.add_argument("--alone", action="store_true", help="this process's kernels only")
    given = options.parse_args(arguments)
    size, device = TINY if given.tiny else Size(), device_of(given)
    found = (alone if given.alone else compared)(size, device, given.net, given.steps, given.turns)
    print(json.dumps(found))
    if found.get("repeatable") and not found["same"]:
        sys.exit(1)


def compared(size: Size, device: str, net: str, steps: int, turns: int) -> dict[str, Any]:
    """All arms, one after the other, and whether the early one ends with the same weights."""
    found: dict[str, Any] = {
        arm: _in_a_process(size, device, net, steps, turns, early) for arm, early in ARMS.items()
    }
    weights = {arm: told.pop("weights") for arm, told in found.items()}
    found["repeatable"] = weights["waiting"] == weights["waiting again"]
    found["same"] = weights["waiting"] == weights["early"]
    return {"net": net, "steps": steps, **found}


def _in_a_process(
    size: Size, device: str, net: str, steps: int, turns: int, early: str
) -> dict[str, Any]:
    words = ["--net", net, "--steps", steps, "--turns", turns, "--device", device, "--alone"]
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks", "early", *map(str, words), *_tiny(size)],
        env={**os.environ, "RESNET_EARLY": early},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    if told.returncode:
        said = told.stderr.strip().splitlines() or [f"exit status {told.returncode}"]
        raise RuntimeError(said[-1])
    return json.loads(told.stdout)


def _tiny(size: Size) -> list[str]:
    return ["--tiny"] if size == TINY else []


def alone(size: Size, device: str, net: str, steps: int, turns: int) -> dict[str, Any]:
    """Digest of the weights after so many steps, then milliseconds a step and a test."""
    from benchmarks.gpu_parts import Setting, tested
    from resnet.training.speed import FAST
    from resnet.training.start import weights_sha256

    precision = "bfloat16" if device == "cuda" else "float32"  # a rehearsal, and a CPU's own
    loop = Setting(size, device).ours(net, precision, FAST)
    loop.advance(steps)
    digest, stretch = weights_sha256(loop.module.net), size.stretch(net)

    work = {
        "step": lambda: seconds(lambda: loop.advance(stretch)) / stretch,
        "test": tested(loop),
    }
    in_turns(work, 1)
    step, test = (median(values) for values in in_turns(work, turns).values())
    times = {"step_ms": 1e3 * step, "test_ms": 1e3 * test}
    kind = type(loop.module.net).__name__
    return {"weights": digest, "kind": kind, **times, "paper run, s": extrapolated(step, test)}
