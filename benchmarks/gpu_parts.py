"""The parts of `python -m benchmarks gpu`: each measures one thing and returns plain values."""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks import floor, gpu_size
from benchmarks.common import in_turns, seconds
from benchmarks.loops import Ours, spec_of
from benchmarks.packing import pool_records
from benchmarks.usual import Usual
from resnet.data.sets import Dataset, digest, splits
from resnet.runs.spec import RunSpec
from resnet.training.speed import FAST, PLAIN, Speed
from sweeps.mps import offered

PRECISIONS = ("float32", "tf32", "bfloat16")
PROFILED, SHOWN = 10, 24  # steps, and kernels by name


class Setting:
    """Images as many as CIFAR-10's (noise: speed does not look at them), and the device."""

    def __init__(self, size: gpu_size.Size, device: str) -> None:
        self.size, self.device = size, device
        random, arrays = np.random.default_rng(0), {}
        for split, n in (("train", size.images), ("test", size.tests)):
            arrays[f"{split}_images"] = random.integers(0, 256, (n, 3, 32, 32), np.uint8)
            arrays[f"{split}_labels"] = random.integers(0, 10, n)
        classes = tuple("abcdefghij")
        pair = splits(arrays)
        self.dataset = Dataset("synthetic", *pair, classes, "synthetic", "noise", digest(arrays))

    def spec(self, net: str, precision: str = "float32", steps: int = gpu_size.STEPS) -> RunSpec:
        """A run of seed 0 at this size."""
        return spec_of(net, self.dataset, gpu_size.sized(self.size, precision, steps))

    def ours(self, net: str, precision: str, speed: Speed) -> Ours:
        """Our loop, on this device."""
        return Ours(self.spec(net, precision), self.dataset, self.device, speed)


def floors(setting: Setting) -> dict[str, Any]:
    """Milliseconds a step at the device's own bandwidth and rate, by net and precision."""
    size = setting.size
    return {
        net: {p: floor.floor(net, size.batch, setting.device, p) for p in PRECISIONS}
        for net in size.nets
    }


def equal(setting: Setting) -> dict[str, Any]:
    """How far losses of the fast step are from the plain one's over 50 steps, by precision.

    Beside it, how far the plain step is from itself: kernels that add in any order differ too.
    """
    found: dict[str, Any] = {}
    for precision in PRECISIONS:
        losses = {
            name: _losses(setting, precision, speed)
            for name, speed in (("plain", PLAIN), ("again", PLAIN), ("fast", FAST))
        }
        plain = losses.pop("plain")
        found[precision] = {k: float(((v - plain) / plain).abs().max()) for k, v in losses.items()}
    return {"largest relative difference of losses": found}


def _losses(setting: Setting, precision: str, speed: Speed) -> torch.Tensor:
    module = setting.ours(setting.size.nets[0], precision, speed).module
    parts = []
    for start in range(0, setting.size.compared, 10):
        chunk = range(start, min(start + 10, setting.size.compared))
        parts.append(module._take(chunk)[0].double().cpu())
    return torch.cat(parts)


def goal(setting: Setting, net: str) -> dict[str, Any]:
    """Fast steps in each precision, plain ones, and the usual loop's, in turns; what is due.

    Bfloat16 stands twice: by our own kernels, and by cuDNN's.
    """
    size, stretch = setting.size, setting.size.stretch(net)
    loops: dict[str, Ours] = {p: setting.ours(net, p, FAST) for p in PRECISIONS}
    loops["bfloat16, cuDNN's"] = setting.ours(net, "bfloat16", replace(FAST, kernels=False))
    loops["plain"] = setting.ours(net, "float32", PLAIN)
    train, test = setting.dataset.train, setting.dataset.test
    usual = Usual(setting.spec(net), train, test, setting.device, workers=4)

    def ours(loop: Ours) -> Any:
        return lambda: seconds(lambda: loop.advance(stretch)) / stretch

    work: dict[str, Any] = {name: ours(loop) for name, loop in loops.items()}
    work["usual"] = lambda: seconds(lambda: usual.advance(stretch)) / stretch
    in_turns(work, 1)
    steps = in_turns(work, size.turns)
    tests = in_turns({k: tested(loop) for k, loop in loops.items()}, size.turns + 1)
    memory = torch.cuda.max_memory_allocated() / 2**30 if setting.device == "cuda" else 0.0
    usual.close()
    return {**_judged(net, steps, tests), "GiB": memory}


def tested(loop: Ours) -> Any:
    """Seconds of a test, behind the one step that an epoch needs to close."""

    def test() -> float:
        loop.advance(1)
        return seconds(loop.evaluate)

    return test


def _judged(
    net: str, steps: dict[str, list[float]], tests: dict[str, list[float]]
) -> dict[str, Any]:
    goal_seconds, goal_ratio = gpu_size.GOALS.get(net, (0, 0))
    found: dict[str, Any] = {"due seconds": goal_seconds, "due ratio": goal_ratio}
    for name in tests:
        ratios = sorted(u / s for u, s in zip(steps["usual"], steps[name], strict=True))
        step, test = median(steps[name]), median(tests[name][1:])
        found[name] = {
            "step_ms": 1e3 * step,
            "test_ms": 1e3 * test,
            "paper run, s": gpu_size.extrapolated(step, test),
            "x usual": [ratios[0], median(ratios), ratios[-1]],
        }
    return {**found, "usual step_ms": 1e3 * median(steps["usual"])}


def whole(setting: Setting, precision: str) -> dict[str, Any]:
    """A whole run through Lightning, record and tests and all: seconds by the wall."""
    from resnet.training.train import train

    spec = setting.spec(setting.size.nets[0], precision, setting.size.whole)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        how = train(spec, setting.dataset, Path(folder), "benchmark", device=setting.device)
        took = time.perf_counter() - start
    return {"net": spec.net, "precision": precision, "steps": spec.recipe.steps, "took": took} | {
        "status": how
    }


def packed(setting: Setting, precision: str, compile: bool = False) -> dict[str, Any]:
    """The nets of Figure 6 side by side for a while: what all of them would take at that pace."""
    size = setting.size
    specs = [setting.spec(net, precision, size.packed_steps) for net in size.packed]
    took, ends = pool_records(specs, setting.dataset, size.workers, setting.device, compile)
    # From the end of the last first epoch on, every run is under way and nothing starts any more.
    begin = max(first for first, _ in ends.values())
    finish = max(last for _, last in ends.values())
    first_epoch = specs[0].recipe.epoch_end(1)
    pace = (finish - begin) / (size.packed_steps - first_epoch)
    return {
        "took": took,
        "start": took - (finish - begin),
        "all ten, s": pace * gpu_size.STEPS,
        "due": gpu_size.PACKED_GOAL,
        "MPS offered": setting.device == "cuda" and offered(),
        "seconds after the first epoch": {net: b - a for net, (a, b) in ends.items()},
    }


def layouts(setting: Setting, net: str) -> dict[str, Any]:
    """Channels last against NCHW, in each precision: milliseconds a step."""
    arms = {
        f"{precision} {name}": setting.ours(net, precision, Speed(channels_last=last))
        for precision in PRECISIONS
        for name, last in (("channels last", True), ("NCHW", False))
    }
    return {"net": net, "step_ms": _paced(setting, net, arms)}


def kernels(setting: Setting, net: str) -> dict[str, Any]:
    """Where the device's time of a step goes, by precision: [µs, launches] of its first kernels."""
    from torch.profiler import ProfilerActivity, profile

    found: dict[str, Any] = {"net": net}
    arms = {precision: (precision, PLAIN) for precision in PRECISIONS}
    for name, (precision, speed) in {**arms, "bfloat16, our own": ("bfloat16", FAST)}.items():
        loop = setting.ours(net, precision, speed)
        loop.advance(PROFILED)
        activity = ProfilerActivity.CUDA if setting.device == "cuda" else ProfilerActivity.CPU
        with profile(activities=[activity]) as told:
            loop.advance(PROFILED)
        found[name] = _by_kernel(setting, told.key_averages())
    return found


def _by_kernel(setting: Setting, events: Any) -> dict[str, list[float]]:
    """[µs, launches] a step: of all kernels, then of those that take longest."""
    taken: dict[str, list[float]] = {}
    for event in events:
        time_ = getattr(event, f"self_{_kind(setting)}_time_total")
        if time_:  # the host's calls are events too, and take the device no time
            sums = taken.setdefault(event.key[:110], [0.0, 0.0])  # long names differ in their tails
            sums[0] += time_ / PROFILED
            sums[1] += event.count / PROFILED
    ordered = sorted(taken.items(), key=lambda pair: -pair[1][0])
    whole = [sum(parts) for parts in zip(*taken.values(), strict=True)]
    return {"all": whole, **dict(ordered[:SHOWN])}


def _kind(setting: Setting) -> str:
    return "device" if setting.device == "cuda" else "cpu"


def compiled(setting: Setting, net: str) -> dict[str, Any]:
    """Blocks compiled by kind, and captured: the first step's seconds, and milliseconds a step."""
    found: dict[str, Any] = {"net": net}
    for precision in ("bfloat16", "tf32"):
        loop = setting.ours(net, precision, Speed(compile=True))
        first = seconds(lambda loop=loop: loop.advance(1))  # type: ignore[misc]
        eager = setting.ours(net, precision, FAST)
        paced = _paced(setting, net, {"compiled": loop, "eager": eager})
        found[precision] = {"first step, s": first, "step_ms": paced}
        gc.collect()
    return found


def _paced(setting: Setting, net: str, arms: dict[str, Ours]) -> dict[str, float]:
    steps = setting.size.stretch(net)
    work = {
        name: lambda loop=loop: 1e3 * seconds(lambda: loop.advance(steps)) / steps
        for name, loop in arms.items()
    }
    in_turns(work, 1)
    return {name: median(values) for name, values in in_turns(work, setting.size.turns).items()}
