"""A contrast: one number a seed, with the side on which a claim says it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

from resnet.claims import metrics
from resnet.claims.arms import depth, moved, stand_in
from resnet.errors import unknown

Direction = Literal["higher", "lower", "equal"]


@dataclass(frozen=True)
class Contrast:
    """One number a seed: the sum of weight × metric over the arms.

    `direction` is where the claim says the number lies: 'higher' than `bound` + `margin`, 'lower'
    than `bound` - `margin`, or 'equal' to `bound` within it. A negative margin tolerates ties.
    A `general` contrast speaks of depth, not of the depths named: it moves to the nets at hand,
    of at most `up_to` layers.
    """

    metric: str
    terms: tuple[tuple[str, float], ...]
    direction: Direction
    margin: float = 0.0
    bound: float = 0.0
    general: bool = False
    up_to: int | None = None

    def __post_init__(self) -> None:
        if self.direction not in get_args(Direction):
            raise unknown("direction", self.direction, get_args(Direction))

    @property
    def kind(self) -> str:
        """'threshold', 'difference', 'interaction' or 'equivalence'."""
        if self.direction == "equal":
            return "equivalence"
        return {1: "threshold", 2: "difference"}.get(len(self.terms), "interaction")

    @property
    def arms(self) -> tuple[str, ...]:
        """The nets that take part."""
        return tuple(net for net, _ in self.terms)

    @property
    def unit(self) -> str:
        """The unit of the number: 'points' are percentage points of error."""
        return metrics.unit(self.metric)

    @property
    def label(self) -> str:
        """The number in words: 'train_error: plain56 − plain20'."""
        signed = [f"{'−' if w < 0 else '+'} {_times(w)}{net}" for net, w in self.terms]
        return f"{self.metric}: {' '.join(signed).removeprefix('+ ')}"

    @property
    def asserted(self) -> str:
        """Where the claim says that the number lies: '> 0.2', '= 8.75 ± 0.5'."""
        if self.direction == "equal":
            return f"= {self.bound:g} ± {self.margin:g}"
        sign = 1 if self.direction == "higher" else -1
        return f"{'>' if sign > 0 else '<'} {self.bound + sign * self.margin:g}".replace("-", "−")

    @property
    def tolerant(self) -> bool:
        """Whether arms that are alike satisfy it."""
        return len(self.terms) > 1 and (self.direction == "equal" or self.margin < 0)

    def contrasts(self) -> tuple[Contrast, ...]:
        """Itself."""
        return (self,)

    def named(self, rename: Callable[[str], str]) -> Contrast:
        """The same contrast of arms with other names."""
        return replace(self, terms=tuple((rename(arm), weight) for arm, weight in self.terms))

    def on(self, nets: Iterable[str]) -> Contrast | None:
        """The same question of the nets at hand: see `Claim.on`."""
        nets = list(nets)
        here = {arm: net for arm in self.arms if (net := stand_in(arm, nets))}
        if len(here) < len(self.arms):
            near = [net for net in nets if self.up_to is None or depth(net) <= self.up_to]
            here = (self.general and moved(self.arms, near)) or {}
        terms = tuple((here[arm], weight) for arm, weight in self.terms if arm in here)
        return self if terms == self.terms else replace(self, terms=terms) if terms else None

    def answer(self, low: float, high: float) -> str:
        """'reproduced', 'contradicted' or 'undecided': does the interval lie where `asserted` says?

        One that ends short of the margin contradicts, in the claimed direction too: what is claimed
        is an effect beyond it.
        """
        if self.direction == "lower":
            low, high = -high + self.bound, -low + self.bound
        else:
            low, high = low - self.bound, high - self.bound
        if self.direction == "equal":
            inside = -self.margin < low and high < self.margin
            outside = low > self.margin or high < -self.margin
        else:
            inside, outside = low > self.margin, high < self.margin
        return "reproduced" if inside else "contradicted" if outside else "undecided"

    def has_direction(self, effect: float) -> bool:
        """Whether `effect` lies on the claimed side of the bound, however near."""
        away = effect - self.bound
        return {"higher": away > 0, "lower": away < 0, "equal": False}[self.direction]

    def leans(self, effect: float) -> str:
        """The answer that endless seeds with this mean would give."""
        return self.answer(effect, effect)

    def lead(self, effect: float) -> float:
        """How far `effect` lies beyond the margin in the claimed direction; negative: short."""
        away = effect - self.bound
        if self.direction == "equal":
            return self.margin - abs(away)
        return (away if self.direction == "higher" else -away) - self.margin

    def clearances(self, effect: float) -> tuple[float, ...]:
        """From `effect` to each margin that an interval about it must not reach.

        Two where the claim is that it lies between them, and it does.
        """
        ahead = self.lead(effect)
        if self.direction == "equal":
            return (ahead, 2 * self.margin - ahead) if ahead > 0 else (-ahead,)
        return (abs(ahead),)


def difference(
    metric: str,
    first: str,
    second: str,
    direction: Direction,
    margin: float = 0.0,
    general: bool = False,
    up_to: int | None = None,
) -> Contrast:
    """`first` less `second`, paired by seed."""
    terms = ((first, 1.0), (second, -1.0))
    return Contrast(metric, terms, direction, margin, general=general, up_to=up_to)


def threshold(
    metric: str, arm: str, direction: Direction, bound: float, general: bool = False
) -> Contrast:
    """The metric of `arm` lies above or below `bound`."""
    return Contrast(metric, ((arm, 1.0),), direction, bound=bound, general=general)


def value(metric: str, arm: str, figure: float, margin: float) -> Contrast:
    """The metric of `arm` equals the printed `figure` within `margin`."""
    return Contrast(metric, ((arm, 1.0),), "equal", margin, bound=figure)


def interaction(
    metric: str,
    first: tuple[str, str],
    second: tuple[str, str],
    direction: Direction,
    margin: float = 0.0,
    general: bool = False,
) -> Contrast:
    """The difference within the pair `first`, less the difference within the pair `second`."""
    terms = ((first[0], 1.0), (first[1], -1.0), (second[0], -1.0), (second[1], 1.0))
    return Contrast(metric, terms, direction, margin, general=general)


def _times(weight: float) -> str:
    return "" if abs(weight) == 1 else f"{abs(weight):g} × "
