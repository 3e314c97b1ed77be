"""Blocks, each kind compiled once: a net of 1202 layers has as many kinds of them as one of 20.

`torch.compile` on the net would unroll it: hours for 1202 layers. Compiled block by block, all
blocks of one kind (shape, stride, mode) find the same code, so the time does not grow with depth.
"""

import torch
from torch import nn

KINDS = 64  # codes that one block class may come to: shapes times strides times modes


def compile_blocks(net: nn.Module) -> None:
    """Compile every block of `net`, in place; its state dict and its hooks stay as they are."""
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, KINDS)
    for block in net.blocks:  # type: ignore[union-attr]
        block.compile(dynamic=False)
