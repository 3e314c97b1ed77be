"""torchvision's nets under the suite's roof, for comparison: `torchvision:densenet121`."""

from typing import cast

import torch
from torchvision import models

from resnet.nets.initialisation import covers, initialise
from resnet.nets.net import Net
from resnet.randomness import key

BLOCKS = {
    *("BasicBlock", "Bottleneck", "_DenseLayer", "InvertedResidual", "MBConv", "FusedMBConv"),
    *("CNBlock", "ResBottleneckBlock", "Inception", "Fire", "EncoderBlock"),
    *("SwinTransformerBlock", "SwinTransformerBlockV2"),
}
"""Classes of torchvision's that are residual blocks, or play their part."""

WITHOUT_AUXILIARY = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
}


def foreign(model: str, num_classes: int, seed: int) -> Net:
    """A net of torchvision's own class, with `name`, `depth` (0: not defined) and `blocks` added.

    Weights are the suite's He initialisation where the net has nothing but convolutions, linear
    layers and batch normalisation; else torchvision's own, drawn from the seed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed, "torchvision", model) % 2**63)
        extra = WITHOUT_AUXILIARY.get(model, {})
        net = models.get_model(model, weights=None, num_classes=num_classes, **extra)
    if covers(net):
        initialise(net, seed)
    net.name, net.depth, net.checkpointing = f"torchvision:{model}", 0, False
    net.blocks = [m for m in net.modules() if type(m).__name__ in BLOCKS]
    return cast(Net, net)
