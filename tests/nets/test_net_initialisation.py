"""Initial weights: a function of (seed, name, shape), with He's moments."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resnet import nets
from resnet.errors import UserError
from resnet.nets.initialisation import deviation
from resnet.randomness import generator

ARMS = [
    *("plain20", "resnet20", "resnet20-B", "resnet20-C", "plain56", "resnet56", "resnet110"),
    *("preact-resnet20", "resnet20-relu-only-preact", "resnet20-stochastic-depth"),
    *("resnet20-exclusive-gating-6", "resnet20-dropout-shortcut", "se-resnet20"),
]


@given(st.sampled_from(ARMS), st.sampled_from(ARMS), st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_one_name_and_shape_has_one_value_in_every_arm(one: str, two: str, seed: int) -> None:
    first, second = (dict(nets.build(name, seed=seed).named_parameters()) for name in (one, two))
    shared = [k for k in first if k in second and first[k].shape == second[k].shape]
    assert {"conv1.weight", "layer1.0.conv1.weight", "layer3.2.conv2.weight"} < set(shared)
    for key in shared:
        assert torch.equal(first[key], second[key]), key


def test_plain_and_option_a_start_from_the_very_same_state() -> None:
    plain, residual = (nets.build(name, seed=5).state_dict() for name in ("plain56", "resnet56"))
    assert list(plain) == list(residual)
    assert all(torch.equal(plain[key], residual[key]) for key in plain)


def test_weights_are_what_the_module_says() -> None:
    weight = nets.build("resnet20", seed=0).conv1.weight
    raw = generator(0, "weight", "conv1.weight").standard_normal((16, 3, 3, 3), dtype="float32")
    expected = torch.from_numpy(raw) * math.sqrt(2 / (9 * 16))
    torch.testing.assert_close(weight.detach(), expected)


def test_seeds_differ_and_repeat() -> None:
    one, again, other = (nets.build("plain8", seed=s).conv1.weight for s in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    layers = nets.build("plain20").layer1
    assert not torch.equal(layers[0].conv1.weight, layers[1].conv1.weight)


def test_torch_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    nets.build("resnet20")
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(("mode", "inputs_count"), [("fan-out", False), ("fan-in", True)])
def test_moments_of_he(mode: str, inputs_count: bool) -> None:
    net = nets.build("resnet18", num_classes=100)
    nets.initialise(net, 7, mode)
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 30_000:
            fan = module.weight[0, 0].numel() * module.weight.shape[int(inputs_count)]
            values, n = module.weight.detach().double(), module.weight.numel()
            std = math.sqrt(2 / fan)
            assert deviation(module, mode) == pytest.approx(std)
            # Five standard errors of the mean, the variance and the fourth moment of a normal.
            assert abs(values.mean()) < 5 * std / math.sqrt(n)
            assert (values / std).square().mean() == pytest.approx(1, abs=5 * math.sqrt(2 / n))
            assert (values / std).pow(4).mean() == pytest.approx(3, abs=5 * math.sqrt(96 / n))
    assert net.fc.weight.std().item() == pytest.approx(math.sqrt(1 / 512), rel=0.02)


def test_everything_else_starts_at_its_constant() -> None:
    net = nets.build("resnet20-shortcut-gating-6")
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(3)
        net.train()(torch.rand(2, 3, 32, 32))
    nets.initialise(net, 0)
    fresh = nets.build("resnet20-shortcut-gating-6").state_dict()
    assert all(torch.equal(value, fresh[key]) for key, value in net.state_dict().items())
    for key, value in fresh.items():
        if key.endswith("gate.bias"):
            assert value.eq(-6).all()
        elif key.endswith("bias") or "running_mean" in key:
            assert not value.any()
        elif ("bn" in key and "weight" in key) or "running_var" in key:
            assert value.eq(1).all()


def test_forward_scale_is_kept_through_depth() -> None:
    """He et al. 2015 (PReLU), section 2.2: without BN the signal neither dies nor explodes."""
    net = nets.build("plain32", seed=0)
    nets.initialise(net, 0, "fan-in")
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()  # identity at the start: mean 0, variance 1
    seen = []
    for block in net.layer1:
        block.register_forward_hook(lambda _, __, y: seen.append(y.square().mean().item()))
    net(torch.randn(8, 3, 32, 32))
    assert 0.1 < seen[-1] / seen[0] < 10


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(UserError, match="fan-in, fan-out"):
        nets.initialise(nets.build("plain8"), 0, "fan-mid")
