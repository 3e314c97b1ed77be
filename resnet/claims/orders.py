"""Orders of several arms: a trend with depth, and rank groups. Each is many contrasts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise, product

from resnet.claims import arms as names
from resnet.claims.contrasts import Contrast, Direction


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

    def named(self, rename: Callable[[str], str]) -> Trend:
        """The same trend of arms with other names."""
        return replace(self, arms=tuple(map(rename, self.arms)))

    def on(self, nets: Iterable[str]) -> Trend | None:
        """All nets at hand of the same family, by depth; None for fewer than two."""
        found = names.by_depth(nets, self.arms[0])
        limit = self.up_to or max(found, default=0)
        arms = tuple(net for depth, net in found.items() if depth <= limit)
        return replace(self, arms=arms) if len(arms) > 1 else None


@dataclass(frozen=True)
class Groups:
    """Rank groups from low to high: each net of a group lies below each net of the next.

    `general` groups are of nets of one depth and speak of any: they move to the nets at hand.
    """

    metric: str
    groups: tuple[tuple[str, ...], ...]
    margin: float = 0.0
    general: bool = False
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

    def named(self, rename: Callable[[str], str]) -> Groups:
        """The same groups of arms with other names."""
        return replace(self, groups=tuple(tuple(map(rename, group)) for group in self.groups))

    def on(self, nets: Iterable[str]) -> Groups | None:
        """The groups cut down to the nets at hand; None for fewer than two groups."""
        nets = list(nets)
        here = {arm: names.stand_in(arm, nets) for arm in self.arms}
        found = {arm: net for arm, net in here.items() if net}
        if self.general and len(found) < len(self.arms):
            found = max(found, self._moved(nets), key=len)
        kept = (tuple(found[arm] for arm in group if arm in found) for group in self.groups)
        groups = tuple(group for group in kept if group)
        return replace(self, groups=groups) if len(groups) > 1 else None

    def _moved(self, nets: list[str]) -> dict[str, str]:
        """Each arm that some depth at hand has, at the depth that has most of them."""
        kinds = [{arm: names.by_depth(nets, arm, alike) for arm in self.arms}
                 for alike in (names.architecture, names.namesakes)]  # fmt: skip
        at = [
            {arm: found[depth] for arm, found in kind.items() if depth in found}
            for kind in kinds
            for depth in sorted({d for found in kind.values() for d in found}, reverse=True)
        ]
        return max(at, key=len, default={})
