"""From a name to a net: the one way in for everything that holds weights."""

import torch

from resnet.nets.initialisation import initialise
from resnet.nets.grammar import check, parse
from resnet.nets.net import Net, ResNet
from resnet.nets.plans import Spec, plan

CLASSES = {"cifar": 10, "imagenet": 1000, "torchvision": 1000}


def build(
    name: str, num_classes: int | None = None, seed: int = 0, checkpointing: bool = False
) -> Net:
    """A net by name, on the CPU, with the weights that `initialise` gives it for the seed.

    torch's own random state is neither read nor changed.

    Args:
        name: see `resnet.nets.grammar`.
        num_classes: outputs; 10 for nets of 32×32 images, else 1000, where None.
        seed: of the initial weights.
        checkpointing: see `Net.checkpointing`.

    Raises:
        UserError: as `resnet.nets.check` does.
    """
    net = architecture(name, num_classes)
    net.to_empty(device="cpu")
    initialise(net, seed)
    net.checkpointing = checkpointing
    return net


def architecture(name: str, num_classes: int | None = None) -> Net:
    """The net without weights, on torch's meta device: shapes and counts at no cost."""
    spec = parse(name)
    with torch.device("meta"):
        net = _make(spec, num_classes or CLASSES[spec.images])
    net.name, net.depth = check(name), spec.depth
    return net


def _make(spec: Spec, num_classes: int) -> Net:
    return ResNet(plan(spec), num_classes)
