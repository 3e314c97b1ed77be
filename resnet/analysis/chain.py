"""A trained net as a chain of blocks that can be deleted and moved, and that is not run twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any

import torch
from torch import Tensor, nn

from resnet.analysis import orders
from resnet.analysis.orders import Order
from resnet.errors import UserError
from resnet.nets.net import Net

Batches = Iterable[tuple[Tensor, Tensor]]


class Chain:
    """The places of a net, from its stem to its head.

    Args:
        net: a net of the suite's own, in evaluation mode.

    Raises:
        UserError: for a net that is not made of the suite's blocks.
    """

    def __init__(self, net: nn.Module) -> None:
        if not isinstance(net, Net):
            raise UserError(
                f"net '{getattr(net, 'name', type(net).__name__)}' is not made of blocks that can "
                "be taken out; torchvision's weights load into the nets of ours, as resnet50"
            )
        self.net = net
        self.blocks: list[Any] = net.blocks
        self.stage_of = [i for i, stage in enumerate(net.stages) for _ in stage]
        self.last = {end - 1 for end in accumulate(len(stage) for stage in net.stages)}

    def __len__(self) -> int:
        return len(self.blocks)

    def activations(self, x: Tensor) -> list[Tensor]:
        """What enters each place of the net as built, and last what enters the head."""
        entering = [self.net.stem(x)]
        for place in range(len(self)):
            entering.append(self.at(place, place, entering[-1]))
        return entering

    def logits(self, x: Tensor, order: Order) -> Tensor:
        """Logits [B, classes] of images x [B, 3, H, W], all computed afresh."""
        x = self.net.stem(x)
        for place, block in enumerate(order):
            x = self.at(place, block, x)
        return self.net.head(x)

    def each(self, x: Tensor, asked: Iterable[Order]) -> Iterator[tuple[Order, Tensor]]:
        """Every order once, with its logits of images x.

        What orders have in common from the input on is computed once.
        """
        entering, before = [self.net.stem(x)], orders.NONE
        for order in orders.side_by_side(asked):
            start = orders.shared(before, order)
            del entering[start + 1 :]
            for place in range(start, len(self)):
                entering.append(self.at(place, order[place], entering[-1]))
            yield order, self.net.head(entering[-1])
            before = order

    def at(self, place: int, block: int | None, x: Tensor) -> Tensor:
        """What leaves a place where `block` stands, or None, so that its shortcut alone does."""
        x = self.blocks[place].skip(x) if block is None else self.blocks[block](x)
        return self.net.joint(x) if place in self.last else x

    @property
    def reshaping(self) -> tuple[int, ...]:
        """The places whose blocks change the shape: where the net downsamples, mostly."""
        return tuple(place for place, block in enumerate(self.blocks) if block.reshapes)

    @property
    def alike(self) -> list[list[int]]:
        """Places of one stage whose blocks keep the shape and have parameters of like shapes."""
        kept = [place for place in range(len(self)) if place not in self.reshaping]
        groups = [list(group) for _, group in groupby(kept, self._kind)]
        return [group for group in groups if len(group) > 1]

    def _kind(self, place: int) -> tuple[object, ...]:
        shapes = [(key, tuple(p.shape)) for key, p in self.blocks[place].named_parameters()]
        return self.stage_of[place], *shapes


def errors(chain: Chain, batches: Batches, asked: Sequence[Order]) -> list[float]:
    """Error in percent of the net in each of the orders `asked`.

    What orders have in common from the input on is computed once a batch, for all of them.
    """
    wrong, count = torch.zeros(len(asked), dtype=torch.long), 0
    for x, y in batches:
        wrong += _wrong(chain, x, y, asked).cpu()
        count += len(y)
    return [100 * number / count for number in wrong.tolist()]


@torch.inference_mode()
def _wrong(chain: Chain, x: Tensor, y: Tensor, asked: Sequence[Order]) -> Tensor:
    """How many of a batch are wrong in each order: int64 [orders]."""
    found = {order: (z.argmax(1) != y).sum() for order, z in chain.each(x, asked)}
    return torch.stack([found[order] for order in asked])
