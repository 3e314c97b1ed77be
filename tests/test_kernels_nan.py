"""A net that has diverged says so by our own kernels too: NaN comes through every ReLU."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from resnet.nets import build

pytest.importorskip("triton")
from resnet.kernels import convolution, evaluation, fuse, normalisation
from resnet.kernels.normalised import Normalised
from resnet.kernels.preactivated import statistics
from tests.test_kernels import DEVICE, images

NAN = float("nan")
PLACE = (1, 3, 2, 5)  # of a map [2, 16, 8, 8]


def spoilt(seed: int) -> Tensor:
    x = images(2, 16, 8, 8, seed=seed)
    x[PLACE] = NAN
    return x


def test_relu_makes_no_zero_of_nan_and_lets_its_gradient_through() -> None:
    y, bn = images(2, 16, 8, 8), torch.nn.BatchNorm2d(16).to(DEVICE)
    of = normalisation.forward(y, statistics(y), bn, spoilt(seed=1))
    assert of.out.isnan().nonzero().tolist() == [list(PLACE)]
    g = images(2, 16, 8, 8, seed=2)
    sums = normalisation.reduced(g, of)
    *_, handed = normalisation.backward(g, sums, of, masked=False, hand=True)
    expected = torch.ops.aten.threshold_backward(g, of.out, 0)
    assert handed is not None
    assert expected[PLACE] == g[PLACE] != 0
    assert torch.equal(handed, expected)
    assert torch.allclose(sums[0].sum(1), expected.float().sum((0, 2, 3)), atol=1e-3)


def test_a_gradient_from_above_goes_through_relu_where_it_made_nan() -> None:
    dy, weight = images(2, 16, 8, 8), images(16, 16, 3, 3, seed=1, dtype=torch.float32)
    like, stats = images(2, 16, 8, 8, seed=2), torch.ones(4, 16, device=DEVICE)
    of = Normalised(like, spoilt(seed=3).clamp_min_(0), stats)
    whole, _ = convolution.backward(dy, weight, 1, like)
    dx, _ = convolution.backward(dy, weight, 1, like, below=of)
    assert whole[PLACE] != 0
    assert torch.equal(dx, torch.ops.aten.threshold_backward(whole, of.out, 0))


def test_what_is_evaluated_is_nan_where_the_librarys_is() -> None:
    x, bn = spoilt(seed=1), torch.nn.BatchNorm2d(16).to(DEVICE).eval()
    assert evaluation.activated(x, bn).isnan().nonzero().tolist() == [list(PLACE)]
    conv = torch.nn.Conv2d(16, 16, 3, padding=1, bias=False).to(DEVICE)
    with torch.no_grad():
        expected = bn(conv(x.float())).relu().isnan()
    assert 0 < expected.sum() < expected.numel()
    assert torch.equal(evaluation.evaluated(x, conv, bn).isnan(), expected)


@pytest.mark.parametrize("name", ["resnet8", "preact-resnet8"])
def test_the_losses_of_a_net_with_a_nan_weight_are_nan(name: str) -> None:
    net = build(name, 10).to(DEVICE).to(memory_format=torch.channels_last).train()
    fuse.fuse(net)
    torch.nn.init.constant_(net.layer1[0].conv1.weight, NAN)
    x, labels = images(2, 3, 16, 16, dtype=torch.float32), torch.tensor([3, 4], device=DEVICE)
    with torch.no_grad(), torch.autocast(DEVICE, torch.bfloat16):
        for training in (True, False):
            loss = F.cross_entropy(net.train(training)(x).float(), labels)
            assert loss.isnan()
