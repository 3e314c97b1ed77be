"""Signal propagation: responses, scales and gradients against straightforward computations."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from resnet.analysis.gradients import block_gradients, neighbour_cosines, norms, ratio
from resnet.analysis.measure import measure, trained
from resnet.analysis.responses import Moments, responding, response_stds, scales
from resnet.data import Dataset
from resnet.nets import build
from resnet.runs import measures, table
from resnet.runs.spec import RunSpec
from resnet.training.train import train

X = torch.randn(12, 3, 32, 32, generator=torch.Generator().manual_seed(1))
Y = torch.arange(12) % 10


def shaken(name: str) -> nn.Module:
    """A net in evaluation mode whose BN is not neutral."""
    net = build(name, 10).eval()
    source = torch.Generator().manual_seed(2)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            for tensor in (module.weight, module.bias, module.running_mean):
                tensor.data.copy_(torch.randn(tensor.shape, generator=source) / 4)
            module.running_var.copy_(torch.rand(module.running_var.shape, generator=source) + 1)
    return net


def bn(x: np.ndarray, m: nn.BatchNorm2d) -> np.ndarray:
    """Batch normalisation by its formula."""

    def column(t: Tensor) -> np.ndarray:
        return t.detach().double().numpy()[None, :, None, None]

    scale = column(m.weight) / np.sqrt(column(m.running_var) + m.eps)
    return (x - column(m.running_mean)) * scale + column(m.bias)


def conv(x: np.ndarray, m: nn.Conv2d) -> np.ndarray:
    """A convolution as a sum over the kernel's pixels."""
    weight, stride, pad = m.weight.detach().double().numpy(), m.stride[0], m.padding[0]
    size = weight.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n = (x.shape[2] - size) // stride + 1
    return sum(
        np.einsum(
            "nchw,oc->nohw",
            x[:, :, i : i + stride * n : stride, j : j + stride * n : stride][:, :, :n, :n],
            weight[:, :, i, j],
        )
        for i in range(size)
        for j in range(size)
    )


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


@torch.no_grad()
def test_responses_equal_a_computation_by_hand() -> None:
    """ResNet-8 by numpy, layer by layer, with the padding shortcut."""
    net = shaken("resnet8")
    responses = [bn(conv(X.double().numpy(), net.conv1), net.bn1)]
    h = relu(responses[0])
    for block in net.blocks:
        responses.append(bn(conv(h, block.conv1), block.bn1))
        responses.append(bn(conv(relu(responses[-1]), block.conv2), block.bn2))
        straight = block.downsample(torch.from_numpy(h)).numpy()
        h = relu(responses[-1] + straight)
    expected = [response.std() for response in responses]
    batches = [(X[:5], None), (X[5:], None)]
    assert response_stds(net, batches) == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_a_pre_activated_block_responds_with_what_it_adds() -> None:
    net = shaken("preact-resnet8")
    h, expected = F.relu(net.bn1(net.conv1(X))), [float(net.bn1(net.conv1(X)).double().std())]
    for i, block in enumerate(net.blocks):
        active = h if i == 0 else F.relu(block.bn1(h))
        inner = block.bn2(block.conv1(active))
        branch = block.conv2(F.relu(inner))
        expected += [float(inner.double().std(unbiased=False)) for inner in (inner, branch)]
        h = branch + block.downsample(h)
    assert response_stds(net, [(X, None)]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("plain8", 7),
        ("resnet20", 19),
        ("preact-resnet20", 19),
        ("resnet11-bottleneck", 4),
        ("resnet8-bn-after-addition", 7),
        ("resnet8-relu-only-preact", 7),
        ("vgg10-bn", 8),
        ("wrn-10-1", 7),
        ("resnet18", 16),
    ],
)
def test_every_3x3_layer_responds_once(name: str, layers: int) -> None:
    net = build(name, 10)
    found = responding(net)
    assert len(found) == len(set(found)) == layers
    shortcuts = {m for n, m in net.named_modules() if "downsample" in n}
    assert not shortcuts & set(found)


def test_the_last_layer_before_an_addition_has_no_bn_of_its_own() -> None:
    for name in ("preact-resnet8", "resnet8-bn-after-addition"):
        net = build(name, 10)
        assert responding(net)[2::2] == [block.conv2 for block in net.blocks]
    bottlenecks = build("preact-resnet11-bottleneck", 10)
    assert responding(bottlenecks)[1:] == [block.bn3 for block in bottlenecks.blocks]


def test_moments_of_parts_are_those_of_the_whole() -> None:
    x = 1000 + torch.randn(999, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moments = Moments()
    for part in x.split(100):
        moments.add(part)
    assert moments.std == pytest.approx(x.numpy().std(), rel=1e-12)
    assert moments.mean == pytest.approx(float(x.mean()), rel=1e-12)


def test_responses_leave_the_net_as_it_was() -> None:
    net = shaken("resnet8")
    before = net(X)
    response_stds(net, [(X, None)])
    assert torch.equal(net(X), before)
    assert not any(module._forward_hooks for module in net.modules())


def test_scales_are_those_of_the_path() -> None:
    net = shaken("resnet8-B")
    path = [net.bn1] + [getattr(block, name) for block in net.blocks for name in ("bn1", "bn2")]
    assert scales(net) == [float(m.weight.detach().abs().mean()) for m in path]
    assert len(scales(build("preact-resnet8", 10))) == 1 + 5 + 1


def test_an_identity_between_two_blocks_makes_their_gradients_one() -> None:
    """A residual block whose branch is silent hands the gradient on as it is.

    Save the last: what the loss says of pixels that are zero is cut off by its rectification.
    """
    net = build("resnet20", 10)
    for block in net.blocks[1:]:
        nn.init.zeros_(block.bn2.weight)
    cosines = neighbour_cosines(block_gradients(net, X, Y))
    assert [k for k, _ in cosines] == [0, 1, 3, 4, 6, 7]
    assert [value for _, value in cosines[:-1]] == pytest.approx([1.0] * 5, abs=1e-6)
    assert 0 < cosines[-1][1] < 0.9


def test_cosines_are_means_over_images() -> None:
    gradients = [torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4), torch.randn(3, 4, 2, 2)]
    flat = [g.flatten(1).double().numpy() for g in gradients[:2]]
    expected = np.mean([a @ b / np.linalg.norm(a) / np.linalg.norm(b)
                        for a, b in zip(*flat, strict=True)])  # fmt: skip
    assert neighbour_cosines(gradients) == [(0, pytest.approx(float(expected), rel=1e-12))]
    assert neighbour_cosines([g * 1e-30 for g in gradients]) == [
        (0, pytest.approx(float(expected), rel=1e-5))
    ]
    assert norms(gradients) == [float(g.double().norm()) for g in gradients]


def test_norms_of_tiny_gradients_are_not_lost() -> None:
    """The squares of their entries are below what float32 holds."""
    tiny = torch.full((2, 3, 4, 4), 2.0**-80)
    assert norms([tiny, 2 * tiny]) == pytest.approx([96**0.5 * 2.0**-80, 96**0.5 * 2.0**-79])
    assert ratio(norms([tiny, 4 * tiny])) == pytest.approx(-np.log10(4))


def test_the_measure_of_a_run(tmp_path: Path, dataset: Dataset, spec: RunSpec) -> None:
    """Rows are what the pure functions give on the kept weights; the record has step 0 already."""
    train(spec, dataset, tmp_path, "test")
    recorded = table.history(tmp_path).query("step == 0").set_index("key")["value"]
    measure(spec, dataset, tmp_path, ["signals"], say=lambda _: None)
    run = trained(spec, dataset, tmp_path)
    x, y = next(iter(run.pipeline.test(run.data.train, 64)))
    found = measures.read(tmp_path / spec.id, "signals")
    rows = {(step, key): value for step, key, value in found["rows"]}
    for step in (0, *spec.recipe.kept):
        gradients = block_gradients(run.net(step), x, y)
        for k, norm in enumerate(norms(gradients)):
            key = f"gradient_norm/{k:04d}"
            assert norm == (rows[step, key] if step else recorded[key])
        cosines = {k: v for (s, k), v in rows.items() if s == step and "cosine" in k}
        assert list(cosines.values()) == [value for _, value in neighbour_cosines(gradients)]
    stds = response_stds(run.net(), run.pipeline.test(run.data.test))
    assert [rows[20, f"response/{i:04d}"] for i in range(7)] == pytest.approx(stds, rel=1e-6)
    assert found["values"]["response_std"] == pytest.approx(np.mean(stds), rel=1e-6)
    assert [rows[20, f"bn_scale/{i:04d}"] for i in range(7)] == scales(run.net())
    frame = table.history(tmp_path)
    assert not frame.duplicated(["run_id", "step", "key"]).any()
    profiles = frame[frame["key"].str.startswith("gradient_norm")].groupby("step")["value"]
    ratios = np.log10(profiles.first() / profiles.last())
    assert table.load(tmp_path)["gradient_ratio_lowest"].item() == pytest.approx(ratios.min())
