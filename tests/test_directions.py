"""Directions in the space of weights: filter-normalised, reproducible, principal."""

import numpy as np
import pytest
import torch

from resnet.analysis.directions import principal, random_direction
from resnet.nets import build


@pytest.mark.parametrize("name", ["resnet8", "preact-resnet11-bottleneck", "vgg10-bn"])
def test_each_filter_of_a_direction_is_as_long_as_the_nets(name: str) -> None:
    net = build(name, 10)
    direction = random_direction(net, 0, 0)
    assert list(direction) == [n for n, _ in net.named_parameters()]
    for key, p in net.named_parameters():
        found = direction[key]
        if p.ndim < 2:
            assert not found.any()
            continue
        ours, theirs = (t.detach().flatten(1).norm(dim=1) for t in (p, found))
        assert torch.allclose(ours, theirs, rtol=1e-6)
        assert ours.std() > 0


def test_directions_are_pure_functions_of_seed_axis_and_net() -> None:
    plain, residual = build("plain8", 10), build("resnet8", 10)
    one = random_direction(plain, 0, 0)
    for other in (random_direction(plain, 0, 0), random_direction(residual, 0, 0)):
        assert all(torch.equal(one[key], other[key]) for key in one)
    for other in (random_direction(plain, 1, 0), random_direction(plain, 0, 1)):
        a, b = (torch.cat([d[key].flatten() for key in d]) for d in (one, other))
        assert abs(float(a @ b / a.norm() / b.norm())) < 0.02


def test_principal_directions_are_those_of_a_singular_value_decomposition() -> None:
    source = torch.Generator().manual_seed(0)
    points = [{"a": torch.randn(3, 4, generator=source), "b": torch.randn(5, generator=source)}
              for _ in range(5)]  # fmt: skip
    directions, places, shares = principal(points)
    flat = np.array([np.r_[p["a"].numpy().ravel(), p["b"].numpy()] for p in points], float)
    rows = flat - flat[-1]
    _, singular, right = np.linalg.svd(rows, full_matrices=False)
    assert shares == pytest.approx(list(singular[:2] ** 2 / (singular**2).sum()), rel=1e-9)
    for k, direction in enumerate(directions):
        found = np.r_[direction["a"].numpy().ravel(), direction["b"].numpy()]
        assert abs(found @ right[k]) == pytest.approx(1.0, rel=1e-6)
        assert [place[k] for place in places] == pytest.approx(list(rows @ found), abs=1e-5)
    assert places[-1] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert all(x >= 0 for x, _ in places[:1])


def test_a_trajectory_on_a_line_lies_in_one_direction() -> None:
    points = [{"a": torch.full((4,), float(k))} for k in (3, 2, 1, 0)]
    _, places, shares = principal(points)
    assert [x for x, _ in places] == pytest.approx([6.0, 4.0, 2.0, 0.0])
    assert shares[0] == pytest.approx(1.0)
