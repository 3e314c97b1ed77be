"""Blocks without their F, and nets that train so many blocks a batch: Veit et al. 2016."""

import pytest
import torch
from torch import nn

from resnet import nets
from resnet.claims.arms import architecture
from resnet.errors import UserError
from resnet.nets.net import Net
from resnet.nets.vocabulary import Block

SKIPPED = [
    *("resnet8", "resnet8-B", "resnet8-C", "preact-resnet8", "preact-resnet11", "se-resnet8"),
    *("resnet8-bn-after-addition", "resnet8-relu-before-addition", "resnet8-relu-only-preact"),
    "resnet11-relu-only-preact",
    *("resnet8-scaled-0.5-0.5", "resnet8-exclusive-gating-6", "resnet8-shortcut-gating-0"),
    "resnet8-stochastic-depth",
]


def settled(name: str) -> Net:
    """A net in evaluation mode with statistics of its own, so that no normalisation is neutral."""
    net = nets.build(name, seed=3)
    for i, norm in enumerate(m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        source = torch.Generator().manual_seed(i)
        for tensor in (norm.running_mean, norm.bias, norm.running_var, norm.weight):
            with torch.no_grad():
                tensor.add_(torch.rand(tensor.shape, generator=source))
    return net.eval()


@torch.no_grad()
def silence(block: Block) -> None:
    """Make F zero by its last weights."""
    conv, norm = block.layers[-1]
    if block.style.placement in ("full-preact", "bn-after-addition"):
        conv.weight.zero_()
        return
    norm.weight.zero_()
    norm.bias.zero_()


@pytest.mark.parametrize("name", SKIPPED)
@torch.no_grad()
def test_a_skipped_block_is_the_block_with_an_f_of_zero(name: str) -> None:
    net, x = settled(name), torch.randn(2, 3, 16, 16)
    x = net.stem(x)
    for block in net.blocks:
        skipped, before = block.skip(x), x.clone()
        silence(block)
        assert torch.equal(block(x), skipped)
        assert torch.equal(x, before)
        x = skipped


@pytest.mark.parametrize("name", ["plain8", "vgg10-bn"])
def test_a_layer_without_shortcut_leaves_what_option_a_would(name: str) -> None:
    net = settled(name)
    residual = nets.build("resnet8").blocks
    for i, block in enumerate(net.blocks):
        c_in, _, stride = block.shape
        x = torch.rand(2, c_in, 16, 16)
        y = block.skip(x)
        assert y.shape == block(x).shape
        assert torch.equal(y[:, :c_in], x[..., ::stride, ::stride])
        assert not y[:, c_in:].any()
        assert block.reshapes == (y.shape != x.shape)
        if name == "plain8":
            assert torch.equal(residual[i].downsample(x), y)


def active(net: Net) -> list[int]:
    return [i for i, block in enumerate(net.blocks) if not block.idle]


def test_exactly_so_many_blocks_take_part_in_each_batch() -> None:
    net = nets.build("preact-resnet20-4-of-9", seed=1).train()
    drawn = []
    for i in range(12):
        torch.manual_seed(i)
        net.zero_grad()
        net(torch.randn(2, 3, 16, 16)).sum().backward()
        learning = [i for i, block in enumerate(net.blocks) if block.conv2.weight.grad is not None]
        assert learning == active(net)
        drawn.append(tuple(learning))
    assert {len(blocks) for blocks in drawn} == {4}
    assert len(set(drawn)) > 6
    assert set().union(*drawn) == set(range(9))


def test_idle_blocks_are_their_shortcuts_and_evaluation_weighs_all_by_k_over_n() -> None:
    net, x = nets.build("preact-resnet20-3-of-9", seed=1), torch.randn(2, 3, 16, 16)
    y = net.train().stem(x)
    net(x)
    assert all(torch.equal(net.blocks[i](y), y) == net.blocks[i].idle for i in range(3))
    whole = nets.build("preact-resnet20", seed=1).eval()
    block, same = net.eval().blocks[1], whole.blocks[1]
    same.load_state_dict(block.state_dict())
    torch.testing.assert_close(block(y) - y, (same(y) - y) * (3 / 9))
    assert torch.equal(net(x), net(x))


def test_all_of_n_is_the_whole_net() -> None:
    x = torch.randn(2, 3, 16, 16)
    pair = [nets.build(name, seed=2) for name in ("preact-resnet20-9-of-9", "preact-resnet20")]
    assert torch.equal(pair[0].train()(x), pair[1].train()(x))
    assert torch.equal(pair[0].eval()(x), pair[1].eval()(x))


def test_names_say_how_many_blocks_there_are() -> None:
    assert nets.check("preact-resnet110-23-of-54") == "preact-resnet110-23-of-54"
    assert nets.check("resnet50-A-8-of-16") == "resnet50-A-8-of-16"
    assert nets.check("wrn-16-4-3-of-6") == "wrn-16-4-3-of-6"
    sampled = [architecture(f"preact-resnet{name}") for name in ("110-23-of-54", "20-4-of-9")]
    assert sampled[0] == sampled[1] != architecture("preact-resnet110")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("preact-resnet110-23-of-50", "it has 54 blocks: -k-of-54"),
        ("preact-resnet20-10-of-9", "it has 9 blocks"),
        ("preact-resnet20-0-of-9", "k is 1 or more"),
        ("plain20-4-of-9", "without shortcuts"),
        ("resnet20-scaled-0.5-0.5-4-of-9", "options A, B, C"),
        ("resnet20-stochastic-depth-4-of-9", "without stochastic depth"),
        ("preact-resnet110-23-of-99999", "unknown net"),
    ],
)
def test_numbers_that_cannot_be_are_one_line(name: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        nets.check(name)
