"""Where do the activations belong? (He et al. 2016, Tables 2 and 3)

Five placements of BN and ReLU, equal in parameters; and the original against full pre-activation
as depth grows. One repository has BN after the addition do far more harm than the paper.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

PLACEMENTS = ("bn-after-addition", "relu-before-addition", "relu-only-preact")

EXPERIMENT = Experiment(
    name="preactivation",
    title="Pre-activation",
    question="Where do the activations belong, and does the depth of the net matter to that?",
    nets=(
        *(f"{word}{depth}" for depth in (110, 164, 1001) for word in ("resnet", "preact-resnet")),
        *(f"resnet{depth}-{place}" for depth in (110, 164) for place in PLACEMENTS),
        *("resnet20", "resnet20-bn-after-addition"),
    ),
    quick_nets=(
        *(f"{word}{depth}" for depth in (20, 56) for word in ("resnet", "preact-resnet")),
        *(f"resnet20-{place}" for place in PLACEMENTS),
        "resnet56-bn-after-addition",
    ),
    claims=registry.some("C13", "C14", "C15", "C24"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
