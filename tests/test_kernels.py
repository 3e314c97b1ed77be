"""Our own kernels against PyTorch's, in Triton's interpreter where there is no GPU.

The interpreter cuts bfloat16 off instead of rounding it, so errors are up to twice a GPU's.
"""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from resnet.nets import build, initialise
from resnet.recipes import PAPER

pytest.importorskip("triton")
from resnet.kernels import convolution, fuse, normalisation, weights
from resnet.kernels.evaluation import evaluated
from resnet.kernels.normalised import Normalised
from resnet.kernels.preactivated import statistics

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

# (channels read, channels written, pixels, stride, kernel's size): those of CIFAR nets, on smaller
# maps, and of their bottlenecks.
BASIC = [(3, 16, 16, 1, 3), (16, 16, 16, 1, 3), (16, 32, 16, 2, 3), (32, 32, 8, 1, 3)]
NARROW = [(64, 16, 16, 1, 1), (16, 64, 16, 1, 1), (128, 64, 8, 2, 1), (64, 256, 8, 1, 1)]
SHAPES = [*BASIC, (32, 64, 8, 2, 3), *NARROW]
WITHIN = 0.015  # of the norm: a product of factors cut off at 8 bits


def near(ours: Tensor, theirs: Tensor, within: float = WITHIN) -> bool:
    return bool((ours.double() - theirs).norm() <= within * theirs.norm())


def images(*shape: int, seed: int = 0, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return x.to(DEVICE, dtype).contiguous(memory_format=torch.channels_last)


def example(
    c_in: int, c_out: int, pixels: int, stride: int, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """A map, weights and a gradient of the result."""
    x = images(2, c_in, pixels, pixels, dtype=torch.float32 if c_in == 3 else torch.bfloat16)
    weight = images(c_out, c_in, size, size, seed=1, dtype=torch.float32) / c_in
    return x, weight, images(2, c_out, pixels // stride, pixels // stride, seed=2)


@pytest.mark.parametrize(("c_in", "c_out", "pixels", "stride", "size"), SHAPES)
def test_a_map_and_its_statistics(
    c_in: int, c_out: int, pixels: int, stride: int, size: int
) -> None:
    x, weight, _ = example(c_in, c_out, pixels, stride, size)
    y, sums = convolution.forward(x, weight, stride)
    assert near(y, F.conv2d(x.double(), weight.double(), None, stride, size // 2))
    assert y.is_contiguous(memory_format=torch.channels_last)
    rows = y.double().permute(1, 0, 2, 3).reshape(c_out, -1)
    parts = rows.view(c_out, sums.shape[2], -1)
    assert torch.allclose(sums[0].double(), parts.mean(2), atol=1e-6)
    assert torch.allclose(sums[1].double(), parts.var(2, correction=0) * parts.shape[2], rtol=1e-4)


@pytest.mark.parametrize("shape", [(2, 32, 8, 8), (2, 16, 16, 16)], ids=["same", "option A"])
def test_a_map_that_is_added_to_a_shortcut(shape: tuple[int, ...]) -> None:
    x, weight, _ = example(32, 32, 8, 1, 3)
    straight = images(*shape, seed=3)
    y, sums = convolution.forward(x, weight, 1, straight)
    expected = F.conv2d(x.double(), weight.double(), None, 1, 1) + as_added(straight, x)
    assert near(y, expected)
    assert torch.allclose(sums[0].double().mean(1), y.double().mean((0, 2, 3)), atol=1e-6)


@pytest.mark.parametrize(("c_in", "c_out", "pixels", "stride", "size"), SHAPES)
def test_gradients_of_weights(c_in: int, c_out: int, pixels: int, stride: int, size: int) -> None:
    x, weight, dy = example(c_in, c_out, pixels, stride, size)
    ours = weights.gradient(dy, x, weight, stride)
    theirs = torch.nn.grad.conv2d_weight(x.double(), weight.shape, dy.double(), stride, size // 2)
    assert near(ours, theirs)
    assert ours.stride() == weight.stride()


@pytest.mark.parametrize("added", ["nothing", "identity", "option A"])
@pytest.mark.parametrize(("c_in", "c_out", "pixels", "stride", "size"), SHAPES[1:])
def test_gradients_of_maps_through_relu(
    c_in: int, c_out: int, pixels: int, stride: int, size: int, added: str
) -> None:
    x, weight, dy = example(c_in, c_out, pixels, stride, size)
    theirs = torch.nn.grad.conv2d_input(x.shape, weight.double(), dy.double(), stride, size // 2)
    extra = None
    if added == "identity":
        extra = images(*x.shape, seed=3)
        theirs = theirs + extra.double()
    elif added == "option A" and stride == 2 and c_out > c_in:
        extra = dy
        theirs[..., ::2, ::2] += dy.double()[:, :c_in]
    mean, inverse = x.double().mean((0, 2, 3)), 1 / x.double().std((0, 2, 3))
    stats = torch.stack([mean, inverse, inverse, mean]).float()
    out = images(*x.shape, seed=4).relu()
    dx, sums = convolution.backward(dy, weight, stride, x, extra, Normalised(x, out, stats))
    theirs = theirs * (out > 0)
    assert near(dx, theirs)
    normal = (x.double() - mean.view(1, -1, 1, 1)) * inverse.view(1, -1, 1, 1)
    assert torch.allclose(sums[0].sum(1).double(), dx.double().sum((0, 2, 3)), atol=1e-2)
    assert torch.allclose(sums[1].sum(1).double(), (dx * normal).sum((0, 2, 3)), atol=1e-2)


def as_added(straight: Tensor, to: Tensor) -> Tensor:
    """A map as it is added to another: every n-th pixel, and zeros for missing channels."""
    every = straight.shape[2] // to.shape[2]
    missing = to.shape[1] - straight.shape[1]
    return F.pad(straight.double()[..., ::every, ::every], (0, 0, 0, 0, 0, missing))


@pytest.mark.parametrize("added", ["nothing", "a map", "option A"])
def test_normalisation_there_and_back(added: str) -> None:
    y, bn = images(2, 32, 8, 8), torch.nn.BatchNorm2d(32).to(DEVICE)
    torch.nn.init.normal_(bn.weight)
    theirs = deepcopy(bn).double()
    shape = {"nothing": None, "a map": (2, 32, 8, 8), "option A": (2, 16, 16, 16)}[added]
    extra = None if shape is None else images(*shape, seed=5)
    parts = y.permute(1, 0, 2, 3).reshape(32, 4, -1).float()
    sums = torch.stack([parts.mean(2), parts.var(2, correction=0) * parts.shape[2]])
    of = normalisation.forward(y, sums.contiguous(), bn, extra)
    z = y.double().requires_grad_()
    straight = 0.0 if extra is None else as_added(extra, y)
    out = (theirs(z) + straight).relu()
    assert near(of.out, out.detach())
    assert torch.allclose(bn.running_mean.double(), theirs.running_mean, atol=1e-5)
    assert torch.allclose(bn.running_var.double(), theirs.running_var, atol=1e-5)
    assert bn.num_batches_tracked == 1
    g = images(2, 32, 8, 8, seed=6)
    out.backward(g.double())
    reduced = normalisation.reduced(g, of)
    dy, d_weight, d_bias, handed = normalisation.backward(g, reduced, of, False, True)
    assert z.grad is not None
    assert handed is not None
    assert near(dy, z.grad)
    assert near(d_weight, theirs.weight.grad)
    assert near(d_bias, theirs.bias.grad)
    assert torch.equal(handed, torch.where(of.out > 0, g, 0))


@pytest.mark.parametrize("shape", [(2, 16, 8, 8), (2, 32, 4, 4)], ids=["same", "option A"])
def test_a_gradient_that_goes_around_normalisation(shape: tuple[int, ...]) -> None:
    x, bn = images(2, 16, 8, 8), torch.nn.BatchNorm2d(16).to(DEVICE)
    theirs, z = deepcopy(bn).double(), x.double().requires_grad_()
    of = normalisation.forward(x, statistics(x), bn)
    g, straight = images(2, 16, 8, 8, seed=1), images(*shape, seed=2)
    (theirs(z).relu() * g.double()).sum().backward()
    (as_added(z, straight) * straight.double()).sum().backward()
    sums = normalisation.reduced(g, of)
    dx, d_weight, *_ = normalisation.backward(g, sums, of, masked=False, straight=straight)
    assert z.grad is not None
    assert near(dx, z.grad)
    assert near(d_weight, theirs.weight.grad)


def gradients(net: torch.nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    low = next(net.parameters()).dtype == torch.float32
    with torch.autocast(DEVICE, torch.bfloat16, enabled=low, cache_enabled=False):
        logits = net(x)
    F.cross_entropy(logits.double(), labels).backward()
    return torch.cat([weight.grad.double().flatten() for weight in net.parameters()])


BASIC_NETS = ["plain8", "resnet8", "resnet8-B", "preact-resnet8-C"]
NETS = [
    *(*BASIC_NETS, "preact-resnet14", "resnet8-1-layer-skip", "preact-resnet8-1-layer-skip"),
    *("resnet11", "preact-resnet20-bottleneck", "preact-resnet11-A"),
]


@pytest.mark.parametrize("name", NETS)
def test_a_net_has_the_gradients_of_its_plain_step(name: str) -> None:
    net = build(name, 10)
    initialise(net, 0, PAPER.init)
    net = net.to(DEVICE).to(memory_format=torch.channels_last).train()
    exact, plain = deepcopy(net).double(), deepcopy(net)
    fuse.fuse(net)
    x, labels = images(2, 3, 16, 16, dtype=torch.float32), torch.tensor([3, 4], device=DEVICE)
    expected = gradients(exact, x.double(), labels)
    ours, theirs = gradients(net, x, labels) - expected, gradients(plain, x, labels) - expected
    assert ours.norm() < 2 * theirs.norm()
    for mine, right in zip(net.buffers(), exact.buffers(), strict=True):
        assert near(mine, right.double(), 0.02)


def whole_numbers(*shape: int, most: int, seed: int) -> Tensor:
    found = torch.randint(-most, most + 1, shape, generator=torch.Generator().manual_seed(seed))
    return found.float()


@pytest.mark.parametrize("added", ["nothing", "a map", "option A"])
@pytest.mark.parametrize(("c_in", "c_out", "pixels", "stride", "size"), SHAPES)
def test_what_is_evaluated_is_exact_where_bfloat16_is(
    c_in: int, c_out: int, pixels: int, stride: int, size: int, added: str
) -> None:
    """Whole numbers, few weights and powers of two: every result has fewer than 8 bits.

    What is expected is computed on the CPU: a GPU's powers, and its convolutions by transforms,
    need not be exact.
    """
    conv = torch.nn.Conv2d(c_in, c_out, size, stride, size // 2, bias=False)
    few = torch.rand(conv.weight.shape, generator=torch.Generator().manual_seed(1)) < 1 / c_in
    conv.weight.data = whole_numbers(*conv.weight.shape, most=1, seed=2) * few
    bn = torch.nn.BatchNorm2d(c_out, eps=1 / 16).eval()
    bn.weight.data, bn.bias.data = (whole_numbers(c_out, most=2, seed=n) for n in (3, 4))
    bn.running_mean = whole_numbers(c_out, most=2, seed=5)
    bn.running_var = 4.0 ** whole_numbers(c_out, most=1, seed=6) - bn.eps
    x = whole_numbers(3, c_in, pixels, pixels, most=2, seed=7)
    x = x.to(torch.float32 if c_in == 3 else torch.bfloat16, memory_format=torch.channels_last)
    out = bn(conv(x.float()))
    shape = {
        "nothing": None,
        "a map": out.shape,
        "option A": (3, max(c_out // 2, 16), 2 * out.shape[2], 2 * out.shape[3]),
    }[added]
    extra = None if shape is None else whole_numbers(*shape, most=3, seed=8)
    if extra is not None:
        cut = extra[..., ::2, ::2] if added == "option A" else extra
        out = out + F.pad(cut, (0, 0, 0, 0, 0, c_out - cut.shape[1]))
        extra = extra.to(DEVICE, torch.bfloat16, memory_format=torch.channels_last)
    ours = evaluated(x.to(DEVICE), conv.to(DEVICE), bn.to(DEVICE), extra)
    assert torch.equal(ours.float().cpu(), out.relu())
    assert ours.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", [*BASIC_NETS, "preact-resnet8", "resnet11", "preact-resnet11"])
def test_a_net_is_evaluated_as_near_as_by_the_library(name: str) -> None:
    net = build(name, 10)
    initialise(net, 0, PAPER.init)
    net = net.to(DEVICE).to(memory_format=torch.channels_last).train()
    x = images(2, 3, 16, 16, dtype=torch.float32)
    with torch.no_grad():
        net(x)  # running statistics of some images
    exact, plain = deepcopy(net.eval()).double(), deepcopy(net)
    fuse.fuse(net)
    with torch.no_grad():
        expected = exact(x.double())
        with torch.autocast(DEVICE, torch.bfloat16):
            ours, theirs = net(x) - expected, plain(x) - expected
    assert not torch.equal(ours, theirs)  # the kernels were asked
    # All that the interpreter cuts off is above zero, behind a ReLU: it adds up over the layers.
    bound = 2 * theirs.norm() if DEVICE == "cuda" else 0.007 * net.depth * expected.norm()
    assert ours.norm() < bound, (ours.norm(), theirs.norm(), expected.norm())


@pytest.mark.parametrize("name", ["resnet8", "preact-resnet8"])
def test_a_fused_net_is_evaluated_and_saved_as_ever(name: str) -> None:
    net = build(name, 10).eval()
    x, plain = torch.randn(2, 3, 32, 32), deepcopy(net)
    before, keys = net(x), list(net.state_dict())
    fuse.fuse(net)
    assert torch.equal(net(x), before)
    assert list(net.state_dict()) == keys
    assert torch.equal(deepcopy(net)(x), before)
    with torch.autocast("cpu", torch.bfloat16):  # with gradients
        assert torch.equal(net(x), plain(x))
