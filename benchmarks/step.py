"""A step made our way, plain and fast, against the usual loop's: images a second, net by net.

Ours: images on the device, augmented there, channels last; on a GPU captured as a CUDA graph. Also
told: what share of the device's floor that is (benchmarks/floor.py).

    python -m benchmarks step [--nets resnet20,resnet56] [--steps 6] [--turns 5] [--device cpu]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.common import Result, compare, device_of, in_turns, parser, seconds, show

if TYPE_CHECKING:
    from resnet.recipes import Recipe

DUE = {"cpu": {"resnet20": 1.3, "resnet56": 1.15}, "cuda": {"resnet20": 10.0}}
DUE_DEEPER = 8.0  # on a GPU
NETS = {"cpu": "resnet20,resnet56", "cuda": "resnet20,resnet56,resnet110"}
STEPS = {"cpu": 6, "cuda": 150}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    options = parser("step", __doc__ or "", turns=5)
    options.add_argument("--nets", help="by name, with commas (CPU: 20 and 56; GPU: and 110)")
    options.add_argument("--steps", type=int, help="a turn (CPU: 6, GPU: 150)")
    options.add_argument("--batch", type=int, default=128, help="images a step")
    options.add_argument("--precision", default="float32", help="ours: or tf32, bfloat16")
    given = options.parse_args(arguments)
    device = device_of(given)
    steps = given.steps or STEPS[device]
    recipe = recipe_of(given.batch, given.precision)
    for net in (given.nets or NETS[device]).split(","):
        show([measure(net, recipe, device, steps, given.turns)], given.json)


def recipe_of(batch: int, precision: str = "float32") -> Recipe:
    """The paper's recipe, but for these."""
    from resnet.recipes import PAPER

    small: dict[str, Any] = {
        "train_images": 5_000,
        "test_images": 1_000,
    }  # as many as the synthetic set has
    return replace(PAPER, batch_size=batch, precision=precision, warmup="none", **small)


def measure(net: str, recipe: Recipe, device: str, steps: int, turns: int) -> Result:
    """Plain, fast and usual steps of one net, in turns; the first turn warms up."""
    from benchmarks.floor import floor

    work, close = arms(net, recipe, device, steps)
    try:
        in_turns(work, 1)
        values = in_turns(work, turns)
    finally:
        close()
    ours = "fast" if "fast" in values else "plain"
    deeper = DUE_DEEPER if device == "cuda" else None
    result = compare(
        f"x the usual loop's images a second, {net}, steps of {recipe.batch_size}, {device}",
        values,
        ours,
        "usual",
        "images a second",
        device,
        due=DUE[device].get(net, deeper),
    )
    least = floor(net, recipe.batch_size, device, recipe.precision)
    step_ms = 1e3 * recipe.batch_size / result.medians[ours]
    share = max(least["bytes_ms"], least["operations_ms"]) / step_ms
    return replace(result, more={"step_ms": step_ms, "share_of_floor": share, "floor": least})


def arms(
    net: str, recipe: Recipe, device: str, steps: int
) -> tuple[dict[str, Callable[[], float]], Callable[[], None]]:
    """A function an arm that trains `steps` and returns images a second; and what ends them."""
    from benchmarks.loops import Ours, spec_of
    from benchmarks.usual import Usual
    from resnet.data import load
    from resnet.training.speed import FAST, PLAIN

    dataset = load("synthetic")
    spec = spec_of(net, dataset, recipe)
    loops: dict[str, Ours | Usual] = {"plain": Ours(spec, dataset, device, PLAIN)}
    if device == "cuda":
        loops["fast"] = Ours(spec, dataset, device, FAST)
    usual = loops["usual"] = Usual(spec, dataset.train, dataset.test, device)

    def rated(loop: Ours | Usual) -> Callable[[], float]:
        return lambda: steps * recipe.batch_size / seconds(lambda: loop.advance(steps))

    return {name: rated(loop) for name, loop in loops.items()}, usual.close


if __name__ == "__main__":
    main()
