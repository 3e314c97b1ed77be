"""Weights in published layouts: the net says what it said where it was trained."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resnet.errors import UserError
from resnet.nets import build
from resnet.nets.checkpoints import from_file, read
from resnet.nets.guess import net_of
from resnet.nets.layouts import translated

X = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


class Theirs(nn.Module):
    """ResNet-14 with half of option A's zeros on either side, `linear` and `shortcut`."""

    def __init__(self, option: str) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, option), Block(16, 16, option))
        self.layer2 = nn.Sequential(Block(16, 32, option), Block(32, 32, option))
        self.layer3 = nn.Sequential(Block(32, 64, option), Block(64, 64, option))
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, option: str) -> None:
        super().__init__()
        self.option, self.missing = option, n_out - n_in
        stride = 2 if self.missing else 1
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(n_out), nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if self.missing and option == "B":
            one = nn.Conv2d(n_in, n_out, 1, stride, bias=False)
            self.shortcut = nn.Sequential(one, nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        residual = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.option == "none":
            return F.relu(residual)
        if self.missing and self.option == "A":
            half = self.missing // 2
            return F.relu(residual + F.pad(x[..., ::2, ::2], (0, 0, 0, 0, half, half)))
        return F.relu(residual + self.shortcut(x))


def trained(option: str) -> Theirs:
    """The net with statistics and scales of BN that all differ."""
    torch.manual_seed(1)
    net = Theirs(option)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net.eval()


@pytest.mark.parametrize(
    ("option", "name"), [("A", "resnet14"), ("B", "resnet14-B"), ("none", "plain14")]
)
def test_a_net_of_theirs_says_the_same_as_one_of_ours(
    tmp_path: Path, option: str, name: str
) -> None:
    theirs = trained(option)
    state = {f"module.{key}": value for key, value in theirs.state_dict().items()}
    torch.save({"state_dict": state, "best_prec1": 91.7}, tmp_path / "theirs.th")
    ours = from_file(tmp_path / "theirs.th", name)
    torch.testing.assert_close(ours(X), theirs(X), rtol=1e-4, atol=1e-5)
    if option == "B":
        assert net_of(read(tmp_path / "theirs.th")) == name
    else:
        with pytest.raises(UserError, match="fits plain14 and resnet14 alike"):
            net_of(read(tmp_path / "theirs.th"))


def test_weights_in_our_layout_come_back_as_they_are() -> None:
    state = build("resnet8", 10, seed=1).state_dict()
    found = translated(state)
    assert list(found) == list(state)
    assert all(found[key] is state[key] for key in state)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "resnet20-B",
            "resnet8-C",
            "preact-resnet20",
            "resnet164",
            "preact-resnet164",
            "wrn-16-4",
        ),
        *("se-resnet20-B", "resnet56-B-x4", "cifar-resnet50-B", "resnet20-bottleneck", "resnet18"),
        *("resnet29-x2", "resnet164-x2", "preact-resnet29-C", "wrn-10-2"),
    ],
)
def test_a_net_is_told_by_its_weights(name: str) -> None:
    assert net_of(build(name, 7).state_dict()) == name


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("plain8", ("plain8", "resnet8")),
        ("resnet20", ("plain20", "resnet20")),
        ("plain29", ("plain29", "resnet29-A")),
        ("wrn-40-1", ("wrn-40-1", "preact-resnet38-B")),
        ("resnet11", ("resnet11", "resnet11-C")),
    ],
)
def test_where_weights_do_not_tell_the_user_is_asked(name: str, both: tuple[str, str]) -> None:
    with pytest.raises(UserError, match=" and ".join(both)):
        net_of(build(name, 10).state_dict())


@pytest.mark.parametrize("stem", [torch.zeros(16, 3, 3, 3), torch.zeros(3), torch.tensor(1.0)])
@pytest.mark.parametrize("linear", [torch.zeros(10, 8), torch.zeros(10), torch.tensor(1.0)])
def test_what_only_looks_like_theirs_is_renamed_and_no_more(stem: Tensor, linear: Tensor) -> None:
    found = translated({"conv1.weight": stem, "linear.weight": linear})
    assert found["conv1.weight"] is stem
    assert found["fc.weight"] is linear


@pytest.mark.parametrize("state", [{}, {"conv1.weight": torch.zeros(3)}, {"fc.weight": X}])
def test_what_is_no_net_fits_none(state: dict[str, Tensor]) -> None:
    with pytest.raises(UserError, match="fits no net known here"):
        net_of(state)
