"""One printed figure, and the short form in which tables of them are written."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet.claims.model import Source


@dataclass(frozen=True)
class Figure:
    """A figure that a source prints for a net.

    `value` and `spread` (standard deviation) of errors are in percent, 'parameters' in millions,
    'multiply_adds' in billions. `relation` '>' marks a bound. `net` is a name of this suite where
    it has the net, else the source's own.
    """

    net: str
    dataset: str
    metric: str
    value: float
    source: Source
    protocol: str = ""
    spread: float | None = None
    relation: str = "="

    def __str__(self) -> str:
        if self.relation != "=":
            return f"{self.relation} {self.value:g}"
        # All sources print errors on CIFAR to two places; those on ImageNet differ.
        places = ".2f" if self.metric == "test_error" and self.dataset == "cifar10" else "g"
        return f"{self.value:{places}}" + (f" ± {self.spread:{places}}" if self.spread else "")


def figures(
    source: Source,
    values: Mapping[str, float | tuple[float, float]],
    dataset: str = "cifar10",
    metric: str = "test_error",
    protocol: str = "",
    relation: str = "=",
) -> tuple[Figure, ...]:
    """A column of a table: net → value, or (value, standard deviation)."""
    pairs = {net: v if isinstance(v, tuple) else (v, None) for net, v in values.items()}
    return tuple(
        Figure(net, dataset, metric, value, source, protocol, spread, relation)
        for net, (value, spread) in pairs.items()
    )


def top1_top5(
    source: Source, values: Mapping[str, tuple[float, float]], protocol: str
) -> tuple[Figure, ...]:
    """A table of ImageNet errors: net → (top-1, top-5)."""
    first = {net: one for net, (one, _) in values.items()}
    fifth = {net: five for net, (_, five) in values.items()}
    return (
        *figures(source, first, "imagenet", "test_error", protocol),
        *figures(source, fifth, "imagenet", "test_error_top5", protocol),
    )
