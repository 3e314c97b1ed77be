"""The figures that the papers print, looked up by net. Those of reproductions stand apart."""

from collections.abc import Sequence

from resnet.claims.arms import split
from resnet.claims.model import Source
from resnet.claims.printed import he2015, he2016, relatives, reproductions
from resnet.claims.printed.figure import Figure
from resnet.recipes import PAPER, full_length

# In this order the first figure of a net is its own paper's.
PRINTED: tuple[Figure, ...] = (*he2015.FIGURES, *he2016.FIGURES, *relatives.FIGURES)
REPRODUCED: tuple[Figure, ...] = reproductions.FIGURES
SOURCES = {
    "paper2016": (he2016.PAPER,),
    "akamaster": (reproductions.AKAMASTER,),
    "fb": (reproductions.FB,),
    "torchvision": ("torchvision",),
    "gcr": (reproductions.GCR,),
    "li": (relatives.LI,),
}
"""Who prints figures of nets under a recipe of the suite."""


def figure(
    net: str,
    dataset: str = "cifar10",
    metric: str = "test_error",
    protocol: str | None = None,
) -> Figure | None:
    """The figure that the net's own paper prints, read there; None where it prints none.

    Bounds ('> 60', 'fail') are not figures: see `printed`. `protocol` chooses among several, such
    as '10-crop'; without one, the paper's first stands.
    """
    for one in printed(net, dataset, metric):
        exact = one.relation == "=" and one.source.status == "VERIFIED"
        if exact and protocol in (None, one.protocol):
            return one
    return None


def stood_for(dataset: str) -> str:
    """The real data set that a built-in one stands in for; itself for a real one."""
    return {"synthetic": "cifar10", "synthetic-photographs": "imagenet"}.get(dataset, dataset)


IMAGENET = {
    f"test_error{top}{ours}": (f"test_error{top}", protocol)
    for top in ("", "_top5")
    for ours, protocol in (("", "1-crop"), ("_10_crops", "10-crop"), ("_scales", he2015.SCALES))
}
"""Metrics of runs on ImageNet: which printed ones they may stand beside, by protocol."""


def of_arm(arm: str, dataset: str = "cifar10", metric: str = "test_error") -> Figure | None:
    """The figure printed of NET, or of NET@RECIPE by the recipe's own source; None for none.

    A recipe cut down stands for the whole one. On ImageNet a figure stands beside a metric of its
    own protocol alone.
    """
    return next(iter(_figures(arm, dataset, metric)), None)


def together(
    arms: Sequence[str],
    dataset: str = "cifar10",
    metric: str = "test_error",
    source: Source | None = None,
) -> list[Figure] | None:
    """The figures of several arms as one paper prints them, to be compared; None where none does.

    That of `source` goes first, and in it the table that it names. Arms that name recipes have each
    its own source (`of_arm`).
    """
    every = [_figures(arm, dataset, metric) for arm in arms]
    if any("@" in arm for arm in arms):
        firsts = [found[0] for found in every if found]
        return firsts if len(firsts) == len(arms) else None
    papers = dict.fromkeys(one.source.paper for found in every for one in found)
    first = [(source.paper, source.where), (source.paper, "")] if source else []
    for paper, table in (*first, *((paper, "") for paper in papers)):
        theirs = [
            next((one for one in found if _prints(one.source, paper, table)), None)
            for found in every
        ]
        if all(theirs):
            return [one for one in theirs if one is not None]
    return None


def _prints(source: Source, paper: str, table: str) -> bool:
    """Whether it is that paper, and where a table is named ('Table 4 (ZCA input)'), that table."""
    return source.paper == paper and (not table or table.startswith(source.where))


def _figures(arm: str, dataset: str, metric: str) -> list[Figure]:
    """Every exact figure that may stand for the arm, its own paper's first."""
    net, recipe = split(arm)
    wanted, protocol = full_length(recipe), ""
    if dataset == "imagenet":
        metric, protocol = IMAGENET.get(metric, (metric, "none"))
    if wanted in ("", PAPER.name) or wanted.startswith("imagenet"):
        found = [one for one in printed(net, dataset, metric) if one.source.status == "VERIFIED"]
        found = [one for one in found if protocol in ("", one.protocol)]
    else:
        sources = SOURCES.get(wanted.removesuffix("-imagenet"), ())
        every = (*printed(net, dataset, metric), *reproduced(net, dataset, metric))
        mine = (one for one in every if one.source.paper in sources)
        found = [one for one in mine if one.protocol.startswith(protocol)]  # which add sizes
    return [one for one in found if one.relation == "="]


def printed(net: str, dataset: str = "cifar10", metric: str = "test_error") -> list[Figure]:
    """All that the papers print of a net, bounds and figures at second hand included."""
    return _of(PRINTED, net, dataset, metric)


def reproduced(net: str, dataset: str = "cifar10", metric: str = "test_error") -> list[Figure]:
    """All that reproductions report of a net."""
    return _of(REPRODUCED, net, dataset, metric)


def _of(figures: tuple[Figure, ...], net: str, dataset: str, metric: str) -> list[Figure]:
    wanted = (net, dataset, metric)
    return [one for one in figures if (one.net, one.dataset, one.metric) == wanted]
