"""Published layouts of weights, turned into torchvision's, which is ours.

Many CIFAR checkpoints that are passed around are akamaster's (pytorch_resnet_cifar10), or of nets
written after it: the classifier is `linear` there, a shortcut with weights `shortcut`, and option A
has half of its zeros before the channels, where ours has all of them after.
"""

import re
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

NAMES = {"linear.": "fc.", ".shortcut.": ".downsample."}
BLOCK = re.compile(r"(layer(\d+)\.(\d+))\.conv1\.weight")
NOT_PADDED = (".downsample.", ".conv3.", ".se.")  # in the keys of nets that option A is not of
WRITES = ("conv2.weight", "bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var")


def translated(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same net's weights under our names, channels in our order; ours come back unchanged."""
    found = dict(state)
    if "linear.weight" not in state:
        return found
    for theirs, ours in NAMES.items():
        found = {key.replace(theirs, ours): value for key, value in found.items()}
    padded = not any(part in key for part in NOT_PADDED for key in found)
    return _reordered(found) if padded and _chained(found) else found


def _reordered(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Basic blocks with their channels in an order in which all zeros of option A come last.

    Feature maps are renumbered wherever they are written (a block's second convolution and its BN)
    and read (the next block's first, the classifier), so the net says what it said. One without
    shortcuts says the same in any order.
    """
    found, order = dict(state), torch.arange(len(state["conv1.weight"]))
    for block in _blocks(state):
        reads = f"{block}.conv1.weight"
        found[reads] = state[reads][:, order]
        order = _after(order, len(state[reads]))
        for key in (f"{block}.{name}" for name in WRITES):
            if key in state:
                found[key] = state[key][order]
    return found | {"fc.weight": state["fc.weight"][:, order]}


def _chained(state: Mapping[str, Tensor]) -> bool:
    """Whether each block reads as many channels as the one before writes, and so to the end."""
    layers = ["conv1.weight", *(f"{block}.conv1.weight" for block in _blocks(state)), "fc.weight"]
    shapes = [tuple(state[name].shape) if name in state else () for name in layers]
    if any(len(shape) < 2 for shape in shapes):
        return False
    return all(after[1] == before[0] for before, after in pairwise(shapes))


def _after(order: Tensor, width: int) -> Tensor:
    """The order of `width` channels behind a block whose input is in `order`."""
    before = (width - len(order)) // 2
    zeros = [i for i in range(width) if not before <= i < before + len(order)]
    return torch.cat([order + before, torch.tensor(zeros, dtype=torch.long)])


def _blocks(state: Mapping[str, Tensor]) -> list[str]:
    """`layer1.0` and so on, as images pass through them."""
    found = [match for match in map(BLOCK.fullmatch, state) if match]
    return [match[1] for match in sorted(found, key=lambda match: (int(match[2]), int(match[3])))]
