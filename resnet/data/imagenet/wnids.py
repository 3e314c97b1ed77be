"""The 1,000 classes of ILSVRC 2012 by WordNet id, in the order that fixes their numbers. Light."""

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("wnids.txt")
TRAIN, VAL = 1_281_167, 50_000
"""Images of the whole of ILSVRC 2012."""


@cache
def wnids() -> tuple[str, ...]:
    """All ids, sorted: the place of an id is the number of its class, as torchvision counts."""
    return tuple(FILE.read_text().split())


@cache
def numbers() -> dict[str, int]:
    """The number of each class, 0 to 999, by id."""
    return {wnid: number for number, wnid in enumerate(wnids())}
