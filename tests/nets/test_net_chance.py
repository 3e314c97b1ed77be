"""Stochastic depth and dropout by counter, and activation checkpointing."""

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet import nets
from resnet.errors import UserError
from resnet.nets.mixing import Chance, dropout
from resnet.nets.net import Net

STOCHASTIC = ["resnet20-stochastic-depth", "resnet20-dropout-shortcut", "wrn-10-1-dropout0.3"]


def train(net: Net, steps: int, first: int = 0) -> list[Tensor]:
    """Losses of some steps of SGD on images that depend on the step alone."""
    optimiser = torch.optim.SGD(net.train().parameters(), lr=0.05)
    losses = []
    for i in range(first, first + steps):
        x = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(i))
        loss = F.cross_entropy(net(x), torch.arange(4))
        optimiser.zero_grad(set_to_none=False)
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    return losses


@pytest.mark.parametrize("name", STOCHASTIC)
def test_a_resumed_net_draws_what_an_undisturbed_one_would(name: str) -> None:
    whole, half, resumed = (nets.build(name, seed=4) for _ in range(3))
    losses = train(whole, 4)
    train(half, 2)
    resumed.load_state_dict(half.state_dict())
    torch.manual_seed(99)
    assert torch.equal(torch.stack(train(resumed, 2, first=2)), torch.stack(losses[2:]))
    assert all(
        torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters(), strict=True)
    )


@pytest.mark.parametrize("name", STOCHASTIC)
def test_seeds_draw_differently_and_evaluation_not_at_all(name: str) -> None:
    net, x = nets.build(name, seed=1), torch.rand(4, 3, 16, 16)
    net.eval()
    assert torch.equal(net(x), net(x))
    chances = [m for m in net.modules() if isinstance(m, Chance)]
    assert all(chance.count == 0 for chance in chances)
    draws = {(c.seed, c.name, c.draw().random()) for c in chances}
    assert len({draw[1] for draw in draws}) == len(chances)
    assert len({draw[2] for draw in draws}) == len(chances)


def test_dropout_has_its_probability_and_keeps_the_mean() -> None:
    y = dropout(torch.ones(100_000), 0.3, Chance())
    assert (y == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.015)


def test_survival_falls_linearly_to_one_half() -> None:
    """Huang et al. 2016, equation 4."""
    survival = [block.survival for block in nets.build("resnet110-stochastic-depth").blocks]
    assert survival == pytest.approx([1 - i / 54 / 2 for i in range(1, 55)])


def test_blocks_survive_as_often_as_they_should() -> None:
    net = nets.build("resnet8-stochastic-depth")
    last = net.blocks[-1]
    alive = sum(not last._dropped() for _ in range(2000))
    assert alive / 2000 == pytest.approx(0.5, abs=0.06)


def test_a_dropped_block_is_its_shortcut_and_evaluation_scales() -> None:
    net = nets.build("resnet8-stochastic-depth").train()
    block, x = net.blocks[0], torch.rand(2, 16, 8, 8)
    block.survival = 0.0
    assert torch.equal(block(x), x)
    block.eval()
    block.survival = 0.75
    branch = block.bn2(block.conv2(F.relu(block.bn1(block.conv1(x)))))
    torch.testing.assert_close(block(x), F.relu(0.75 * branch + x))


@pytest.mark.parametrize(
    "name",
    ["resnet20", "preact-resnet20", "plain20", "resnet11-bottleneck", "vgg10-bn", *STOCHASTIC],
)
def test_checkpointing_changes_no_bit(name: str) -> None:
    size = 32
    states, gradients, losses = [], [], []
    for checkpointing in (False, True):
        net = nets.build(name, checkpointing=checkpointing).train()
        x = torch.randn(4, 3, size, size, generator=torch.Generator().manual_seed(0))
        for _ in range(2):
            loss = F.cross_entropy(net(x), torch.arange(4))
            loss.backward()
        losses.append(loss)
        states.append(net.state_dict())
        gradients.append([p.grad for p in net.parameters()])
    assert torch.equal(losses[0], losses[1])
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    for plain, checkpointed in zip(*gradients, strict=True):
        assert (plain is None) == (checkpointed is None)
        assert plain is None or torch.equal(plain, checkpointed)


def test_torchvision_classes_have_no_checkpointing() -> None:
    with pytest.raises(UserError, match="checkpointing"):
        nets.build("torchvision:resnet18", checkpointing=True)


DEEP_STEP = """
import resource, time, torch
import torch.nn.functional as F
from resnet import nets
start = time.process_time()
net = nets.build("resnet1202").train()
built = time.process_time() - start
optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
F.cross_entropy(net(torch.randn(8, 3, 32, 32)), torch.arange(8)).backward()
optimiser.step()
assert all(p.isfinite().all() for p in net.parameters())
print(built, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is in kilobytes on Linux only")
def test_depth_1202_builds_in_seconds_and_steps_within_six_gigabytes() -> None:
    command = [sys.executable, "-c", DEEP_STEP]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    seconds, kilobytes = (float(word) for word in out.split())
    assert seconds < 10
    assert kilobytes / 2**20 < 6
