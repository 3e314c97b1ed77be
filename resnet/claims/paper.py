"""The figures that the papers print, looked up by net. Those of reproductions stand apart."""

from resnet.claims.arms import split
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
    net, recipe = split(arm)
    wanted = full_length(recipe)
    if dataset == "imagenet":
        return figure(net, dataset, *IMAGENET.get(metric, (metric, "none")))
    if wanted in ("", PAPER.name):
        return figure(net, dataset, metric)
    sources = SOURCES.get(wanted, ())
    found = (*printed(net, dataset, metric), *reproduced(net, dataset, metric))
    mine = (one for one in found if one.source.paper in sources and one.relation == "=")
    return next(mine, None)


def printed(net: str, dataset: str = "cifar10", metric: str = "test_error") -> list[Figure]:
    """All that the papers print of a net, bounds and figures at second hand included."""
    return _of(PRINTED, net, dataset, metric)


def reproduced(net: str, dataset: str = "cifar10", metric: str = "test_error") -> list[Figure]:
    """All that reproductions report of a net."""
    return _of(REPRODUCED, net, dataset, metric)


def _of(figures: tuple[Figure, ...], net: str, dataset: str, metric: str) -> list[Figure]:
    wanted = (net, dataset, metric)
    return [one for one in figures if (one.net, one.dataset, one.metric) == wanted]
