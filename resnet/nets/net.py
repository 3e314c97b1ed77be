"""A plan, built: stem, stages of blocks, head."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from resnet.nets.mixing import Chance
from resnet.nets.placements import relu
from resnet.nets.plans import Plan
from resnet.nets.vocabulary import Block, stage


class Net(nn.Module):
    """What every net of the suite has.

    Attributes:
        name: its name in the catalogue.
        depth: its weight layers, shortcuts not counted.
        checkpointing: keep only the blocks' inputs for the backward pass and compute the rest
            again: a third more work for a fraction of the memory; gradients, batch statistics
            and random draws stay the same.
    """

    name: str = ""
    depth: int = 0
    checkpointing: bool = False
    fc: nn.Linear

    @property
    def stages(self) -> list[nn.Sequential]:
        """`layer1`, `layer2`, …"""
        layers = (getattr(self, f"layer{i}", None) for i in range(1, 6))
        return [layer for layer in layers if layer is not None]

    @property
    def blocks(self) -> list[nn.Module]:
        """Residual (or plain) blocks in forward order."""
        return [block for layer in self.stages for block in layer]

    def forward(self, x: Tensor) -> Tensor:
        """Images [N, 3, H, W] to logits [N, num_classes]."""
        x = self.stem(x)
        for layer in self.stages:
            for block in layer:
                x = self.run(block, x)
            x = self.joint(x)
        return self.head(x)

    def stem(self, x: Tensor) -> Tensor:
        """What stands before the first block."""
        return x

    def joint(self, x: Tensor) -> Tensor:
        """What stands after each stage."""
        return x

    def head(self, x: Tensor) -> Tensor:
        """What stands after the last stage."""
        return self.fc(x)

    def run(self, block: nn.Module, x: Tensor) -> Tensor:
        """One block, checkpointed if the net says so."""
        if not (self.checkpointing and self.training):
            return block(x)

        def contexts() -> tuple[AbstractContextManager, AbstractContextManager]:
            return nullcontext(), recomputing(block)

        return checkpoint(block, x, use_reentrant=False, context_fn=contexts)


class ResNet(Net):
    """Residual, plain, wide, grouped or pre-activated: whatever the plan says.

    Args:
        plan: stem, stages, style.
        num_classes: outputs of the linear classifier.
    """

    def __init__(self, plan: Plan, num_classes: int) -> None:
        super().__init__()
        imagenet, width = plan.stem == "imagenet", plan.stem_width
        size, stride = (7, 2) if imagenet else (3, 1)
        self.conv1 = nn.Conv2d(3, width, size, stride, size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if imagenet else None
        for i, part in enumerate(plan.stages, start=1):
            setattr(self, f"layer{i}", stage(width, part, plan.style, first=i == 1))
            width = part.width
        self.placement = plan.style.placement
        self.norm = nn.BatchNorm2d(width) if self.placement == "full-preact" else None
        self.fc = nn.Linear(width, num_classes)
        if plan.style.stochastic_depth:
            self._decay_survival()
        self.active = plan.style.active
        self.chance = Chance() if self.active else None
        for block in self.blocks if self.active else ():
            block.survival = self.active / len(self.blocks)  # type: ignore[assignment]

    def forward(self, x: Tensor) -> Tensor:
        """Images [N, 3, H, W] to logits [N, num_classes]."""
        if self.chance is not None and self.training:
            self._choose(self.chance)
        return super().forward(x)

    def stem(self, x: Tensor) -> Tensor:
        """The first convolution, and on ImageNet the first pooling."""
        x = relu(self.bn1(self.conv1(x)))
        return x if self.maxpool is None else self.maxpool(x)

    def head(self, x: Tensor) -> Tensor:
        """The last activation where the blocks have none, pooling, classifier."""
        # He et al. 2016, appendix: after the last pre-activated unit, one more activation.
        if self.norm is not None:
            x = relu(self.norm(x))
        elif self.placement == "relu-only-preact":
            x = F.relu(x)
        return self.fc(x.mean((2, 3)))

    def _choose(self, chance: Chance) -> None:
        """Draw the blocks that take part in this batch; the others are their shortcuts."""
        drawn = chance.draw().permutation(len(self.blocks))[: self.active]
        for i, block in enumerate(self.blocks):
            block.idle = i not in drawn  # type: ignore[assignment]

    def _decay_survival(self) -> None:
        """Huang et al. 2016, equation 4: from 1 at the input linearly to one half at the end."""
        blocks = [block for block in self.blocks if isinstance(block, Block)]
        for i, block in enumerate(blocks, start=1):
            block.survival = 1 - i / len(blocks) / 2


@contextmanager
def recomputing(block: nn.Module) -> Iterator[None]:
    """A second forward pass of `block` that leaves no trace: no statistics, no draws."""
    norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
    chances = [m for m in block.modules() if isinstance(m, Chance)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:  # without momentum the running statistics stay as they are
        norm.momentum, norm.num_batches_tracked = 0.0, None
    for chance in chances:
        chance.replay = True
    try:
        yield
    finally:
        for norm, kept in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = kept
        for chance in chances:
            chance.replay = False
