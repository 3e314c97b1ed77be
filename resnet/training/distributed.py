"""One run on several devices: its processes, called ranks, and what they tell each other.

Every rank makes its rows of the step's draw, and the gradients are averaged in one collective
before the update. So the global batch and the rate stay the recipe's, every rank holds the same
weights to the bit, and the number of ranks changes nothing but rounding: it is not in a run's id.

Lightning's DDP strategy carries the ranks, without its wrapper around the net: that one averages
a single backward pass a Lightning batch, of which ours has many, and takes the running statistics
of BN from rank 0 alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from pytorch_lightning.plugins.environments import ClusterEnvironment, LightningEnvironment
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from resnet.data import Split
from resnet.errors import UserError
from resnet.nets.mixing import DropoutShortcut
from resnet.nets.vocabulary import Block
from resnet.recipes import Recipe
from resnet.training.batch_norm import running


@dataclass(frozen=True)
class Ranks:
    """The `world` processes that train one run together; this one is number `rank`, from 0.

    A data set that streams needs these two alone: of a global batch of n images, this process
    makes those numbered `rows(n)`, in the order of the run's own draw, and no others.
    """

    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process keeps the record."""
        return self.rank == 0

    def rows(self, n: int) -> slice:
        """This rank's part of n images; n is a multiple of `world` (`check` saw to it)."""
        part = n // self.world
        return slice(self.rank * part, (self.rank + 1) * part)

    def part(self, split: Split) -> Split:
        """This rank's part of a split that is looked at once, whatever its size."""
        if self.world == 1:
            return split
        start, stop = (len(split) * rank // self.world for rank in (self.rank, self.rank + 1))
        return split.at(np.arange(start, stop))

    def sum(self, values: Tensor) -> Tensor:
        """The sum over the ranks, the same on each of them."""
        if self.world == 1:
            return values
        total = values.clone()
        dist.all_reduce(total)
        return total

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the ranks, the same on each of them."""
        return self.sum(values) / self.world

    def largest(self, number: int) -> int:
        """The largest of the ranks' numbers: how they agree, at the end of a step, to stop."""
        if self.world == 1:
            return number
        mine = torch.tensor(number)
        dist.all_reduce(mine, dist.ReduceOp.MAX)
        return int(mine)

    def share(self, value: Any) -> Any:
        """Rank 0's value, on every rank."""
        if self.world == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, device=torch.device("cpu"))
        return values[0]


ALONE = Ranks()
Team = Callable[[], AbstractContextManager[Ranks]]


def alone() -> AbstractContextManager[Ranks]:
    """The team of one: this process."""
    return nullcontext(ALONE)


def check(recipe: Recipe, net: nn.Module, ranks: Ranks) -> None:
    """UserError for a run that so many processes cannot train to the same numbers."""
    check_batch(recipe, ranks.world)
    if ranks.world > 1 and any(_draws(module) for module in net.modules()):
        raise UserError(
            "dropout and torchvision's stochastic depth draw for a whole batch: one process must "
            "train this net (no --nodes, no --processes-per-run)"
        )


def check_batch(recipe: Recipe, world: int) -> None:
    """UserError where so many processes cannot share the recipe's batch."""
    if world == 1:
        return
    batch, group = recipe.batch_size, recipe.bn_group
    if batch % world:
        raise UserError(
            f"{world} processes cannot share a batch of {batch} images (recipe '{recipe.name}'): "
            f"give a number that divides {batch}"
        )
    if group and batch // world % group:
        raise UserError(
            f"{world} processes have {batch // world} images each, and the recipe's batch "
            f"statistics are those of {group}: give at most {batch // group} processes"
        )


def _draws(module: nn.Module) -> bool:
    """Whether it draws for a whole batch, of which a rank has but a part."""
    if isinstance(module, Block):
        return bool(module.style.dropout)
    return isinstance(module, nn.Dropout | DropoutShortcut | StochasticDepth)


def average_before_steps(optimizer: torch.optim.Optimizer, net: nn.Module, ranks: Ranks) -> None:
    """From now on let every update of `optimizer` use the mean of the ranks' gradients.

    The running statistics of BN become their mean as well: where each rank has its own groups, so
    the buffers are those that one process would have.
    """
    if ranks.world == 1:
        return

    def average(*_: Any) -> None:
        with torch.no_grad():
            named = (p for group in optimizer.param_groups for p in group["params"])
            tensors = [p.grad for p in named if p.grad is not None] + list(running(net))
            flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
            dist.all_reduce(flat)
            parts = flat.div_(ranks.world).split([tensor.numel() for tensor in tensors])
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view(tensor.shape))

    optimizer.register_step_pre_hook(average)


class _Started(ClusterEnvironment):
    """Processes that were started and joined before Lightning saw them, each with one device."""

    def __init__(self, ranks: Ranks) -> None:
        super().__init__()
        self._ranks = ranks

    @property
    def creates_processes_externally(self) -> bool:
        """True: there is nothing to launch."""
        return True

    @property
    def main_address(self) -> str:
        """Unused: the group is joined already."""
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        """Unused, likewise."""
        return 0

    @staticmethod
    def detect() -> bool:
        """Never by itself."""
        return False

    def world_size(self) -> int:
        """All ranks."""
        return self._ranks.world

    def set_world_size(self, size: int) -> None:
        """It is known."""

    def global_rank(self) -> int:
        """This rank."""
        return self._ranks.rank

    def set_global_rank(self, rank: int) -> None:
        """It is known."""

    def local_rank(self) -> int:
        """0: every process sees its own device and no other."""
        return 0

    def node_rank(self) -> int:
        """As Lightning counts, a process with one device is a node."""
        return self._ranks.rank


class _Together(DDPStrategy):
    """Lightning's DDP without the wrapper around the net."""

    def configure_ddp(self) -> None:
        """Nothing: `average_before_steps` has done it."""


def lightning(ranks: Ranks) -> dict[str, Any]:
    """What a Trainer has to be told for these ranks."""
    if ranks.world == 1:
        return {"devices": 1, "plugins": [LightningEnvironment()]}
    # Else Lightning deals the cores out anew, once a process: the first run would round otherwise.
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))
    strategy = _Together(cluster_environment=_Started(ranks))
    return {"devices": 1, "num_nodes": ranks.world, "strategy": strategy}


@contextmanager
def joined(store: dist.Store, ranks: Ranks, device: str) -> Iterator[Ranks]:
    """The process group of these ranks, while it lasts; they find each other in `store`."""
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    dist.init_process_group(backend, store=store, rank=ranks.rank, world_size=ranks.world)
    try:
        yield ranks
    finally:
        dist.destroy_process_group()
