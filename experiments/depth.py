"""Do residual nets gain from depth, up to 110 layers and beyond? (He et al. 2015, Table 6, Fig. 6)

1202 layers are said to train without difficulty and yet to test worse than 110. Others agree on
the second half, or do not: the report shows every side.
"""

from experiments.main import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="depth",
    title="How deep residual nets can go",
    question="Do residual nets gain from depth, up to 110 layers and beyond?",
    nets=("resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202"),
    quick_nets=("resnet20", "resnet32", "resnet56", "resnet110"),
    claims=registry.some("C1", "C2", "H15-F6M", "C6", "C6-training", "C6-test", "C6-value"),
)

if __name__ == "__main__":
    main(EXPERIMENT)
