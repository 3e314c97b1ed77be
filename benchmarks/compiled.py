"""Compiled blocks against eager ones: images a second, and when compiling has paid for itself.

Told besides the ratio: seconds of the compiled loop's first step, in which the blocks are compiled,
nothing cached before; and the steps of a run after which it has caught up with an eager one.

    python -m benchmarks compiled [--nets resnet20] [--precision float32] [--turns 5] [--device cpu]
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from benchmarks.loops import Ours
    from resnet.recipes import Recipe

PRECISIONS = ("float32", "tf32", "bfloat16")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    from benchmarks.step import STEPS, recipe_of

    options = parser("compiled", __doc__ or "", turns=5)
    options.add_argument("--nets", default="resnet20", help="by name, with commas")
    options.add_argument("--steps", type=int, help="a turn (CPU: 6, GPU: 150)")
    options.add_argument("--batch", type=int, default=128, help="images a step")
    options.add_argument("--precision", choices=PRECISIONS, default="float32", help="of both arms")
    given = options.parse_args(arguments)
    device = device_of(given)
    steps, recipe = given.steps or STEPS[device], recipe_of(given.batch, given.precision)
    for net in given.nets.split(","):
        show([measure(net, recipe, device, steps, given.turns)], given.json)


def measure(net: str, recipe: Recipe, device: str, steps: int, turns: int) -> Result:
    """Compiled and eager steps of one net, in turns; the first turn warms up."""
    import torch
    from torch._inductor.utils import fresh_cache

    # Neither the code of a net before nor that of an earlier call may make the first step short.
    torch.compiler.reset()
    with fresh_cache():
        loops = loops_of(net, recipe, device)
        loops["eager"].advance(1)  # what a process does but once is not counted as compiling
        first = seconds(lambda: loops["compiled"].advance(1))
        work = {name: rated(loop, steps, recipe.batch_size) for name, loop in loops.items()}
        in_turns(work, 1)
        values = in_turns(work, turns)
    kind = f"{recipe.precision}, steps of {recipe.batch_size}, {device}"
    what = f"x the eager blocks' images a second, compiled: {net}, {kind}"
    result = compare(what, values, "compiled", "eager", "images a second", device)
    eager = recipe.batch_size / result.medians["eager"]
    after = paid_back(first, eager, eager / result.ratio)
    return replace(result, more={"first_step_s": first, "paid_back_after_steps": after or "never"})


def loops_of(net: str, recipe: Recipe, device: str) -> dict[str, Ours]:
    """The loop with compiled blocks and the one without, else the same: on a GPU both captured."""
    from benchmarks.loops import Ours, spec_of
    from resnet.data import load
    from resnet.training.speed import FAST, Speed

    dataset = load("synthetic")
    spec = spec_of(net, dataset, recipe)
    arms = {"compiled": Speed(compile=True), "eager": FAST}
    return {name: Ours(spec, dataset, device, speed) for name, speed in arms.items()}


def rated(loop: Ours, steps: int, batch: int) -> Callable[[], float]:
    """What trains so many steps and returns images a second."""
    return lambda: steps * batch / seconds(lambda: loop.advance(steps))


def paid_back(first: float, eager: float, compiled: float) -> int | None:
    """Steps after which a compiled run has taken no longer than an eager one; None if never.

    `first` is the whole of the compiled run's first step, `eager` and `compiled` any later one, all
    in seconds. The eager run's own slow first step is left out: on a GPU, where both capture in it,
    this errs against compiling.
    """
    if compiled >= eager:
        return None
    # first + (steps - 1) * compiled <= steps * eager
    return max(1, math.ceil((first - compiled) / (eager - compiled)))


if __name__ == "__main__":
    main()
