"""The sequential design keeps its error rate and saves seeds, by simulation."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from resnet.claims import registry, verdicts
from resnet.claims.contrasts import difference
from resnet.claims.looks import Design, critical_values
from resnet.claims.model import Claim, Source
from resnet.claims.orders import Trend
from resnet.claims.sequential import next_wave
from resnet.errors import UserError
from tests.claims.tables import errors, runs

PATHS = 40_000
CLAIM = Claim(
    "X",
    "s",
    Source("p", "w"),
    (difference("train_error", "plain56", "plain20", "higher"),),
    "none",
)


@cache
def _run(design: Design, effect: float, law: str = "normal", parts: int = 1, fixed: bool = False):
    """Per path: decided as higher, decided as lower, seeds used. `effect` in standard deviations.

    With several parts, all without effect, any part's decision counts as one.
    """
    random = np.random.default_rng(20)
    draw = {
        "normal": random.standard_normal,
        "skewed": lambda shape: (random.gamma(4.0, 1.0, shape) - 4.0) / 2.0,
        "heavy": lambda shape: random.standard_t(5, shape),
    }[law]
    values = draw((design.budget, parts, PATHS)) + effect
    up, down = np.zeros(PATHS, bool), np.zeros(PATHS, bool)
    used = np.full(PATHS, design.budget)
    for n in design.waves:
        level = 1 - design.alpha / parts if fixed else design.level(n, parts)
        t = values[:n].mean(axis=0) / values[:n].std(axis=0, ddof=1) * np.sqrt(n)
        limit, running = stats.t.ppf((1 + level) / 2, n - 1), ~(up | down)
        up |= running & (t > limit).any(axis=0)
        down |= running & (t < -limit).any(axis=0)
        used = np.where(running & (up | down), n, used)
    return up, down, used


@pytest.mark.parametrize("waves", [(3, 5, 8), (3, 4, 5, 6, 8, 10), (2, 4), (5, 10, 20)])
@pytest.mark.parametrize("spending", ["pocock", "obrien-fleming"])
def test_the_error_rate_holds_over_all_looks(waves, spending):
    up, down, _ = _run(Design(waves, spending=spending), 0.0)
    assert (up | down).mean() == pytest.approx(0.05, abs=0.004)
    assert up.mean() <= 0.029


@pytest.mark.parametrize(("budget", "covered"), [(4, 94.4), (8, 93.0), (21, 91.7), (55, 91.2)])
def test_waves_after_a_first_look_at_its_own_interval_err_a_little_oftener(budget, covered):
    """As who asks for waves only when three seeds were undecided: README has the ends of these."""
    up, down, _ = _run(Design((3,)), 0.0)
    waves = (*(wave for wave in (3, 5, 8, 13, 21, 34) if wave < budget), budget)
    more, less, _ = _run(Design(waves), 0.0)  # the same first draws
    assert 100 * (1 - (up | down | more | less).mean()) == pytest.approx(covered, abs=0.5)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert "at 91 to 94 %, by the" in readme


def test_looking_thrice_at_fixed_intervals_would_err_too_often():
    up, down, _ = _run(Design(), 0.0, fixed=True)
    assert (up | down).mean() > 0.075


@pytest.mark.parametrize("law", ["skewed", "heavy"])
def test_the_error_rate_nearly_holds_for_other_laws(law):
    up, down, _ = _run(Design(), 0.0, law)
    assert (up | down).mean() <= 0.075


def test_the_error_rate_holds_over_the_parts_of_a_claim():
    up, down, _ = _run(Design(), 0.0, parts=3)
    assert (up | down).mean() <= 0.054


def test_a_big_effect_takes_fewer_seeds_than_the_fixed_design_and_is_decided():
    up, down, used = _run(Design(), 4.0)
    assert up.mean() > 0.99
    assert down.mean() < 0.001
    assert used.mean() < 5.0  # of 8


@pytest.mark.parametrize(("spending", "cost"), [("pocock", 0.17), ("obrien-fleming", 0.04)])
def test_a_small_effect_costs_some_power_against_the_fixed_design(spending, cost):
    up, _, used = _run(Design(spending=spending), 1.2)
    fixed = stats.nct.sf(stats.t.ppf(0.975, 7), 7, 1.2 * np.sqrt(8))
    assert fixed - cost < up.mean() < fixed
    assert used.mean() < 7.5


def test_the_critical_values_agree_with_what_is_exact():
    (only,) = critical_values((8,), (0.05,))
    assert only == pytest.approx(stats.t.ppf(0.975, 7))
    first, _ = critical_values((3, 8), (0.02, 0.05))
    assert first == pytest.approx(stats.t.ppf(0.99, 2))
    # Many seeds: the normal case. Pocock's two equal looks at 5 % are at 2.178 (Pocock 1977).
    spent = critical_values((500, 1000), (2 * stats.norm.sf(2.178), 0.05))
    assert spent[1] == pytest.approx(2.178, abs=0.03)


def test_levels_are_the_same_each_time_and_wider_than_at_a_single_look():
    design = Design()
    assert design.level(5, 2) == Design().level(5, 2)
    assert all(design.level(n, 1) > 0.95 for n in range(2, 9))


def test_verdicts_take_the_levels_of_the_plan_and_stop_at_its_budget():
    table = errors({"plain20": 8.0, "plain56": 8.4}, 9, sd=0.2)
    plain = verdicts.decide(CLAIM, table[table["seed"] < 5])
    planned = verdicts.decide(CLAIM, table[table["seed"] < 5], Design())
    assert planned.low < plain.low < plain.high < planned.high
    assert verdicts.decide(CLAIM, table, Design()).seeds == tuple(range(8))


def test_looks_on_record_of_the_runs_widen_the_intervals_of_whoever_reads_them():
    table = errors({"plain20": 8.0, "plain56": 8.4, "resnet20": 7.0}, 9, sd=0.2)
    planned = verdicts.decide(CLAIM, table, Design())
    assert planned.waves == (3, 5, 8)
    of = {net: table["net"] == net for net in ("plain20", "plain56", "resnet20")}
    # One arm that was bought in waves is enough, and so are looks of several campaigns together.
    once = table.assign(waves=np.where(of["plain56"] & (table["seed"] > 4), "3,5,8", None))
    twice = table.assign(waves=np.where(of["plain20"], "3,8", np.where(of["plain56"], "5,8", None)))
    for marked in (once, twice, table.assign(waves="3,5,8")):
        assert verdicts.decide(CLAIM, marked) == planned
        assert verdicts.decide_all([CLAIM], marked) == [planned]
    elsewhere = table.assign(waves=np.where(of["resnet20"], "3,5,8", None))
    assert verdicts.decide(CLAIM, elsewhere) == verdicts.decide(CLAIM, table)


def test_once_the_seeds_are_spent_no_more_are_promised():
    open_ = runs("train_error", {"plain20": [8.0] * 8, "plain56": [7.5, 10.0] * 4})
    early = verdicts.decide(CLAIM, open_[open_["seed"] < 5], Design())
    late = verdicts.decide(CLAIM, open_, Design())
    assert (early.word, late.word) == ("undecided", "undecided")
    assert early.more_seeds is not None
    assert late.more_seeds is None
    assert "the seeds that the looks were planned for are spent" in late.reason


def test_waves_are_added_until_the_claim_is_decided():
    clear = errors({"plain20": 8.0, "plain56": 12.0}, 3)
    open_ = runs("train_error", {"plain20": [8.0] * 8, "plain56": [7.0, 9.0] * 4})
    assert next_wave([CLAIM], pd.DataFrame(), Design()) == 3
    assert next_wave([CLAIM], clear[clear["seed"] < 1], Design()) == 2
    assert next_wave([CLAIM], clear, Design()) == 0
    assert next_wave([CLAIM], open_[open_["seed"] < 3], Design()) == 2
    assert next_wave([CLAIM], open_[open_["seed"] < 5], Design()) == 3
    assert next_wave([CLAIM], open_, Design()) == 0


def test_the_neediest_claim_rules_and_the_unmeasurable_are_passed_over():
    trend = Claim(
        "Y", "s", Source("p", "w"), (Trend("test_error", ("plain20", "plain56"), "higher"),), "none"
    )
    clear = errors({"plain20": 8.0, "plain56": 12.0}, 3)
    noise = clear.assign(test_error=[5.0, 7.0, 6.0] * 2)
    assert next_wave([CLAIM, trend], noise, Design()) == 2
    assert next_wave([CLAIM, trend], noise.drop(columns="test_error"), Design()) == 0


def test_a_failed_run_buys_no_further_seeds():
    """No verdict falls on the others, however many they are."""
    open_ = runs("train_error", {"plain20": [8.0] * 3, "plain56": [7.0, 9.0, 8.5]})
    assert next_wave([CLAIM], open_, Design()) == 2
    open_.loc[open_["id"] == "plain56-2", "status"] = "failed"
    assert next_wave([CLAIM], open_, Design()) == 0


def test_what_is_left_of_a_claim_that_names_error_rates_is_asked_for_seeds():
    rates = {"resnet110": [7.0, 6.5, 8.0], "resnet110-scaled-0.5-0.5": [7.2, 6.1, 8.5]}
    rates |= {"plain110": [60.0] * 3}
    whole = registry.claim("C12").on(rates)
    table = runs("test_error", rates, dataset_copy="JPEG copy (lossy)")
    assert verdicts.decide(whole, table).word == "undecided"
    assert next_wave([whole], table, Design()) == 2


def test_claims_that_these_runs_cannot_bear_on_ask_for_no_seeds():
    """An error rate is not asked of a lossy copy, however many seeds there are."""
    printed = registry.claim("C1").on(["resnet20", "resnet56"])
    for n in (1, 3, 9):
        table = errors({"resnet20": 8.75, "resnet56": 6.97}, n, dataset_copy="JPEG copy (lossy)")
        assert next_wave([printed], table, Design((3,))) == 0


def test_failed_seeds_are_spent():
    table = runs("train_error", {"plain20": [8.0] * 8, "plain56": [7.0, 9.0] * 4})
    table.loc[table["id"] == "plain56-0", "status"] = "failed"
    assert next_wave([CLAIM], table, Design()) == 0
    assert verdicts.decide(CLAIM, table, Design()).n == 7


@pytest.mark.parametrize("bad", [(), (1, 3), (5, 3), (3, 3)])
def test_waves_must_grow(bad):
    with pytest.raises(UserError, match="waves must grow"):
        Design(bad)


def test_other_bad_plans():
    with pytest.raises(UserError, match="alpha"):
        Design(alpha=0.0)
    with pytest.raises(UserError, match="pocock"):
        Design(spending="pocok")
