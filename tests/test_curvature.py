"""Curvature and minima of a grid of losses, against arithmetic."""

import numpy as np
import pytest

from resnet.analysis import curvature


def test_curvature_of_quadratic_forms_is_exact() -> None:
    x, y = np.meshgrid(np.arange(5.0), np.arange(7.0))
    found = curvature.curvatures(x**2 - 3 * y**2)
    assert np.allclose(found, [-6.0, 2.0], atol=1e-9)
    assert np.allclose(curvature.curvatures(x * y), [-1.0, 1.0], atol=1e-9)
    shares = [curvature.negative_share(f) for f in (x**2 + y**2, x * y, -(x**2), x**2 - 3 * y**2)]
    assert shares == pytest.approx([0.0, 50.0, 100.0, 75.0], abs=1e-6)


def test_curvature_leaves_out_what_is_not_finite() -> None:
    x, y = np.meshgrid(np.arange(7.0), np.arange(7.0))
    bowl = x**2 + y**2
    bowl[0, 0] = np.inf
    assert curvature.negative_share(bowl) == pytest.approx(0.0, abs=1e-6)
    assert np.isnan(curvature.negative_share(np.full((5, 5), np.nan)))
    assert np.isnan(curvature.negative_share(np.zeros((5, 5))))


def test_minima_are_below_all_their_neighbours() -> None:
    assert curvature.minima(np.array([0.0, 1, 0, 1, 2, 1, 3])) == 2
    f = np.full((5, 5), 9.0)
    assert curvature.minima(f) == 0
    f[1, 1], f[3, 3], f[2, 2] = 1.0, 2.0, 3.0
    assert curvature.minima(f) == 2
    f[0, 2] = np.nan
    assert curvature.minima(f) == 2
