"""How much of everything `python -m benchmarks gpu` measures, and what is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

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
    launched: int = 2_000
    whole: int = STEPS
    packed_steps: int = 1_200
    workers: int = 10
    layers: int = 8_000  # times steps that a turn takes, so that a deep net's is no longer

    def stretch(self, net: str) -> int:
        """Steps a turn."""
        from resnet.nets import depth

        return max(4, self.layers // depth(net))


TINY = Size(("resnet8",), ("plain8", "resnet8"), 256, 64, 16, 1, 5, 4, 32, 48, 2, 32)


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
