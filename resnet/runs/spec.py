"""A run's identity: the frozen values that fix its numbers, and the id hashed from them."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from resnet.data.names import split
from resnet.recipes import IMAGENET2015, PAPER, Recipe, full_length

# Raised by hand whenever a change of code changes the numbers that a run yields, so that runs
# from before and after are never averaged.
NUMERICS = 1


@dataclass(frozen=True)
class Start:
    """The run whose last weights another one starts from.

    Attributes:
        run: its id, so that an id stands for all that came before it.
        recipe: the digest of its recipe, where that is another than its child's; else empty.
    """

    run: str
    recipe: str = ""


@dataclass(frozen=True)
class RunSpec:
    """One net, one data set, one recipe, one seed; and for some, the run that it starts from.

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
    start: Start | None = None

    @cached_property
    def id(self) -> str:
        """The first 16 hex digits of the SHA-256 of the canonical JSON."""
        return hashlib.sha256(canonical(self.identity()).encode()).hexdigest()[:16]

    @property
    def scope(self) -> tuple[str, str, int]:
        """What must agree between runs that are compared."""
        return self.dataset_digest, self.recipe_digest, self.numerics

    @property
    def recipe_digest(self) -> str:
        """The recipe's digest, and in it the parent's where that was trained otherwise."""
        if self.start is None or not self.start.recipe:
            return self.recipe.digest
        both = f"{self.recipe.digest} from {self.start.recipe}"
        return hashlib.sha256(both.encode()).hexdigest()[:16]

    def starting_from(self, parent: "RunSpec") -> "RunSpec":
        """The same run, starting from the last weights of `parent`."""
        sizes = ("train_images", "validation_images", "test_images")  # go by the data set
        alike = replace(parent.recipe, **{name: getattr(self.recipe, name) for name in sizes})
        same = alike.digest == self.recipe.digest and parent.recipe_digest == parent.recipe.digest
        return replace(self, start=Start(parent.id, "" if same else parent.recipe_digest))

    @property
    def title(self) -> str:
        """The run in a few words, with its part of the data and a recipe that is no paper's."""
        usual = full_length(self.recipe.name) in (PAPER.name, "imagenet", IMAGENET2015.name)
        rival = "" if usual else f"@{self.recipe.name}"
        part = split(self.dataset)[1]
        return f"{self.net}{rival}{f' on {part}' if part else ''} seed {self.seed}"

    def identity(self) -> dict[str, Any]:
        """The values that the id is made of."""
        values = {**_fields(self), "recipe": self.recipe.identity()}
        del values["dataset_copy"]
        return values

    def to_json(self) -> dict[str, Any]:
        """All fields, labels included, as plain JSON values."""
        return json.loads(canonical(_fields(self)))

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "RunSpec":
        """The spec that `to_json` wrote; TypeError or KeyError on any other shape."""
        start = {"start": Start(**values["start"])} if "start" in values else {}
        return cls(**{**values, "recipe": Recipe.from_json(values["recipe"]), **start})


def _fields(spec: RunSpec) -> dict[str, Any]:
    """All fields; `start` is left out where there is none, so that it renames no run."""
    values = asdict(spec)
    return values if spec.start else {k: v for k, v in values.items() if k != "start"}


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
