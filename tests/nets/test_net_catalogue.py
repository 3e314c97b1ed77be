"""Every name of the catalogue: built, run forward and backward."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resnet import nets
from resnet.nets.grammar import parse
from resnet.nets.net import Net
from resnet.nets.vocabulary import Block


def small_image(name: str) -> int:
    """The side of the smallest image worth trying."""
    spec = parse(name)
    return 32 if spec.family == "vgg" or spec.images == "imagenet" else 8


def backward(net: Net, size: int) -> torch.Tensor:
    """Logits of three images, with gradients in the net's parameters."""
    x = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    logits = net.train()(x)
    F.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    return logits


@pytest.mark.parametrize("name", nets.names())
def test_builds_and_gives_finite_gradients(name: str) -> None:
    net = nets.build(name, num_classes=5)
    for block in net.blocks:
        if isinstance(block, Block):
            block.survival = 1.0  # a block that is dropped has no gradient
    if getattr(net, "active", 0):
        net.active = len(net.blocks)
    logits = backward(net, small_image(name))
    assert logits.shape == (3, 5)
    assert logits.isfinite().all()
    for key, parameter in net.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
    assert net.fc.weight.grad is not None
    assert net.fc.weight.grad.any()


@st.composite
def small_names(draw: st.DrawFn) -> str:
    """Names of nets that are built in no time."""
    n, k = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    option = draw(st.sampled_from(["", "-A", "-B", "-C", "-scaled-0.5-1", "-shortcut-gating-6"]))
    forms = [
        f"plain{6 * n + 2}",
        f"resnet{6 * n + 2}{option}",
        f"preact-resnet{6 * n + 2}",
        f"resnet{9 * n + 2}-bottleneck{option}",
        f"se-resnet{6 * n + 2}-x{k}",
        f"wrn-{6 * n + 4}-{k}",
        f"resnext{9 * n + 2}-{k}x{4 * k}d",
    ]
    return draw(st.sampled_from(forms))


@given(small_names(), st.integers(1, 4), st.integers(1, 12))
@settings(max_examples=15, deadline=None)
def test_any_name_of_the_grammar_runs(name: str, classes: int, size: int) -> None:
    net = nets.build(name, num_classes=classes).eval()
    assert net(torch.rand(2, 3, size, size)).shape == (2, classes)
    depth = nets.depth(name)
    units = {"basic": 2, "bottleneck": 3}[parse(name).style.unit]
    assert len(net.blocks) == (depth - (4 if "wrn" in name else 2)) // units


def test_blocks_are_in_forward_order_and_live() -> None:
    net = nets.build("resnet20").eval()
    order: list[nn.Module] = []
    for block in net.blocks:
        block.register_forward_hook(lambda module, _, __: order.append(module))
    net(torch.rand(1, 3, 8, 8))
    assert order == net.blocks
    assert len(order) == 9
    net.layer1[1] = nn.Identity()  # a lesion
    assert isinstance(net.blocks[1], nn.Identity)
    assert net(torch.rand(1, 3, 8, 8)).shape == (1, 10)


def test_state_dict_keys_are_torchvisions() -> None:
    keys = set(nets.build("resnet20-B").state_dict())
    expected = "conv1.weight bn1.bias layer1.0.conv1.weight layer3.2.bn2.running_var fc.bias"
    projection = "layer2.0.downsample.0.weight layer2.0.downsample.1.weight"
    assert set(f"{expected} {projection}".split()) < keys


def test_vgg_layers_that_keep_their_width_can_be_taken_out() -> None:
    net = nets.build("vgg15-bn").eval()
    assert len(net.blocks) == 13
    net.layer3[1] = nn.Identity()
    assert net(torch.rand(1, 3, 32, 32)).shape == (1, 10)


def test_default_number_of_classes() -> None:
    assert nets.build("plain8").fc.out_features == 10
    assert nets.build("plain18").fc.out_features == 1000
