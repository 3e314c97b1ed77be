"""Parameters and multiply-adds, against the papers and the literature's worked numbers."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resnet import nets
from resnet.nets.construct import architecture
from resnet.nets.counts import parameters, totals
from resnet.nets.vocabulary import Block, basic_block, bottleneck

OPTION_A = {
    20: 269_722,
    32: 464_154,
    44: 658_586,
    56: 853_018,
    110: 1_727_962,
    1202: 19_421_274,
}
OPTION_B = {
    20: 272_474,
    32: 466_906,
    44: 661_338,
    56: 855_770,
    110: 1_730_714,
    1202: 19_424_026,
}
OTHERS = {
    "resnet110-C": 1_826_202,
    "preact-resnet164": 1_703_258,
    "preact-resnet1001": 10_327_706,
    "wrn-40-4": 8_949_210,
    "wrn-16-8": 10_961_370,
    "wrn-28-10": 36_479_194,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet50-v1": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext50-32x4d": 25_028_904,
    "wide-resnet50-2": 68_883_240,
    "torchvision:densenet121": 7_978_856,
}
MILLIONS = {  # as printed: Xie et al. 2017, Table 7; He et al. 2016, section 5; Hu et al. 2018
    "resnext29-8x64d": 34.4,
    "resnext29-16x64d": 68.1,
    "preact-resnet200": 64.7,
    "se-resnet50": 28.1,
}
MULTIPLY_ADDS = {  # He et al. 2015, Table 1
    "resnet18-A": 1.8e9,
    "resnet34-A": 3.6e9,
    "resnet50-v1": 3.8e9,
    "resnet101-v1": 7.6e9,
    "resnet152-v1": 11.3e9,
    "plain34": 3.6e9,
}


@pytest.mark.parametrize("depth", OPTION_A)
def test_cifar_counts_are_the_papers(depth: int) -> None:
    assert parameters(architecture(f"resnet{depth}")) == OPTION_A[depth]
    assert parameters(architecture(f"plain{depth}")) == OPTION_A[depth]
    assert parameters(architecture(f"resnet{depth}-B")) == OPTION_B[depth]
    assert parameters(architecture(f"preact-resnet{depth}")) == OPTION_A[depth]


@pytest.mark.parametrize("name", OTHERS)
def test_counts_to_the_parameter(name: str) -> None:
    assert parameters(architecture(name)) == OTHERS[name]


@pytest.mark.parametrize("name", MILLIONS)
def test_counts_as_printed(name: str) -> None:
    assert round(totals(name)[0] / 1e6, 1) == pytest.approx(MILLIONS[name], abs=0.11)


def test_1001_without_batch_normalisation_is_the_papers_10_2_million() -> None:
    net = architecture("preact-resnet1001")
    norms = sum(parameters(m) for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    assert parameters(net) - norms == 10_178_490


@given(st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_plain_and_option_a_have_equal_counts_at_any_depth(n: int) -> None:
    pair = (f"cifar-{family}{6 * n + 2}-basic" for family in ("plain", "resnet"))
    plain, residual = (architecture(name) for name in pair)
    shapes = [[(k, p.shape) for k, p in net.named_parameters()] for net in (plain, residual)]
    assert shapes[0] == shapes[1]


def convolution_weights(block: nn.Module) -> int:
    return sum(parameters(m) for m in block.modules() if isinstance(m, nn.Conv2d))


def test_bottleneck_and_basic_block_of_256_channels() -> None:
    assert convolution_weights(bottleneck(256, 256)) == 69_632
    assert convolution_weights(basic_block(256, 256)) == 1_179_648


def test_bottleneck_of_512_channels_with_its_batch_normalisation() -> None:
    block = bottleneck(512, 512)
    assert convolution_weights(block) == 278_528
    assert parameters(block) - convolution_weights(block) == 1_536
    assert parameters(block) == 280_064


def weight_layers(net: nn.Module) -> int:
    """Convolutions and linear layers on the way from input to output."""
    beside = ("downsample", "gate", "se")
    return sum(
        isinstance(module, nn.Conv2d | nn.Linear)
        for name, module in net.named_modules()
        if not set(beside) & set(name.split("."))
    )


def test_the_fifty_layers_of_resnet50() -> None:
    net = architecture("resnet50")
    assert [len(stage) for stage in net.stages] == [3, 4, 6, 3]
    assert (3 + 4 + 6 + 3) * 3 + 2 == 50 == weight_layers(net)


@pytest.mark.parametrize("name", nets.names())
def test_depth_is_the_number_of_weight_layers(name: str) -> None:
    net = architecture(name)
    # Wide ResNet's authors count the three projections, and not the classifier.
    beside = 2 if "wrn" in name else 0
    assert weight_layers(net) + beside == nets.depth(name) == net.depth
    assert net.name == name


@pytest.mark.parametrize("name", MULTIPLY_ADDS)
def test_multiply_adds_of_table_1(name: str) -> None:
    assert totals(name)[1] == pytest.approx(MULTIPLY_ADDS[name], rel=0.02)


@pytest.mark.parametrize(
    ("name", "millions"),
    [("resnet20", 40.55), ("resnet56", 125.49), ("resnet110", 252.89), ("resnet1202", 2829.2)],
)
def test_multiply_adds_at_32_pixels(name: str, millions: float) -> None:
    assert totals(name)[1] / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    ("n_in", "n_out", "stride", "projects"), [(64, 64, 1, 0), (64, 64, 2, 1), (64, 128, 1, 1)]
)
def test_basic_block_projects_where_the_size_changes(
    n_in: int, n_out: int, stride: int, projects: bool
) -> None:
    block = basic_block(n_in, n_out, stride)
    assert isinstance(block, Block)
    assert block.projects == projects
    assert block(torch.zeros(1, n_in, 8, 8)).shape == (1, n_out, 8 // stride, 8 // stride)
