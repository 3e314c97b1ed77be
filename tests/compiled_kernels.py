"""Compile all that some nets need for a GPU that is not there, and tell what it asks of one.

    python -m tests.compiled_kernels CAPABILITY NET…

Prints, for each kernel and shape, its name and the shared memory it takes (bytes), as JSON. Run as
a process of its own: how kernels are launched is decided when they are imported.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import torch


class Absent:
    """What Triton asks of a driver before it compiles, for a GPU of this capability (90: 9.0)."""

    def __init__(self, capability: int) -> None:
        self.capability = capability

    def get_current_target(self) -> Any:
        """The GPU to compile for."""
        from triton.backends.compiler import GPUTarget

        return GPUTarget("cuda", self.capability, 32)

    def get_current_device(self) -> int:
        """The only one."""
        return 0

    def get_current_stream(self, device: int) -> int:
        """The only one."""
        return 0


def compiled(capability: int, names: list[str]) -> list[tuple[str, int]]:
    """Train a step and evaluate, on maps that nothing fills, with kernels that never start."""
    from triton.runtime import driver
    from triton.runtime.jit import JITFunction

    driver.set_active(Absent(capability))
    found: dict[str, tuple[str, int]] = {}
    run = JITFunction.run

    def compile_only(self: Any, *arguments: Any, **options: Any) -> None:
        kernel = run(self, *arguments, **{**options, "warmup": True})
        found[kernel.hash] = (self.fn.__name__, kernel.metadata.shared)

    JITFunction.run = compile_only
    for name in names:
        _step_and_test(name)
    return list(found.values())


def _step_and_test(name: str) -> None:
    from resnet.kernels.fuse import fuse
    from resnet.nets import build

    net = build(name, 10).to(memory_format=torch.channels_last).train()
    fuse(net)
    x = torch.zeros(128, 3, 32, 32).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        net(x).sum().backward()
        with torch.no_grad():
            net.eval()(x)


if __name__ == "__main__":
    capability, *names = sys.argv[1:]
    os.environ["RESNET_EARLY"] = "1" if int(capability) >= 90 else "0"
    print(json.dumps(compiled(int(capability), names)))
