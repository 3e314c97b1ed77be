"""The constructive argument of He et al. 2015, executed: more layers, the same function."""

import pytest
import torch
from torch.nn import functional

from resnet import nets
from resnet.errors import UserError
from resnet.nets.identity import insert_identities, make_identity
from resnet.nets.net import Net
from resnet.nets.plans import Style
from resnet.nets.vocabulary import Block

PAIRS = [
    ("plain20", "plain56"),
    ("plain20", "plain110"),
    ("plain18", "plain34"),
    ("resnet20", "resnet56"),
    ("resnet20-B", "resnet32-B"),
    ("preact-resnet20", "preact-resnet56"),
    ("resnet20-bn-after-addition", "resnet32-bn-after-addition"),
    ("resnet20-relu-only-preact", "resnet32-relu-only-preact"),
]


def trained(name: str) -> Net:
    """A net that has seen data: its running statistics are not the initial ones."""
    net = nets.build(name, num_classes=10)
    with torch.no_grad():
        for _ in range(2):
            net.train()(torch.rand(4, 3, 32, 32))
    return net.eval()


@pytest.mark.parametrize(("shallow", "deep"), PAIRS)
def test_inserted_identities_change_no_bit(shallow: str, deep: str) -> None:
    net = trained(shallow)
    deeper = insert_identities(net, deep)
    x = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        y = net(x)
        assert torch.equal(deeper(x), y)
    assert y.std() > 0
    assert deeper.name == deep
    assert len(deeper.blocks) > len(net.blocks)


def test_without_the_identities_the_deeper_net_differs() -> None:
    net, x = trained("plain20"), torch.randn(4, 3, 32, 32)
    deeper = insert_identities(net, "plain56")
    deeper.layer2[5].conv1.weight.data[0, 0, 1, 1] = 0
    with torch.no_grad():
        assert not torch.equal(deeper(x), net(x))


@pytest.mark.parametrize("unit", ["basic", "bottleneck", "1-layer-skip"])
@pytest.mark.parametrize("training", [True, False])
def test_a_residual_block_that_ends_in_zero_is_the_identity(unit: str, training: bool) -> None:
    block = Block(16, 16, 1, Style(unit)).train(training)
    make_identity(block)
    assert all(conv.weight.any() for conv, _ in block.layers)
    x = torch.rand(4, 16, 8, 8)
    assert torch.equal(block(x), x)


def test_a_zero_pre_activated_block_is_the_identity_of_any_input() -> None:
    block = Block(16, 16, 1, Style(placement="full-preact"))
    make_identity(block)
    x = torch.randn(4, 16, 8, 8)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(
    ("shallow", "deep"),
    [
        ("resnet8", "resnet14"),
        ("resnet8-bn-after-addition", "resnet14-bn-after-addition"),
        ("resnet8-relu-only-preact", "resnet14-relu-only-preact"),
        ("preact-resnet8", "preact-resnet14"),
        ("preact-resnet11", "preact-resnet20-bottleneck"),
    ],
)
def test_inserted_residual_blocks_learn(shallow: str, deep: str) -> None:
    net = insert_identities(nets.build(shallow, num_classes=10), deep).train()
    new = [stage[-1] for stage in net.stages]
    before = [conv.weight.clone() for block in new for conv, _ in block.layers]
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(8, 3, 32, 32), torch.arange(8)
    for _ in range(3):  # the first moves only what ends F
        sgd.zero_grad()
        functional.cross_entropy(net(x), y).backward()
        sgd.step()
    after = [conv.weight for block in new for conv, _ in block.layers]
    assert not any(torch.equal(old, now) for old, now in zip(before, after, strict=True))


def test_inserted_weights_are_drawn_as_those_of_the_deeper_net() -> None:
    net = insert_identities(nets.build("resnet8"), "resnet14", seed=3, init="fan-in")
    drawn = nets.build("resnet14")
    nets.initialise(drawn, 3, "fan-in")
    assert torch.equal(net.layer2[1].conv1.weight, drawn.layer2[1].conv1.weight)


@pytest.mark.parametrize(
    ("shallow", "deep", "reason"),
    [
        ("plain20", "resnet56", "more than its depth"),
        ("resnet20", "resnet56-B", "more than its depth"),
        ("plain56", "plain20", "not deeper"),
        ("plain18", "plain50", "more than its depth"),
        ("cifar-plain20-bottleneck", "cifar-plain29-bottleneck", "too narrow"),
        ("resnet20-C", "resnet32-C", "shortcut C"),
        (
            "resnet20-relu-before-addition",
            "resnet32-relu-before-addition",
            "ReLU before addition",
        ),
    ],
)
def test_what_cannot_be_inserted_is_refused(shallow: str, deep: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        insert_identities(nets.build(shallow), deep)


def test_a_block_that_changes_the_size_is_no_identity() -> None:
    with pytest.raises(UserError, match="changes the size"):
        make_identity(Block(16, 32, 2, Style()))
