"""Which paths carry the gradient? (Veit et al. 2016, section 5)

A residual net of n blocks has 2ⁿ paths. Long ones are many, but the gradient along a path shrinks
with each block on it: what remains comes from short ones. If those are what is trained, training
with few blocks a batch should do as well: `-23-of-54` draws 23 of 54 for each, and weighs every
branch by 23/54 in evaluation, as stochastic depth does (what the authors did there is not known).
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="paths",
    title="The paths of the gradient",
    question="Which of the many paths through a residual net carry the gradient?",
    nets=("preact-resnet110", "preact-resnet110-23-of-54", "preact-resnet56", "resnet110"),
    quick_nets=("preact-resnet32", "preact-resnet32-6-of-15", "resnet20"),
    claims=registry.some("C19", "C19-decay"),
    measures=("paths",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
