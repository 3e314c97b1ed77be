"""Does degradation show on ImageNet, and do shortcuts mend it? (He et al. 2015, Fig. 4, Table 2)

The other tables are groups of arms: --group shortcuts (Table 3: options A, B, C), depth (Tables 3
and 4: 50, 101, 152 layers), preactivation (He et al. 2016, Table 5, under that paper's recipe),
ablation (ResNet-50 without its shortcuts). Where the papers' bottlenecks are compared, they stride
in the first 1×1 (-v1). --weights FILE evaluates weights in torchvision's layout and trains nothing.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

IDS = ("H15-F4", "H15-T2", "H16-T5", "C9", "C9-value", "C10", "C11", "C25")
FIGURE4 = ("plain18", "plain34", "resnet18-A", "resnet34-A")

EXPERIMENT = Experiment(
    name="imagenet",
    title="Degradation on ImageNet",
    question="Do deeper plain nets train worse on ImageNet, and residual nets not?",
    nets=FIGURE4,
    claims=registry.some(*IDS),
    recipes={"quick": "quick-imagenet", "paper": "imagenet2015"},
    seeds={"quick": 1, "paper": 1},
    measures=("ten-crops", "many-scales"),
    dataset="imagenet",
    groups={
        "figure4": FIGURE4,
        "shortcuts": ("resnet34-A", "resnet34", "resnet34-C"),
        "depth": ("resnet50-v1", "resnet101-v1", "resnet152-v1"),
        "preactivation": (
            *("resnet152-v1", "preact-resnet152-v1"),
            *("resnet200-v1", "preact-resnet200-v1"),
        ),
        "ablation": ("plain50", "resnet50"),
    },
    group_recipes={"preactivation": "imagenet2016"},
)

if __name__ == "__main__":
    main(EXPERIMENT)
