"""Do shortcuts keep the loss surface from turning chaotic with depth? (Li et al. 2018)

As in the paper, the residual nets have option B shortcuts, and the loss is looked at in random
directions that are normalised filter by filter; beside it, the way that training took.
"""

from experiments.surfaces import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="landscape",
    title="Loss surfaces with and without shortcuts",
    question="Do shortcuts keep the loss surface of a deep net from turning chaotic?",
    nets=("plain20", "plain56", "plain110", "resnet20-B", "resnet56-B", "resnet110-B"),
    quick_nets=("plain20", "plain56", "resnet20-B", "resnet56-B"),
    claims=tuple(map(registry.claim, ("L18-surface", "C20"))),
    measures=("landscape",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
