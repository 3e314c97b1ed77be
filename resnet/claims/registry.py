"""Every claim that the suite can put to the test, by id."""

from functools import cache

from resnet.claims.model import Claim
from resnet.claims.stated import (
    degradation,
    he2015,
    he2016,
    imagenet,
    recipes,
    relatives,
    starts,
    veit2016,
)
from resnet.errors import unknown

FAMILIES = {
    "degradation": degradation.CLAIMS,
    "he2015": he2015.CLAIMS,
    "he2016": he2016.CLAIMS,
    "imagenet": imagenet.CLAIMS,
    "veit2016": veit2016.CLAIMS,
    "relatives": relatives.CLAIMS,
    "recipes": recipes.CLAIMS,
    "identity_insertion": starts.IDENTITY,
    "transfer": starts.CLASSES,
}
# Rows of the usual list of claims that the degradation family states in more detail.
ALSO = {"C3": "H15-F6L", "C4": "H15-F1", "C8": "H15-grad"}


@cache
def claims() -> dict[str, Claim]:
    """All claims by id, family by family."""
    return {claim.id: claim for family in FAMILIES.values() for claim in family}


def claim(name: str) -> Claim:
    """The claim with this id; UserError with the nearest ids for an unknown one."""
    name = ALSO.get(name, name)
    if name not in claims():
        raise unknown("claim", name, claims(), "see `python -m resnet claims`")
    return claims()[name]


def under(name: str, recipe: str) -> Claim:
    """The claim with this id, of the same nets under another recipe: does it outlive its own?"""
    return claim(name).under(recipe)


def some(*ids: str) -> tuple[Claim, ...]:
    """The claims with these ids, in this order."""
    return tuple(map(claim, ids))
