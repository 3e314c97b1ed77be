"""Paths: their number is binomial, and what comes along all of them is the gradient, exactly."""

from itertools import combinations
from math import comb, log10

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from resnet import nets
from resnet.analysis import paths
from resnet.analysis.linearised import Linearised, Ways, linearise
from resnet.analysis.paths import Paths
from resnet.claims import registry
from resnet.errors import UserError
from resnet.nets.net import Net

NETS = [
    *("preact-resnet14", "resnet14", "resnet8-B", "resnet8-C", "preact-resnet11", "se-resnet8"),
    *("resnet8-bn-after-addition", "resnet8-relu-before-addition", "resnet8-relu-only-preact"),
    *("resnet11-relu-only-preact", "preact-resnet14-2-of-6", "resnet8-stochastic-depth"),
]
X, Y = torch.randn(2, 3, 8, 8, dtype=torch.double), torch.tensor([3, 7])


def small(name: str) -> Net:
    """A net in double precision and evaluation mode, with statistics of its own."""
    net = nets.build(name, seed=2).train()
    net(torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(1)))
    return net.eval().double()


def gradient(net: Net) -> Tensor:
    """The gradient at what enters the first block, by ordinary backpropagation."""
    x = net.stem(X).detach().requires_grad_()
    y = x
    for block in net.blocks:
        y = block(y)
    loss = F.cross_entropy(net.head(y), Y, reduction="sum")
    return torch.autograd.grad(loss, x)[0]


@pytest.mark.parametrize("name", NETS)
def test_the_gradients_along_all_paths_sum_to_the_gradient(name: str) -> None:
    net = small(name)
    around, n = linearise(net, X, Y), len(net.blocks)
    every = [path for k in range(n + 1) for path in combinations(range(n), k)]
    assert len(every) == 2**n
    total = sum(around.along(path) for path in every)
    torch.testing.assert_close(total, gradient(net), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", ["preact-resnet14", "resnet8-B"])
def test_sums_by_length_equal_those_over_the_paths_one_by_one(name: str) -> None:
    net = small(name)
    around, n = linearise(net, X, Y), len(net.blocks)
    for k, together in enumerate(around.by_length()):
        one_by_one = [around.along(path) for path in combinations(range(n), k)]
        assert len(one_by_one) == paths.counts(n)[k]
        torch.testing.assert_close(together, sum(one_by_one), rtol=1e-10, atol=1e-13)


def test_the_path_of_shortcuts_hands_the_gradient_on_as_it_is() -> None:
    around = linearise(small("preact-resnet8"), X, Y)
    padded = around.along([])
    assert padded.shape == (2, 16, 8, 8)
    assert torch.equal(padded[..., ::4, ::4], around.loss[:, :16])
    assert not padded[..., 1::4, :].any()


def test_looking_changes_nothing() -> None:
    net = small("preact-resnet14")
    before = gradient(net)
    paths.sample(net, X, Y)
    assert torch.equal(gradient(net), before)
    assert all(p.grad is None for p in net.parameters())


def test_counts_are_binomial() -> None:
    """Veit et al. 2016: lengths centre on 27 of 54, and 5 to 17 hold 0.45 % of all paths."""
    counts = paths.counts(54)
    assert sum(counts) == 2**54
    assert sum(counts[19:36]) / 2**54 == pytest.approx(0.980, abs=5e-4)
    assert 100 * sum(counts[k] for k in paths.short(54)) / 2**54 == pytest.approx(0.4537, abs=5e-5)
    assert paths.short(54) == range(5, 18)
    assert paths.short(15) == range(1, 6)


@pytest.mark.parametrize(("blocks", "share"), [(54, 97), (27, 90), (18, 85), (15, 90), (9, 78)])
def test_fewer_blocks_leave_less_between_the_lengths_as_the_claim_notes(
    blocks: int, share: int
) -> None:
    """Where lengths are binomial about the middle of 5 to 17 of 54: C19's note has the ends."""
    mean = 11 / 54
    law = [comb(blocks, k) * mean**k * (1 - mean) ** (blocks - k) for k in paths.short(blocks)]
    assert 100 * sum(law) == pytest.approx(share, abs=0.6)
    assert "78 to 90 % of 9 to 27 blocks" in registry.claim("C19").note


def test_few_paths_are_all_taken_and_many_are_drawn_by_counter() -> None:
    net = small("preact-resnet14")
    around = linearise(net, X, Y)
    found, other = (paths.sample(net, X, Y, seed=seed, draws=6) for seed in (1, 2))
    assert found == paths.sample(net, X, Y, seed=1, draws=6)
    for k in (0, 1, 5, 6):
        norms = [around.along(p).flatten(1).norm(dim=1) for p in combinations(range(6), k)]
        assert found.magnitude[k] == pytest.approx(float(torch.stack(norms).mean()))
        assert found.magnitude[k] == other.magnitude[k]
    assert all(found.magnitude[k] != other.magnitude[k] for k in (2, 3, 4))
    sums = [float(g.flatten(1).norm(dim=1).mean()) for g in around.by_length()]
    assert found.together == tuple(sums)
    assert all(
        total <= comb(6, k) * found.magnitude[k] * (1 + 1e-9)
        for k, total in enumerate(sums)
        if k in (0, 1, 5, 6)
    )


def test_values_follow_from_the_norms() -> None:
    """Norms that halve with each block: contributions are a binomial with p = 1/3."""
    n = 54
    found = Paths(tuple(2.0**-k for k in range(n + 1)), (1.0,) * (n + 1))
    assert sum(found.shares) == pytest.approx(100)
    values = found.values()
    assert values["path_length"] == pytest.approx(100 / 3)
    assert values["path_decay"] == pytest.approx(-log10(2))
    exact = sum(comb(n, k) * (1 / 3) ** k * (2 / 3) ** (n - k) for k in range(5, 18))
    assert values["short_path_share"] == pytest.approx(100 * exact)
    keys = {key: value for _, key, value in found.rows(3)}
    assert keys["path_gradient/0002"] == 0.25
    assert keys["path_share/0054"] == found.shares[54]
    assert keys["path_sum/0054"] == 1.0


def test_norms_along_long_paths_are_not_lost() -> None:
    """In float32, whose squares end at 1e-45: norms fall by the same factor with each block."""
    around = Linearised(torch.ones(2, 4, 2, 2), (Ways(lambda g: g * 2.0**-16, lambda g: g),) * 8)
    found = [paths._norm(around.along(range(k))) for k in range(8)]
    assert found == [4 * 2.0 ** (-16 * k) for k in range(8)]
    assert [paths._norm(total) for total in around.by_length()][7] == 8 * found[7]


def test_no_gradient_gives_no_values() -> None:
    assert Paths((0.0,) * 4, (0.0,) * 4).values() == {}


@pytest.mark.parametrize("name", ["plain8", "vgg10-bn", "resnet8-exclusive-gating-6"])
def test_a_net_that_is_no_sum_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"not F\(x\) \+ shortcut\(x\)"):
        linearise(nets.build(name).eval(), torch.randn(2, 3, 32, 32), Y)
