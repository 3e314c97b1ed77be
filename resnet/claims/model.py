"""A claim as data: the sentence, where it stands, and the numbers that decide it.

Every claim comes down to *contrasts*: one number a seed, a weighted sum of one metric over arms,
with a direction and a margin. A trend, a rank order or a conjunction is several contrasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from resnet.claims.arms import listed
from resnet.claims.contrasts import Contrast, Direction
from resnet.claims.orders import Groups, Trend

Status = Literal["VERIFIED", "VERIFIED-2ND", "COMPUTED", "OURS", "UNVERIFIED"]
Part = Contrast | Trend | Groups


@dataclass(frozen=True)
class Source:
    """Where a sentence or a figure stands, and how well that is known.

    VERIFIED: read in the paper; VERIFIED-2ND: read in others' notes that quote it; COMPUTED: by
    arithmetic; OURS: a question of this suite, which no paper answers in print; UNVERIFIED: from
    memory, never a target and never shown as the paper's.
    """

    paper: str
    where: str
    status: Status = "VERIFIED"

    def __str__(self) -> str:
        return f"{self.paper}, {self.where}"


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper, and the parts that must all hold for it to be reproduced.

    `margin_why` gives the reason of the margin; `disputes` all sides where sources disagree. A
    `divisible` claim can be asked of some of its nets. `asked_of` and `asked_in_part` (how many
    contrasts are asked, of how many; None where all are) are set by `on`.
    """

    id: str
    sentence: str
    source: Source
    parts: tuple[Part, ...]
    margin_why: str
    min_seeds: int = 3
    dataset: str = "cifar10"
    disputes: tuple[str, ...] = ()
    note: str = ""
    divisible: bool = False
    asked_of: tuple[str, ...] = ()
    asked_in_part: tuple[int, int] | None = None

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

    @property
    def names_recipes(self) -> bool:
        """Whether it compares recipes: each of its arms then names its own."""
        return any("@" in arm for arm in self.arms)

    @property
    def general(self) -> bool:
        """Whether it speaks of depth, not of the depths that it names."""
        return all(isinstance(part, Trend) or part.general for part in self.parts)

    @property
    def absolute(self) -> bool:
        """Whether it names an error rate, which no other data set or lossy copy need share."""
        return any(map(_absolute, self.contrasts()))

    def contrasts(self) -> tuple[Contrast, ...]:
        """Every number that the claim is decided on."""
        return tuple(contrast for part in self.parts for contrast in part.contrasts())

    def asked_best(
        self, seeds: Mapping[str, int], ask: Callable[[Iterable[str]], Claim | None]
    ) -> Claim | None:
        """The claim as `ask` (such as `on`) puts it to the nets in `seeds`, seeds by net.

        Where they cannot answer it as it is stated, those with seeds enough go first: a single run
        of a net between two others takes no verdict from them.
        """
        whole = ask(seeds)
        if whole is not None and not whole.asked_of:
            return whole
        return ask([net for net, n in seeds.items() if n >= self.min_seeds]) or whole

    def under(self, recipe: str) -> Claim:
        """The same claim of nets under `recipe`, which its source did not train with."""
        parts = tuple(part.named(lambda arm: f"{arm}@{recipe}") for part in self.parts)
        sentence = f"{self.sentence} (under the recipe {recipe})"
        return replace(self, id=f"{self.id}@{recipe}", sentence=sentence, parts=parts)

    def on(self, nets: Iterable[str]) -> Claim | None:
        """The claim asked of the nets at hand, or None where they cannot decide it.

        Trends take all nets of their family; a general contrast moves to the deepest common depth
        (or the shallowest and deepest, where it compares two). All parts must find their nets,
        unless the claim is divisible. Parts that move to the same nets are one.
        """
        nets = list(nets)
        found = [part.on(nets) for part in self.parts]
        parts = tuple(dict.fromkeys(part for part in found if part is not None))
        if not parts or (None in found and not self.divisible):
            return None
        if parts == self.parts:
            return self
        asked = replace(self, parts=parts)
        numbers = len(asked.contrasts()), len(self.contrasts())
        part = numbers if numbers[0] < numbers[1] else None
        return replace(asked, asked_of=asked.arms, asked_in_part=part)

    def relative(self) -> Claim | None:
        """A divisible claim without the error rates that it names; None where nothing is left."""
        parts = tuple(part for part in self.parts if not any(map(_absolute, part.contrasts())))
        if not (self.divisible and parts):
            return None
        asked = replace(self, parts=parts)
        numbers = len(asked.contrasts()), len(self.contrasts())
        whole = self.asked_in_part[1] if self.asked_in_part else numbers[1]
        return replace(asked, asked_of=asked.arms, asked_in_part=(numbers[0], whole))

    @property
    def asked(self) -> str:
        """How it is asked where that is not as the source has it: 'of plain20, plain56'; or ''."""
        if not self.asked_of:
            return ""
        part = "in part ({} of {}) ".format(*self.asked_in_part) if self.asked_in_part else ""
        return f"{part}of {listed(self.asked_of)}"


def _absolute(contrast: Contrast) -> bool:
    rate = len(contrast.terms) == 1 and contrast.metric.endswith("_error")
    return rate or (contrast.direction == "equal" and contrast.bound != 0)
