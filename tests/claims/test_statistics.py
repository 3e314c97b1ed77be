"""Intervals cover as often as they say; tests err as seldom; special values are handled."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from resnet.claims import statistics

values = arrays(
    np.float64,
    st.integers(2, 12),
    elements=st.floats(-100, 100).map(lambda value: round(value, 3)),
)


def _coverage(draw, n: int, level: float, times: int = 40_000) -> float:
    """How often t intervals of n draws cover the mean of the law `draw`, which is 0."""
    table = draw(np.random.default_rng(1), (n, times))
    half = stats.t.ppf((1 + level) / 2, n - 1) * table.std(axis=0, ddof=1) / np.sqrt(n)
    return float((np.abs(table.mean(axis=0)) <= half).mean())


@settings(max_examples=60, deadline=None)
@given(values)
def test_the_t_interval_is_the_textbook_formula(sample):
    interval = statistics.t_interval(sample, 0.9)
    half = stats.t.ppf(0.95, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample))
    assert interval.low == pytest.approx(sample.mean() - half, abs=1e-6)
    assert interval.high == pytest.approx(sample.mean() + half, abs=1e-6)
    assert interval.low <= interval.estimate <= interval.high


@settings(max_examples=60, deadline=None)
@given(values, st.floats(-50, 50), st.floats(0.5, 3))
def test_the_t_interval_moves_and_scales_with_the_values(sample, shift, scale):
    plain = statistics.t_interval(sample)
    moved = statistics.t_interval(scale * sample + shift)
    assert moved.low == pytest.approx(scale * plain.low + shift, abs=1e-6)
    assert moved.high == pytest.approx(scale * plain.high + shift, abs=1e-6)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_t_intervals_cover_as_often_as_they_say(n):
    normal = _coverage(lambda random, shape: random.standard_normal(shape), n, 0.95)
    assert normal == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize("n", [3, 5])
def test_t_intervals_nearly_cover_for_other_laws(n):
    def skewed(random, shape):
        return random.gamma(4.0, 1.0, shape) - 4.0

    def heavy(random, shape):
        return random.standard_t(3, shape)

    assert _coverage(skewed, n, 0.95) > 0.92
    assert _coverage(heavy, n, 0.95) > 0.94


def test_identical_values_give_an_interval_without_width():
    interval = statistics.t_interval([0.1, 0.1, 0.1])
    assert (interval.low, interval.estimate, interval.high) == (0.1, 0.1, 0.1)


@pytest.mark.parametrize("bad", [[1.0], [1.0, float("nan")], [1.0, float("inf")], [[1.0, 2.0]]])
def test_too_few_or_infinite_values_are_refused(bad):
    with pytest.raises(ValueError, match="finite values"):
        statistics.t_interval(bad)


def test_an_interval_within_the_margin_is_two_one_sided_tests():
    random = np.random.default_rng(6)
    for sample in 0.4 * random.standard_normal((200, 4)):
        interval = statistics.t_interval(sample, 0.9)
        below = stats.ttest_1samp(sample, 0.5, alternative="less").pvalue
        above = stats.ttest_1samp(sample, -0.5, alternative="greater").pvalue
        assert (interval.low > -0.5 and interval.high < 0.5) == (max(below, above) < 0.05)


def test_the_seeds_needed_decide_with_the_stated_power():
    needed = statistics.seeds_needed([0.5], sd=1.0)
    assert needed == 34  # the textbook's n for d = 0.5, two-sided 5 %, power 80 %
    draws = np.random.default_rng(9).normal(0.5, 1.0, (needed, 20_000))
    t = draws.mean(axis=0) / draws.std(axis=0, ddof=1) * np.sqrt(needed)
    assert np.mean(t > stats.t.ppf(0.975, needed - 1)) == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize(
    ("distance", "sd", "needed"),
    [(0.0, 1.0, None), (-0.3, 1.0, None), (0.001, 1.0, None), (1.0, 0.0, 2), (1e6, 1.0, 2)],
)
def test_the_seeds_needed_at_the_ends(distance, sd, needed):
    assert statistics.seeds_needed([distance], sd) == needed


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_a_larger_effect_never_needs_more_seeds(one, two):
    small, large = sorted((one, two))
    few, many = statistics.seeds_needed([large], 1.0), statistics.seeds_needed([small], 1.0)
    assert few is not None
    assert many is None or few <= many


def test_between_two_margins_the_seeds_needed_clear_both():
    needed = statistics.seeds_needed([0.5, 0.5], sd=0.5)
    samples = 0.5 * np.random.default_rng(9).standard_normal((4000, needed))
    found = [statistics.t_interval(sample) for sample in samples]
    share = np.mean([one.low > -0.5 and one.high < 0.5 for one in found])
    assert share == pytest.approx(0.8, abs=0.05)
    assert needed > statistics.seeds_needed([0.5], sd=0.5)
    assert statistics.seeds_needed([0.5], 0.5, chance=0.8**0.2) > statistics.seeds_needed(
        [0.5], 0.5
    )
