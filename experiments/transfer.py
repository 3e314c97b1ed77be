"""Do features of residual nets serve other classes better than those of plain nets?

A net is trained on CIFAR-10's animals and gets a new head for its vehicles. `@frozen` trains the
head alone; `@two-rates` then lets the backbone follow, at a tenth of the head's rate.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment


def arms(recipe: str, *nets: str) -> tuple[str, ...]:
    """The nets from the animals, under a recipe for backbone and head."""
    return tuple(f"{net}-from-animals@{recipe}" for net in nets)


def pairs(deep: int) -> tuple[str, ...]:
    """Plain and residual, shallow and deep."""
    return tuple(f"{kind}{depth}" for kind in ("plain", "resnet") for depth in (20, deep))


EXPERIMENT = Experiment(
    name="transfer",
    title="Features for other classes",
    question="Do features of residual nets serve other classes better than those of plain nets?",
    nets=(*pairs(56), *arms("frozen", *pairs(56)), *arms("two-rates", *pairs(56))),
    quick_nets=(
        *("resnet20", "resnet38", *arms("two-rates", "resnet20", "resnet38")),
        *arms("frozen", *pairs(38)),
    ),
    claims=registry.FAMILIES["transfer"],
    dataset="cifar10-vehicles",
)

if __name__ == "__main__":
    main(EXPERIMENT)
