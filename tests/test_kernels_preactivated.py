"""Pre-activated blocks on the way back: what reaches their second result, the statistics."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import Function

from resnet.nets import build

pytest.importorskip("triton")
from resnet.kernels import fuse
from resnet.kernels.preactivated import Preactivated
from tests.test_kernels import DEVICE, images


def fused(name: str) -> tuple[nn.Module, Tensor]:
    """A net and images for it."""
    net = build(name, 10).to(DEVICE).to(memory_format=torch.channels_last).train()
    fuse.fuse(net)
    return net, images(2, 3, 16, 16, dtype=torch.float32)


def test_no_zeros_are_made_for_the_statistics_on_the_way_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Tensor | None] = []
    real = Preactivated.backward

    def backward(ctx: Any, g: Tensor, second: Tensor | None) -> Any:
        seen.append(second)
        return real(ctx, g, second)

    monkeypatch.setattr(Preactivated, "backward", staticmethod(backward))
    net, x = fused("preact-resnet8")
    with torch.autocast(DEVICE, torch.bfloat16):
        net(x).sum().backward()
    assert seen == [None] * 3


def test_a_block_whose_map_has_no_gradient_has_none() -> None:
    class Cut(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> None:
            return None

    net, x = fused("preact-resnet8")
    Cut.apply(net.layer1(net.stem(x))).sum().backward()
    assert all(weight.grad is None for weight in net.layer1.parameters())
    assert not any(weight.grad.any() for weight in net.bn1.parameters())
