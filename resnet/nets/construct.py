"""From a name to a net: the one way in for everything that holds weights."""

import torch

from resnet.errors import UserError
from resnet.nets.grammar import parse, render
from resnet.nets.initialisation import initialise
from resnet.nets.net import Net, ResNet
from resnet.nets.plans import Spec, plan
from resnet.nets.vgg import Vgg

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
    spec = parse(name)
    if spec.images != "torchvision":
        with torch.random.fork_rng(devices=[]):  # modules draw weights of their own, unasked
            net = _architecture(spec, num_classes)
        initialise(net, seed)
        net.checkpointing = checkpointing
        return net
    if checkpointing:
        raise UserError(f"net '{name}': torchvision's classes have no activation checkpointing")
    return _foreign(spec, num_classes, seed)


def architecture(name: str, num_classes: int | None = None) -> Net:
    """The net without weights, on torch's meta device: shapes and counts at no cost."""
    spec = parse(name)
    make = _architecture if spec.images != "torchvision" else _foreign
    with torch.device("meta"):
        return make(spec, num_classes)


def _architecture(spec: Spec, num_classes: int | None) -> Net:
    classes = CLASSES[spec.images] if num_classes is None else num_classes
    net = Vgg(spec.depth, classes) if spec.family == "vgg" else ResNet(plan(spec), classes)
    net.name, net.depth = render(spec), spec.depth
    return net


def _foreign(spec: Spec, num_classes: int | None, seed: int = 0) -> Net:
    from resnet.nets.foreign import foreign

    return foreign(spec.model, CLASSES[spec.images] if num_classes is None else num_classes, seed)
