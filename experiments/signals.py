"""How do responses and gradients pass through depth? (He et al. 2015, Fig. 7 and section 4.1)

The paper's reading: a residual function is closer to zero than a plain layer's, so residual nets
respond less, and the less so the deeper they are; and plain nets do not fail for want of gradient.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="signals",
    title="Responses and gradients by depth",
    question="How strongly do layers respond, and what gradient reaches them?",
    nets=("plain20", "plain56", "resnet20", "resnet56"),
    claims=tuple(map(registry.claim, ("C7", "H15-grad", "H15-healthy", "H15-grad-training"))),
    measures=("signals",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
