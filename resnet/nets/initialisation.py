"""He initialisation by counter: each tensor is a pure function of (seed, its name, its shape)."""

import math

import torch
from torch import Tensor, nn

from resnet.errors import unknown
from resnet.nets.mixing import Chance, Gate
from resnet.randomness import generator

MODES = ("fan-out", "fan-in")


def initialise(net: nn.Module, seed: int, mode: str = "fan-out") -> None:
    """Set every weight of `net`, in place.

    Convolutions: normal, mean 0, variance 2/(k²·c), c the outputs (fan-out: the authors' released
    code, fb.resnet.torch, torchvision) or the inputs (fan-in: akamaster, Li et al. 2018); groups
    count in fan-in, as in those. Linear layers: normal, variance 1/inputs in either mode, since
    no rectification follows. Biases 0 (a gate's: where it is told to start); BN 1 and 0.

    Two nets with a tensor of one name and shape get the same values in it for the same seed.

    Args:
        net: any module of convolutions, linear layers and batch normalisation.
        seed: the run's seed.
        mode: "fan-out" or "fan-in".

    Raises:
        UserError: on another mode.
    """
    if mode not in MODES:
        raise unknown("initialisation", mode, MODES)
    with torch.no_grad():
        for name, module in net.named_modules():
            _reset(module, name, seed, mode)


def covers(net: nn.Module) -> bool:
    """Whether `initialise` sets every weight of `net`, rather than leave it half as it was."""
    known = (nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)
    owners = [m for m in net.modules() if list(m.parameters(recurse=False))]
    return all(isinstance(owner, known) for owner in owners)


def _reset(module: nn.Module, name: str, seed: int, mode: str) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        _normal(module.weight, f"{name}.weight", seed, deviation(module, mode))
        if module.bias is not None:
            module.bias.fill_(module.start if isinstance(module, Gate) else 0.0)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        module.reset_parameters()
    elif isinstance(module, Chance):
        module.seed, module.name, module.count = seed, name, 0


def deviation(module: nn.Conv2d | nn.Linear, mode: str) -> float:
    """The standard deviation that `initialise` draws the module's weight with."""
    if isinstance(module, nn.Linear):
        return 1 / math.sqrt(module.in_features)
    weight = module.weight
    return math.sqrt(2 / (weight[0, 0].numel() * weight.shape[0 if mode == "fan-out" else 1]))


def _normal(tensor: Tensor, name: str, seed: int, std: float) -> None:
    values = generator(seed, "weight", name).standard_normal(tuple(tensor.shape), dtype="float32")
    tensor.copy_(torch.from_numpy(values).mul_(std))
