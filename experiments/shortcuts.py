"""What may stand on a shortcut? (He et al. 2015, Table 3; He et al. 2016, Table 1)

Padding against projections (options A, B, C); and scaling, gates, 1×1 convolutions and dropout on
every shortcut of ResNet-110, of which some train, some suffer and some are said to fail.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

CHANGED = (
    *("C", "scaled-0.5-0.5", "scaled-0.5-1", "dropout-shortcut"),
    *("exclusive-gating-0", "exclusive-gating-6", "exclusive-gating-7"),
    *("shortcut-gating-0", "shortcut-gating-6"),
)

EXPERIMENT = Experiment(
    name="shortcuts",
    title="What may stand on a shortcut",
    question="Does a shortcut have to be the identity?",
    nets=(
        *(f"resnet{depth}{option}" for depth in (20, 56) for option in ("", "-B", "-C")),
        *("plain110", "resnet110", "resnet110-B"),
        *(f"resnet110-{change}" for change in CHANGED),
    ),
    quick_nets=("plain20", "resnet20", "resnet20-B", *(f"resnet20-{c}" for c in CHANGED)),
    claims=registry.some("C10-cifar", "C12", "C12-order", "C12-training", "C5"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
