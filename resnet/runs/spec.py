"""A run's identity: the frozen values that fix its numbers, and the id hashed from them."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from resnet.recipes import Recipe

# Raised by hand whenever a change of code changes the numbers that a run yields, so that runs
# from before and after are never averaged.
NUMERICS = 1


@dataclass(frozen=True)
class RunSpec:
    """One net, one data set, one recipe, one seed.

    All that changes the numbers is in the id, and nothing else: not the device, the workers, the
    logger or the folder, nor the labels `recipe.name` and `dataset_copy`.
    """

    net: str
    dataset: str
    dataset_copy: str
    dataset_digest: str
    recipe: Recipe
    seed: int
    numerics: int = NUMERICS

    @cached_property
    def id(self) -> str:
        """The first 16 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical(self.identity()).encode()).hexdigest()[:16]

    @property
    def scope(self) -> tuple[str, str, int]:
        """What must agree between runs that are compared."""
        return self.dataset_digest, self.recipe.digest, self.numerics

    @property
    def title(self) -> str:
        """The run in a few words, for people."""
        return f"{self.net} seed {self.seed}"

    def identity(self) -> dict[str, Any]:
        """The values that the id is made of."""
        values = {**asdict(self), "recipe": self.recipe.identity()}
        del values["dataset_copy"]
        return values

    def to_json(self) -> dict[str, Any]:
        """All fields, labels included, as plain JSON values."""
        return json.loads(canonical(asdict(self)))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "RunSpec":
        """The spec that `to_json` wrote; TypeError or KeyError on any other shape."""
        return cls(**{**values, "recipe": Recipe.from_json(values["recipe"])})


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
