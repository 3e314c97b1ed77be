"""Why do published numbers for one net differ? (the same nets under several recipes)

NET@RECIPE is the net under that recipe. `chained` is the paper's with a rate that never returns to
0.1, `modern` has what came later; under it the old claims are asked again.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

OLD = ("H15-F1", "H15-equal-depth", "H15-addressed")
RIVALS = ("akamaster", "fb", "gcr", "li", "chained")


def pairs(deep: int) -> tuple[str, ...]:
    """Plain and residual, shallow and deep: what degradation is seen on."""
    return tuple(f"{kind}{depth}" for kind in ("plain", "resnet") for depth in (20, deep))


EXPERIMENT = Experiment(
    name="recipes",
    title="One net, many recipes",
    question="Why do published numbers for one net differ, and which claims outlive the recipe?",
    nets=(
        *(*pairs(56), "resnet110"),
        *(f"resnet{depth}@{rival}" for rival in RIVALS for depth in (20, 110)),
        *("resnet110@no-warmup", "resnet110@paper2016"),
        *(f"{net}@modern" for net in (*pairs(56), "resnet110")),
    ),
    quick_nets=(
        *pairs(38),
        *(f"resnet20@{rival}" for rival in ("akamaster", "fb", "chained")),
        *(f"{net}@modern" for net in pairs(38)),
    ),
    claims=(
        *registry.FAMILIES["recipes"],
        *registry.some(*OLD),
        *(registry.under(name, "modern") for name in OLD),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
