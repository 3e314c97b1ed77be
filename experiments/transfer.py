"""Do the features of residual nets serve other classes better than those of plain ones?

A net is trained on CIFAR-10's animals and gets a new head for its vehicles. `@frozen` trains the
head alone; `@two-rates` then lets the backbone follow, at a tenth of the head's rate.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

NETS = ("plain20", "plain56", "resnet20", "resnet56")

EXPERIMENT = Experiment(
    name="transfer",
    title="Features for other classes",
    question="Do the features of residual nets serve other classes better than those of plain?",
    nets=(
        *NETS,
        *(f"{net}-from-animals@{recipe}" for net in NETS for recipe in ("frozen", "two-rates")),
    ),
    claims=registry.FAMILIES["transfer"],
    dataset="cifar10-vehicles",
)

if __name__ == "__main__":
    main(EXPERIMENT)
