"""A claim as data: the sentence, where it stands, and the numbers that decide it.

Every claim comes down to *contrasts*: one number a seed, a weighted sum of one metric over arms,
with a direction and a margin. A trend, a rank order or a conjunction is several contrasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Literal

from resnet.claims import arms as names

Status = Literal["VERIFIED", "VERIFIED-2ND", "COMPUTED", "UNVERIFIED"]
Direction = Literal["higher", "lower", "equal"]

UNITS = {
    "train_error": "points",
    "test_error": "points",
    "gradient_ratio": "decades",
    "response_std": "standard deviations",
    "seconds": "seconds",
}


@dataclass(frozen=True)
class Source:
    """Where a sentence or a figure stands, and how well that is known.

    VERIFIED: read in the paper; VERIFIED-2ND: read in others' notes that quote it; COMPUTED: by
    arithmetic; UNVERIFIED: from memory, never a target and never shown as the paper's.
    """

    paper: str
    where: str
    status: Status = "VERIFIED"

    def __str__(self) -> str:
        return f"{self.paper}, {self.where}"


@dataclass(frozen=True)
class Contrast:
    """One number a seed: the sum of weight × metric over the arms, less `bound`.

    `direction` is where the claim says the number lies: 'higher' than `margin`, 'lower' than
    -`margin`, or 'equal' to zero within it. A negative margin tolerates ties of that size.
    A `general` contrast speaks of depth, not of the depths named: it moves to the nets at hand.
    """

    metric: str
    terms: tuple[tuple[str, float], ...]
    direction: Direction
    margin: float = 0.0
    bound: float = 0.0
    general: bool = False

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
        return UNITS.get(self.metric, self.metric.rpartition("_")[2])

    @property
    def label(self) -> str:
        """The number in words: 'test_error: plain56 − plain20'."""
        signed = [("− " if weight < 0 else "+ ") + _times(weight) + net for net, weight in self.terms]
        bound = [f"{'−' if self.bound > 0 else '+'} {abs(self.bound):g}"] if self.bound else []
        return f"{self.metric}: {' '.join(signed + bound).removeprefix('+ ')}"

    def contrasts(self) -> tuple[Contrast, ...]:
        """Itself."""
        return (self,)

    def on(self, nets: Iterable[str]) -> Contrast | None:
        """The same question of the nets at hand: see `Claim.on`."""
        nets = list(nets)
        if set(self.arms) <= set(nets):
            return self
        moved = _move(self.arms, nets) if self.general else None
        if moved is None:
            return None
        return replace(self, terms=tuple((moved[net], weight) for net, weight in self.terms))

    def answer(self, low: float, high: float) -> str:
        """'reproduced', 'contradicted' or 'undecided', from an interval of the number."""
        if self.direction == "equal":
            inside = -self.margin < low and high < self.margin
            outside = low > self.margin or high < -self.margin
        else:
            if self.direction == "lower":
                low, high = -high, -low
            inside, outside = low > self.margin, high < -abs(self.margin)
        return "reproduced" if inside else "contradicted" if outside else "undecided"


@dataclass(frozen=True)
class Trend:
    """A metric that rises ('higher') or falls ('lower') with depth, at every neighbouring pair.

    The claim is of the family, up to the depth `up_to`: it extends to all such nets at hand.
    """

    metric: str
    arms: tuple[str, ...]
    direction: Direction
    margin: float = 0.0
    up_to: int | None = None
    kind = "trend"

    def contrasts(self) -> tuple[Contrast, ...]:
        """The deeper net of each neighbouring pair, less the shallower."""
        return tuple(
            Contrast(self.metric, ((deep, 1.0), (shallow, -1.0)), self.direction, self.margin)
            for shallow, deep in pairwise(self.arms)
        )

    def on(self, nets: Iterable[str]) -> Trend | None:
        """All nets at hand of the same family, by depth; None for fewer than two."""
        first = self.arms[0]
        found = names.by_depth(nets, names.family(first), names.dataset(first))
        limit = self.up_to or max(found, default=0)
        arms = tuple(net for depth, net in found.items() if depth <= limit)
        return replace(self, arms=arms) if len(arms) > 1 else None


@dataclass(frozen=True)
class Groups:
    """Rank groups from low to high: each net of a group lies below each net of the next."""

    metric: str
    groups: tuple[tuple[str, ...], ...]
    margin: float = 0.0
    kind = "rank-groups"
    direction: Direction = "higher"

    @property
    def arms(self) -> tuple[str, ...]:
        """The nets of all groups, in order."""
        return tuple(net for group in self.groups for net in group)

    def contrasts(self) -> tuple[Contrast, ...]:
        """Each net of a group, less each net of the group before."""
        return tuple(
            Contrast(self.metric, ((above, 1.0), (below, -1.0)), self.direction, self.margin)
            for lower, upper in pairwise(self.groups)
            for below, above in product(lower, upper)
        )

    def on(self, nets: Iterable[str]) -> Groups | None:
        """The groups cut down to the nets at hand; None for fewer than two groups."""
        kept = tuple(tuple(net for net in group if net in set(nets)) for group in self.groups)
        groups = tuple(group for group in kept if group)
        return replace(self, groups=groups) if len(groups) > 1 else None


Part = Contrast | Trend | Groups


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper, and the parts that must all hold for it to be reproduced."""

    id: str
    sentence: str
    source: Source
    parts: tuple[Part, ...]
    margin_why: str
    min_seeds: int = 3
    dataset: str = "cifar10"
    disputes: tuple[str, ...] = ()
    note: str = ""
    asked_of: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of the only part, or 'conjunction'."""
        return self.parts[0].kind if len(self.parts) == 1 else "conjunction"

    @property
    def arms(self) -> tuple[str, ...]:
        """The nets that the claim needs, each once."""
        return tuple(dict.fromkeys(net for part in self.parts for net in part.arms))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The columns of the table of runs that the claim needs, each once."""
        return tuple(dict.fromkeys(part.metric for part in self.parts))

    @property
    def direction(self) -> Direction:
        """The direction of the first part."""
        return self.parts[0].direction

    @property
    def margin(self) -> float:
        """The margin of the first part, in its unit."""
        return self.parts[0].margin

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every number that the claim is decided on."""
        return tuple(contrast for part in self.parts for contrast in part.contrasts())

    def on(self, nets: Iterable[str]) -> Claim | None:
        """The claim asked of the nets at hand, or None where they cannot decide it.

        Trends take all nets of their family; a general contrast moves to the deepest common depth
        (or the shallowest and deepest, where it compares two); parts without nets are left out.
        """
        nets = list(nets)
        parts = tuple(part for part in (part.on(nets) for part in self.parts) if part is not None)
        if not parts:
            return None
        asked = replace(self, parts=parts)
        return self if parts == self.parts else replace(asked, asked_of=asked.arms)


def difference(
    metric: str,
    first: str,
    second: str,
    direction: Direction,
    margin: float = 0.0,
    general: bool = False,
) -> Contrast:
    """`first` less `second`, paired by seed."""
    return Contrast(metric, ((first, 1.0), (second, -1.0)), direction, margin, general=general)


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


def _move(arms: tuple[str, ...], nets: list[str]) -> dict[str, str] | None:
    """Each arm's stand-in of its own family, at the depths that all families have at hand."""
    families = {names.family(net): names.by_depth(nets, names.family(net)) for net in arms}
    common = sorted(set.intersection(*(set(found) for found in families.values())))
    wanted = sorted({names.depth(net) for net in arms})
    if len(common) < len(wanted) or len(wanted) > 2:
        return None
    stand_in = dict(zip(reversed(wanted), (common[-1], common[0]), strict=False)) if common else {}
    return {net: families[names.family(net)][stand_in[names.depth(net)]] for net in arms}
