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


def test_bootstrap_intervals_cover_nearly_as_often_as_they_say():
    random = np.random.default_rng(2)
    samples = random.standard_normal((300, 20))
    intervals = [statistics.bootstrap_interval(sample, 0.95) for sample in samples]
    covered = np.mean([i.low <= 0 <= i.high for i in intervals])
    assert 0.88 <= covered <= 0.96


def test_the_same_seed_gives_the_same_bootstrap_and_another_another():
    sample = np.random.default_rng(3).normal(size=20)
    first = statistics.bootstrap_interval(sample, seed=0)
    assert first == statistics.bootstrap_interval(sample, seed=0)
    assert first != statistics.bootstrap_interval(sample, seed=1)


def test_identical_values_give_an_interval_without_width():
    for interval in (
        statistics.t_interval([0.1, 0.1, 0.1]),
        statistics.bootstrap_interval([0.1] * 20),
    ):
        assert (interval.low, interval.estimate, interval.high) == (0.1, 0.1, 0.1)


@pytest.mark.parametrize("bad", [[1.0], [1.0, float("nan")], [1.0, float("inf")], [[1.0, 2.0]]])
def test_too_few_or_infinite_values_are_refused(bad):
    with pytest.raises(ValueError, match="finite values"):
        statistics.t_interval(bad)


def test_the_bootstrap_refuses_few_seeds_and_pairs_must_match():
    with pytest.raises(ValueError, match="20 or more"):
        statistics.bootstrap_interval([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="same seeds"):
        statistics.paired([1.0, 2.0], [1.0])


def test_pairing_removes_what_the_seeds_share():
    shared = np.array([-3.0, 0.0, 3.0])
    interval = statistics.t_interval(statistics.paired(shared + 1.0, shared))
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_the_neighbours_of_a_trend_hold_together():
    random = np.random.default_rng(4)
    hits = 0
    for _ in range(1000):
        arms = random.standard_normal((4, 4)) + np.arange(4)[:, None]
        hits += all(i.low <= 1 <= i.high for i in statistics.trend(list(arms)))
    assert hits >= 945  # at least 95 %, less two standard errors


def test_equality_errs_as_seldom_as_it_says_and_sees_what_is_equal():
    random = np.random.default_rng(5)
    at_the_margin = random.standard_normal((2000, 5)) + 1.0
    assert np.mean([statistics.equality(x, 1.0) < 0.05 for x in at_the_margin]) <= 0.065
    assert statistics.equality([0.01, -0.01, 0.0], 0.5) < 0.01
    assert statistics.equality([0.0, 0.0], 0.5) == 0.0
    assert statistics.equality([1.0, 1.0], 0.5) == 1.0


def test_equality_agrees_with_the_interval_within_the_margin():
    random = np.random.default_rng(6)
    for sample in 0.4 * random.standard_normal((200, 4)):
        interval = statistics.t_interval(sample, 0.9)
        inside = interval.low > -0.5 and interval.high < 0.5
        assert inside == (statistics.equality(sample, 0.5) < 0.05)


def test_rank_groups_split_where_neighbours_surely_differ():
    noise = 0.01 * np.random.default_rng(7).standard_normal((4, 5))
    arms = noise + np.array([9.0, 5.0, 5.0, 1.0])[:, None]
    groups = statistics.rank_groups(list(arms))
    assert [set(group) for group in groups] == [{3}, {1, 2}, {0}]


def test_rank_groups_of_noise_are_one():
    arms = np.random.default_rng(8).standard_normal((5, 3))
    assert len(statistics.rank_groups(list(arms))) == 1


def test_the_seeds_needed_decide_with_the_stated_power():
    needed = statistics.seeds_needed(distance=0.5, sd=1.0)
    assert needed == 34  # the textbook's n for d = 0.5, two-sided 5 %, power 80 %
    draws = np.random.default_rng(9).normal(0.5, 1.0, (needed, 20_000))
    t = draws.mean(axis=0) / draws.std(axis=0, ddof=1) * np.sqrt(needed)
    assert np.mean(t > stats.t.ppf(0.975, needed - 1)) == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize(
    ("distance", "sd", "needed"),
    [(0.0, 1.0, None), (-0.3, 1.0, None), (0.001, 1.0, None), (1.0, 0.0, 2), (1e6, 1.0, 2)],
)
def test_the_seeds_needed_at_the_ends(distance, sd, needed):
    assert statistics.seeds_needed(distance, sd) == needed


@settings(max_examples=40, deadline=None)
@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_a_larger_effect_never_needs_more_seeds(one, two):
    small, large = sorted((one, two))
    few, many = statistics.seeds_needed(large, 1.0), statistics.seeds_needed(small, 1.0)
    assert few is not None
    assert many is None or few <= many
