"""Do deeper plain nets train worse, and residual nets not? (He et al. 2015, Fig. 1 and 6)

Plain and option-A residual nets of one depth have equal parameter counts, see the same images in
the same order, and start from the same weights: what differs is the shortcut alone.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="degradation",
    title="The degradation problem",
    question="Do deeper plain nets train worse, and residual nets not?",
    nets=("plain20", "plain56", "resnet20", "resnet56"),
    claims=registry.FAMILIES["degradation"],
)

if __name__ == "__main__":
    main(EXPERIMENT)
