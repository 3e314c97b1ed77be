"""What stands at each place of a net whose blocks are deleted or moved, as plain data.

An *order* has an entry a place, from input to output: the number of the block that stands there,
or None where the block is deleted. The net as it was built is (0, 1, 2, …).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from resnet.randomness import generator

Order = tuple[int | None, ...]

NONE: Order = ()
"""The order of no blocks."""

VEIT_BLOCKS, VEIT_MOST, VEIT_TEN = 54, 20, 10
"""Veit et al. 2016 delete 1 to 20 of 54 blocks, and speak of 10."""


FEWEST = 4
"""Values of Kendall's τ, the net's own among them: a rank correlation of fewer is 1 by chance."""


def intact(n: int) -> Order:
    """The order of `n` blocks as they were built."""
    return tuple(range(n))


def without(n: int, places: Iterable[int]) -> Order:
    """The net of `n` blocks with those at `places` deleted."""
    gone = set(places)
    return tuple(None if place in gone else place for place in range(n))


def shared(one: Order, other: Order) -> int:
    """How many places two orders have in common from the input on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def side_by_side(orders: Iterable[Order]) -> list[Order]:
    """The orders, each once, so lined up that those which begin alike are neighbours."""
    return sorted(set(orders), key=lambda order: [-1 if b is None else b for b in order])


def scaled(figure: int, n: int) -> int:
    """A number of blocks that Veit et al. 2016 give for 54, for a net of `n`; at least 1.

    Rounded to the nearest whole number, halves to the even one.
    """
    return max(1, round(figure * n / VEIT_BLOCKS))


def counts(n: int) -> range:
    """How many blocks to delete at once, or pairs to swap: 1 to 20 of 54, and so in proportion."""
    return range(1, scaled(VEIT_MOST, n) + 1)


def deletion(n: int, k: int, seed: int, draw: int) -> Order:
    """`k` blocks of `n` deleted at random, by counter."""
    return without(n, generator(seed, "deleted", n, k, draw).permutation(n)[:k].tolist())


def shuffle(n: int, alike: Sequence[Sequence[int]], k: int, seed: int, draw: int) -> Order:
    """`k` times two blocks swapped, drawn by counter from those that are alike.

    Args:
        n: blocks of the net.
        alike: groups of places whose blocks can stand for each other.
        k: swaps, one after the other.
        seed: of the draws.
        draw: its number.
    """
    pairs = [pair for group in alike for pair in combinations(group, 2)]
    order = list(range(n))
    for choice in generator(seed, "swapped", n, k, draw).integers(len(pairs), size=k):
        a, b = pairs[choice]
        order[a], order[b] = order[b], order[a]
    return tuple(order)


def kendall(order: Sequence[int | None]) -> float:
    """Kendall's τ between an order without deletions and the net as built: 1 for no change."""
    from scipy.stats import kendalltau

    # Rounded, so that 1 is 1: scipy's square roots leave 0.9999999999999999.
    return round(float(kendalltau(range(len(order)), order).statistic), 12)
