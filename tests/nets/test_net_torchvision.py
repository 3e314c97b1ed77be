"""torchvision's nets and ours: the same state dict, the same outputs, the same training step."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models

from resnet import nets

SAME = {
    **{f"resnet{d}": f"resnet{d}" for d in (18, 34, 50, 101, 152)},
    "resnext50-32x4d": "resnext50_32x4d",
    "resnext101-32x8d": "resnext101_32x8d",
    "wide-resnet50-2": "wide_resnet50_2",
}


def twin(net: nn.Module, model: str) -> nn.Module:
    """torchvision's net with our weights, loaded strictly."""
    with torch.device("meta"):  # no weights of its own
        theirs = models.get_model(model, weights=None, num_classes=10)
    state = {key: value.clone() for key, value in net.state_dict().items()}
    theirs.load_state_dict(state, strict=True, assign=True)
    return theirs


def step(net: nn.Module, x: torch.Tensor) -> None:
    """One training step of SGD."""
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    F.cross_entropy(net.train()(x), torch.arange(len(x))).backward()
    optimiser.step()


def assert_close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    if not torch.equal(ours, theirs):
        scale = theirs.abs().max().item()
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5 * scale)


@pytest.mark.parametrize("name", SAME)
def test_equal_to_torchvision(name: str) -> None:
    ours = nets.build(name, num_classes=10, seed=3)
    theirs = twin(ours, SAME[name])
    x = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert_close(ours.eval()(x), theirs.eval()(x))
    step(ours, x)
    step(theirs, x)
    with torch.no_grad():
        assert_close(ours.train()(x), theirs.train()(x))
    mine, others = ours.state_dict(), theirs.state_dict()
    assert mine.keys() == others.keys()
    for key, value in mine.items():
        assert_close(value, others[key])


def test_foreign_nets_start_from_our_weights_where_they_are_convolutional() -> None:
    ours, theirs = (nets.build(n, 10, seed=1) for n in ("resnet18", "torchvision:resnet18"))
    assert type(theirs) is models.ResNet
    assert len(theirs.blocks) == 8
    assert theirs.name == "torchvision:resnet18"
    for key, value in theirs.state_dict().items():
        assert torch.equal(value, ours.state_dict()[key]), key


@pytest.mark.parametrize("model", ["densenet121", "mobilenet_v3_small", "convnext_tiny"])
def test_foreign_nets_are_a_function_of_the_seed(model: str) -> None:
    state = torch.random.get_rng_state()
    first, again, other = (nets.build(f"torchvision:{model}", 7, seed=s) for s in (1, 1, 2))
    assert torch.equal(state, torch.random.get_rng_state())
    parameters = list(zip(first.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in parameters)
    assert any(
        not torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True)
    )
    assert first.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 7)
    assert first.blocks
