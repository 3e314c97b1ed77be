"""Do the relatives beat the nets that they come from? (width, cardinality, gates, lost depth)

Wide ResNet, ResNeXt, squeeze-and-excitation and stochastic depth, each against its own baseline
and all under one recipe: the papers each have their own.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="relatives",
    title="Relatives of the residual net",
    question="Do the relatives of the residual net beat the nets that they come from?",
    nets=(
        *("resnet110", "resnet110-stochastic-depth", "resnet1202", "resnet1202-stochastic-depth"),
        *("preact-resnet110", "se-preact-resnet110", "preact-resnet164", "se-preact-resnet164"),
        *("wrn-40-1", "wrn-40-2", "wrn-40-4", "preact-resnet1001"),
        *("wrn-28-10", "resnext29-8x64d"),
    ),
    quick_nets=(
        *("resnet20", "resnet20-stochastic-depth", "resnet56", "resnet56-stochastic-depth"),
        *("preact-resnet20", "se-preact-resnet20", "wrn-10-1", "wrn-10-2"),
    ),
    claims=registry.some("C21", "C21-depth", "C22", "C23", "Z16-width", "X17-cardinality"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
