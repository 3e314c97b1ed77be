"""Shortcuts, placements and mixtures, each against its formula written out."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from resnet import nets
from resnet.nets.initialisation import initialise
from resnet.nets.mixing import mixture
from resnet.nets.plans import Style
from resnet.nets.vocabulary import Block, Padding, shortcut


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def block(style: Style, n_in: int = 8, n_out: int = 8, stride: int = 1) -> Block:
    """A block in evaluation mode whose normalisation is not trivial."""
    made = Block(n_in, n_out, stride, style)
    initialise(made, 0)
    for i, norm in enumerate(m for m in made.modules() if isinstance(m, nn.BatchNorm2d)):
        assert norm.running_mean is not None
        norm.running_mean.copy_(noise(norm.num_features, seed=i))
    return made.eval()


def test_the_worked_example_of_a_block() -> None:
    made = block(Style("basic", "A"), 4, 4)
    made.conv1, made.bn1 = nn.Identity(), nn.Identity()
    made.conv2 = nn.Identity()
    x = torch.tensor([2.0, -1.0, 0.5, 1.5]).view(1, 4, 1, 1)
    f = torch.tensor([0.1, -0.2, 0.3, -0.1]).view(1, 4, 1, 1)

    class Residual(nn.Module):
        def forward(self, _: Tensor) -> Tensor:
            return f.clone()

    made.bn2 = Residual()
    expected = torch.tensor([2.1, 0.0, 0.8, 1.4]).view(1, 4, 1, 1)
    torch.testing.assert_close(made(x), expected, rtol=0, atol=1e-7)


@given(st.integers(1, 9), st.integers(0, 9), st.integers(1, 3), st.integers(1, 9))
@settings(deadline=None, max_examples=50)
def test_option_a_subsamples_and_pads_at_the_end(
    n_in: int, missing: int, stride: int, size: int
) -> None:
    x = noise(2, n_in, size, size)
    y = Padding(n_in, n_in + missing, stride)(x)
    assert torch.equal(y[:, :n_in], x[:, :, ::stride, ::stride])
    assert y.shape[1] == n_in + missing
    assert not y[:, n_in:].any()
    assert y.shape[2:] == F.conv2d(x, noise(1, n_in, 3, 3), stride=stride, padding=1).shape[2:]


@pytest.mark.parametrize(
    ("option", "same", "changed"),
    [
        ("A", nn.Identity, Padding),
        ("B", nn.Identity, nn.Sequential),
        ("C", nn.Sequential, nn.Sequential),
    ],
)
def test_options_at_a_glance(option: str, same: type, changed: type) -> None:
    assert type(shortcut(option, 8, 8, 1)) is same
    assert type(shortcut(option, 8, 16, 2)) is changed
    assert type(shortcut(option, 8, 16, 1)) is changed
    assert type(shortcut(option, 8, 8, 2)) is changed


def test_a_plain_block_has_no_shortcut() -> None:
    made, x = block(Style("basic", "none")), noise(2, 8, 6, 6)
    y = F.relu(made.bn2(made.conv2(F.relu(made.bn1(made.conv1(x))))))
    assert torch.equal(made(x), y)


def placements(b: Block, x: Tensor) -> dict[str, Tensor]:
    """He et al. 2016, Figure 4, written out for a basic block."""
    c1, n1, c2, n2, relu = b.conv1, b.bn1, b.conv2, b.bn2, F.relu
    return {
        "original": relu(n2(c2(relu(n1(c1(x))))) + x),
        "bn-after-addition": relu(n2(c2(relu(n1(c1(x)))) + x)),
        "relu-before-addition": relu(n2(c2(relu(n1(c1(x)))))) + x,
        "relu-only-preact": n2(c2(relu(n1(c1(relu(x)))))) + x,
        "full-preact": c2(relu(n2(c1(relu(n1(x)))))) + x,
    }


@pytest.mark.parametrize("placement", placements(block(Style()), noise(1, 8, 4, 4)))
def test_placements(placement: str) -> None:
    made, x = block(Style(placement=placement)), noise(2, 8, 6, 6)
    kept = x.clone()
    assert torch.equal(made(x), placements(made, x)[placement])
    assert torch.equal(x, kept)


def test_a_pre_activated_projection_shares_the_activation_and_has_no_normalisation() -> None:
    made, x = block(Style("bottleneck", "B", "full-preact"), 8, 32, 2), noise(2, 8, 6, 6)
    active = F.relu(made.bn1(x))
    branch = made.conv3(F.relu(made.bn3(made.conv2(F.relu(made.bn2(made.conv1(active)))))))
    assert made.downsample is not None
    assert len(made.downsample) == 1  # type: ignore[arg-type]
    torch.testing.assert_close(
        made(x), branch + F.conv2d(active, made.downsample[0].weight, stride=2)
    )


@pytest.mark.parametrize("first", [False, True])
def test_a_projection_reads_what_relu_only_pre_activation_activates(first: bool) -> None:
    made, x = block(Style("bottleneck", "B", "relu-only-preact"), 8, 32, 2), noise(2, 8, 6, 6)
    made.first, kept = first, x.clone()
    active = x if first else F.relu(x)  # before the first block the stem activates
    y = F.relu(made.bn2(made.conv2(F.relu(made.bn1(made.conv1(active))))))
    assert made.downsample is not None
    straight = made.downsample(active)
    assert torch.equal(made(x), made.bn3(made.conv3(y)) + straight)
    assert torch.equal(made.skip(x), straight)
    assert torch.equal(x, kept)


def test_option_a_reads_what_enters_a_block_of_relu_only_pre_activation() -> None:
    made, x = block(Style("basic", "A", "relu-only-preact"), 8, 16, 2), noise(2, 8, 6, 6)
    straight = made.downsample(x)  # type: ignore[misc]
    branch = made.bn2(made.conv2(F.relu(made.bn1(made.conv1(F.relu(x))))))
    assert torch.equal(made(x), branch + straight)
    assert torch.equal(made.skip(x), straight)


def test_pre_activated_ends() -> None:
    """First activation after conv1, before the split; a last one before pooling."""
    net = nets.build("preact-resnet20").eval()
    assert not hasattr(net.layer1[0], "bn1")
    x = noise(2, 3, 32, 32)
    y = F.relu(net.bn1(net.conv1(x)))
    y = y + net.layer1[0].conv2(F.relu(net.layer1[0].bn2(net.layer1[0].conv1(y))))
    for b in net.blocks[1:]:
        y = b(y)
    y = net.fc(F.relu(net.norm(y)).mean((2, 3)))
    torch.testing.assert_close(net(x), y)


def test_relu_only_pre_activation_ends_with_a_relu() -> None:
    net = nets.build("resnet20-relu-only-preact").eval()
    x = noise(2, 3, 32, 32)
    y = F.relu(net.bn1(net.conv1(x)))
    for b in net.blocks:
        y = b(y)
    assert y.min() < 0
    torch.testing.assert_close(net(x), net.fc(F.relu(y).mean((2, 3))))


@pytest.mark.parametrize(("v1", "strides"), [(True, [2, 1, 1]), (False, [1, 2, 1])])
def test_where_a_bottleneck_strides(v1: bool, strides: list[int]) -> None:
    convs = [conv for conv, _ in Block(8, 32, 2, Style("bottleneck", "B", v1=v1)).layers]
    assert [conv.stride[0] for conv in convs] == strides


@pytest.mark.parametrize("name", ["resnet50-v1", "resnet50", "resnet164", "resnext29-8x64d"])
def test_where_nets_stride(name: str) -> None:
    net = nets.build(name, num_classes=2)
    first = 1 if name in ("resnet50-v1", "resnet164") else 2
    assert getattr(net.layer2[0], f"conv{first}").stride == (2, 2)


def mixtures(kind: str, branch: Tensor, straight: Tensor, gate: Tensor) -> Tensor:
    """He et al. 2016, Table 1 and Figure 2."""
    return {
        "scaled-0.5-1": 0.5 * straight + branch,
        "scaled-0-1": branch,
        "exclusive-gating-6": (1 - gate) * straight + gate * branch,
        "shortcut-gating-6": (1 - gate) * straight + branch,
    }[kind]


@pytest.mark.parametrize(
    "kind", ["scaled-0.5-1", "scaled-0-1", "exclusive-gating-6", "shortcut-gating-6"]
)
@pytest.mark.parametrize(("n_out", "stride"), [(8, 1), (16, 2)])
def test_shortcuts_of_he_2016(kind: str, n_out: int, stride: int) -> None:
    mix = mixture(kind, 8, n_out, stride)
    assert mix is not None
    initialise(mix, 0)
    x, size = noise(2, 8, 6, 6), 6 // stride
    branch, straight = (noise(2, n_out, size, size, seed=s) for s in (1, 2))
    gate = torch.zeros(())
    if hasattr(mix, "gate"):
        assert torch.equal(mix.gate.bias, torch.full((n_out,), -6.0))
        gate = torch.sigmoid(F.conv2d(x, mix.gate.weight, mix.gate.bias, stride))
    expected = mixtures(kind, branch, straight, gate)
    torch.testing.assert_close(mix(branch, straight, x), expected)


def test_every_unit_gets_the_shortcut_of_he_2016() -> None:
    net = nets.build("resnet20-exclusive-gating-6")
    assert all(block.mix is not None for block in net.blocks)


def test_scaled_to_zero_is_the_plain_net() -> None:
    """He et al. 2016, Table 1: shortcut 0, branch 1."""
    scaled, plain = (nets.build(n).eval() for n in ("resnet20-scaled-0-1", "plain20"))
    x = noise(2, 3, 32, 32)
    assert torch.equal(scaled(x), plain(x))


def test_squeeze_and_excitation() -> None:
    net = nets.build("se-resnet20").eval()
    made, x = net.layer2[1], noise(2, 32, 6, 6)
    f = made.bn2(made.conv2(F.relu(made.bn1(made.conv1(x)))))
    hidden = F.relu(f.mean((2, 3)) @ made.se.fc1.weight[..., 0, 0].T + made.se.fc1.bias)
    weights = torch.sigmoid(hidden @ made.se.fc2.weight[..., 0, 0].T + made.se.fc2.bias)
    assert hidden.shape == (2, 2)
    torch.testing.assert_close(made(x), F.relu(f * weights[..., None, None] + x))


@pytest.mark.parametrize("name", ["resnet20", "preact-resnet20", "wrn-10-2", "resnet20-B"])
def test_channels_last_stays_channels_last(name: str) -> None:
    net = nets.build(name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    formats: list[bool] = []

    def look(_: nn.Module, __: object, y: Tensor) -> None:
        formats.append(y.is_contiguous(memory_format=torch.channels_last))

    for made in net.blocks:
        made.register_forward_hook(look)
        made.downsample.register_forward_hook(look)
    x = noise(4, 3, 32, 32)
    y = net(x.to(memory_format=torch.channels_last))
    assert len(formats) == 2 * len(net.blocks)
    assert all(formats)
    torch.testing.assert_close(y, nets.build(name)(x), rtol=1e-3, atol=1e-3)
