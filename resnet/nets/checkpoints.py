"""Weights from a file: torchvision's layout or a published one, or what a run of ours kept."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor

from resnet.errors import UserError, first_line
from resnet.nets.construct import build
from resnet.nets.layouts import translated
from resnet.nets.net import Net

WRAPPERS = ("state_dict", "model", "net")


def from_file(path: Path, name: str) -> Net:
    """The net `name` with the weights of a file, in evaluation mode.

    The file holds a state dict in torchvision's layout, which is ours, or in one that
    `resnet.nets.layouts` knows; alone, or under one of `WRAPPERS`, or with `module.` or
    `_orig_mod.` in its keys, as data-parallel training and `torch.compile` leave them. What is no
    tensor is passed over. Nothing in the file is executed (`weights_only`).

    Raises:
        UserError: for no such file, for what is no state dict, or for one of another net.
    """
    state = read(path)
    classes = state.get("fc.weight")
    if classes is None or not classes.ndim:
        near = ", ".join(list(state)[:3])
        raise UserError(
            f"{path} has no fc.weight: is it in torchvision's layout? (keys: {near}, …)"
        )
    net = build(name, num_classes=len(classes))
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        lines = str(error).splitlines()
        why = lines[1].strip() if len(lines) > 1 else lines[0]
        raise UserError(f"{path} does not hold a {name}: {why[:200]}") from None
    return net.eval()


def read(path: Path) -> dict[str, Tensor]:
    """The state dict in a file, in torchvision's layout; UserError where there is none."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"no weights at {path}") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except Exception as error:  # torch raises half a dozen kinds for what is no checkpoint
        telling = isinstance(error, pickle.UnpicklingError | RuntimeError)  # others name bytes
        why = f": {first_line(error)}" if telling else ""
        raise UserError(f"{path} is not a file of weights{why}") from None
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    items = found.items() if isinstance(found, dict) else ()
    tensors = {_bare(str(key)): value for key, value in items if isinstance(value, Tensor)}
    if not tensors:
        raise UserError(f"{path} holds no state dict: no tensors by name")
    return translated(tensors)


def _bare(key: str) -> str:
    """A weight's name without what wrappers of the net put into it."""
    return key.replace("_orig_mod.", "").removeprefix("module.")
