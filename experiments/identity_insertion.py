"""Can deep plain nets not represent the solution, or not find it? (He et al. 2015, section 1)

`plain56-from-plain20` is the trained plain-20 with 36 layers of exact identities: the solution
that the paper constructs. It is trained on, beside plain-56 from drawn weights. What merely comes
of training for longer is shown by `plain20-from-plain20` and `plain56-from-plain56`.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

PLAIN = (
    *("plain20", "plain20-from-plain20"),
    *("plain56", "plain56-from-plain56", "plain56-from-plain20"),
)

EXPERIMENT = Experiment(
    name="identity_insertion",
    title="Cannot represent, or cannot find",
    question="Is the solution out of reach of a deep plain net, or only of its training?",
    nets=(*PLAIN, "resnet20", "resnet56", "resnet56-from-resnet20"),
    quick_nets=PLAIN,
    claims=registry.FAMILIES["identity_insertion"],
    measures=("fit",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
