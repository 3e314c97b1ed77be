"""What does a trained net lose with a block, or with its order? (Veit et al. 2016, section 4)

Blocks are deleted one by one, then several at random, then swapped, in a trained net: a residual
net, a plain net that differs from it in the shortcuts alone, and VGG with BN, the paper's control.
"""

from experiments.checkpoints import main
from resnet.claims import registry
from resnet.experiment import Experiment

EXPERIMENT = Experiment(
    name="block_deletion",
    title="Deleting and shuffling blocks",
    question="What does a trained net lose when blocks are deleted, or put in another order?",
    nets=("preact-resnet110", "resnet110", "resnet56", "plain56", "vgg15-bn"),
    quick_nets=("preact-resnet32", "resnet20", "plain20", "vgg10-bn"),
    claims=registry.some("C16", "C16-plain", "C17", "C18"),
    measures=("lesions",),
)

if __name__ == "__main__":
    main(EXPERIMENT)
