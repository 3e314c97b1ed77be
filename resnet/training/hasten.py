"""What makes a run fast (layout, chunks, kernels, captured graphs), by device and recipe."""

from __future__ import annotations

import gc
from typing import Any

import torch
from torch import nn

from resnet.data import Pipeline
from resnet.recipes import Recipe
from resnet.training.fast import Fast
from resnet.training.graph import draws
from resnet.training.module import Classifier
from resnet.training.speed import Speed
from resnet.training.step import choose_kernels

DEEP = 200  # layers, where a net does not say how many it has


def layout(speed: Speed) -> torch.memory_format:
    """How images and feature maps lie in memory."""
    return torch.channels_last if speed.channels_last else torch.contiguous_format


def steps_a_chunk(net: nn.Module, device: str, photographs: bool = False) -> int:
    """Steps a Lightning batch: many on a GPU, but not seconds of work, for signals wait so long.

    One of photographs: it lasts as long as many others.
    """
    if photographs:
        return 1
    depth = getattr(net, "depth", 0) or DEEP
    return max(1, min(50, 2_000 // depth)) if device == "cuda" else 1


def hasten(module: Classifier, loaders: list[Any], speed: Speed, device: str) -> list[Any]:
    """Let the module train by graph where that is possible; the loaders to score by."""
    net, recipe = module.net, module.spec.recipe
    if speed.compile:
        from resnet.training.regional import compile_blocks

        compile_blocks(net)
    if not applies(speed, module, device):
        choose_kernels()
        return loaders
    gc.collect()  # what an interrupted run has left on the device
    fused = own_kernels(speed, recipe) and _fuse(net, module.pipeline.size)
    # Shapes never change, so a trial pays. Beside our kernels cuDNN has projections alone, and the
    # same run is to come out again.
    choose_kernels(by_trial=not fused, repeatable=fused)
    room = steps_a_chunk(net, device)
    module.fast = Fast(net, module.sgd, module.pipeline, recipe, room)
    return [module.fast.whole(loader) for loader in loaders]


def _fuse(net: nn.Module, size: tuple[int, int]) -> bool:
    from resnet.kernels import fuse_where_possible

    return fuse_where_possible(net, size)


def applies(speed: Speed, module: Classifier, device: str) -> bool:
    """Whether the module's run can train by graph; if not, it takes the plain step.

    What needs Python in every step cannot be captured: nets that draw, batches that are mixed or
    cut out by counter or read from a disk, weights that are frozen for a while or have rates of
    their own, activation checkpointing, several processes that wait for each other.
    """
    graphs = speed.graph and device == "cuda" and module.ranks.world == 1
    plain = type(module.pipeline) is Pipeline
    return graphs and plain and capturable(module.net, module.spec.recipe)


def own_kernels(speed: Speed, recipe: Recipe) -> bool:
    """Whether a run that can be captured should use our kernels, where they know its net."""
    return speed.kernels and not speed.compile and recipe.precision == "bfloat16"


def capturable(net: nn.Module, recipe: Recipe) -> bool:
    """Whether the steps of a net under a recipe can be captured."""
    batches = not recipe.photographs and recipe.mix == "none" and not recipe.cutout
    alike = recipe.backbone_lr == 1 and not recipe.frozen_steps
    free = not draws(net) and not getattr(net, "checkpointing", False)
    return batches and alike and free
