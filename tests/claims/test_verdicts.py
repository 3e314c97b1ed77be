"""Every word, on made runs: what is decided, what is not, and what is never compared."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet.claims import registry, tables, verdicts
from resnet.claims.contrasts import difference, threshold, value
from resnet.claims.orders import Trend
from resnet.claims.scope import why_not_compared
from tests.claims.tables import DEEPER_WORSE, SHALLOW_BETTER, claim, errors, runs


@pytest.mark.parametrize(
    ("deep", "word"),
    [
        ([12.0, 12.1, 12.2], "reproduced"),
        ([7.0, 7.1, 7.2], "contradicted"),
        ([8.1, 9.9, 7.6], "undecided"),
        ([12.0], "observed"),
        ([8.1], "not observed"),
        ([12.0, 12.1], "undecided"),
        ([], "not run"),
    ],
)
def test_each_word(deep, word):
    table = runs("train_error", {"plain20": [8.0, 8.0, 8.0][: max(len(deep), 1)], "plain56": deep})
    assert verdicts.decide(DEEPER_WORSE, table).word == word


def test_the_part_that_counts_is_least_clear_of_its_margin_whatever_its_unit():
    """A gradient 0.5 decades off with a spread of 0.1 is clearer than 10 points with one of 20."""
    table = runs("train_error", {"plain20": [8.0, 8.0, 8.0], "plain56": [8.0, 18.0, 28.0]})
    table["gradient_ratio"] = [0.5, 0.45, 0.55] * 2
    parts = (
        threshold("gradient_ratio", "plain56", "higher", bound=0.0),
        difference("train_error", "plain56", "plain20", "higher"),
    )
    both = verdicts.decide(claim(*parts), table)
    assert (both.word, both.effect, both.unit) == ("undecided", pytest.approx(10.0), "points")
    clear = [part.word for part in both.parts]
    assert clear == ["reproduced", "undecided"]
    table["train_error"] += [0, 0, 0, 20, 10, 0]
    both = verdicts.decide(claim(*parts), table)
    assert both.word == "reproduced"
    assert both.unit == "decades"  # 20 points in every seed: nothing could be clearer


def test_a_verdict_carries_its_numbers_and_its_scope():
    table = runs("train_error", {"plain20": [8.0, 8.5, 8.2], "plain56": [12.0, 12.1, 12.5]})
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert verdict.effect == pytest.approx((4.0 + 3.6 + 4.3) / 3)
    assert verdict.low < verdict.effect < verdict.high
    assert (verdict.n, verdict.seeds, verdict.unit, verdict.more_seeds) == (
        3,
        (0, 1, 2),
        "points",
        0,
    )
    assert set(verdict.run_ids) == set(table["id"])
    assert verdict.scope == "cifar10, original, recipe paper, n = 3"
    assert verdict.decisive.label == "train_error: plain56 − plain20 > 0.2"


def test_one_seed_pretends_no_interval():
    verdict = verdicts.decide(DEEPER_WORSE, runs("train_error", {"plain20": [8], "plain56": [12]}))
    assert (verdict.low, verdict.high, verdict.more_seeds) == (None, None, 2)
    assert verdict.effect == 4.0


def test_fewer_seeds_than_the_claim_needs_leave_it_open_with_an_interval():
    table = runs("train_error", {"plain20": [8.0, 8.0], "plain56": [12.0, 12.01]})
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert (verdict.word, verdict.more_seeds) == ("undecided", 1)
    assert verdict.low > 0.2


def test_an_undecided_claim_says_how_many_seeds_more():
    table = runs("train_error", {"plain20": [8.0, 8.0, 8.0], "plain56": [8.0, 9.5, 9.0]})
    more = verdicts.decide(DEEPER_WORSE, table).more_seeds
    assert more is not None
    assert 3 <= more <= 20


def test_an_effect_at_the_margin_is_not_decided_by_more_seeds():
    table = runs("train_error", {"plain20": [8.0, 8.0, 8.0], "plain56": [8.2, 8.1, 8.3]})
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert (verdict.word, verdict.more_seeds) == ("undecided", None)
    assert "too near the margin" in verdict.reason


def test_an_effect_that_ends_short_of_the_margin_contradicts():
    close = {"plain20": [8.0, 8.0, 8.0], "plain56": [8.01, 8.02, 8.03]}
    verdict = verdicts.decide(DEEPER_WORSE, runs("train_error", close))
    assert (verdict.word, verdict.more_seeds) == ("contradicted", 0)
    assert verdict.reason == "the effect is smaller than the margin"
    # Against it altogether, the margin is no longer of interest.
    against = {"plain20": [8.0, 8.0, 8.0], "plain56": [7.0, 7.1, 7.2]}
    assert verdicts.decide(DEEPER_WORSE, runs("train_error", against)).reason == ""


def test_identical_seeds_decide_and_are_named():
    table = runs("train_error", {"plain20": [8.0] * 3, "plain56": [12.0] * 3})
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert (verdict.word, verdict.reason) == ("reproduced", "every seed gave the same number")


def test_only_seeds_that_all_arms_have_are_paired():
    table = runs("train_error", {"plain20": [8, 8, 8, 8.0], "plain56": [12, 12.1, 12.2, 12.0]})
    verdict = verdicts.decide(DEEPER_WORSE, table[table["id"] != "plain56-1"])
    assert verdict.seeds == (0, 2, 3)
    assert "seed 1, which not every arm has, left out" in verdict.reason


def test_a_failed_run_is_told_and_is_no_value():
    table = runs("train_error", {"plain20": [8.0] * 4, "plain56": [12.0, 12.1, 12.2, 1e9]})
    table.loc[table["id"] == "plain56-3", ["status", "reason"]] = "failed", "loss at step 7"
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert (verdict.word, verdict.seeds) == ("undecided", (0, 1, 2))
    assert verdict.effect == pytest.approx(4.1)
    assert verdict.more_seeds is None
    assert verdict.failed == ("plain56 seed 3 (run plain56-3): loss at step 7",)
    assert "1 run failed" in verdict.reason
    assert "seeds that failed are not among those compared" in verdict.reason


def test_an_arm_that_only_failed_leaves_the_claim_undecided():
    table = runs("train_error", {"plain20": [8.0] * 3, "plain56": [12.0] * 3})
    table.loc[table["net"] == "plain56", "status"] = "failed"
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert (verdict.word, verdict.n, len(verdict.failed)) == ("undecided", 0, 3)


@pytest.mark.parametrize("status", ["running", "partial"])
def test_unfinished_runs_are_told(status):
    table = runs("train_error", {"plain20": [8.0] * 3, "plain56": [12.0, 12.1, 12.2]})
    table.loc[table["id"] == "plain56-2", "status"] = status
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert verdict.n == 2
    assert "1 run not finished" in verdict.reason


def test_an_unmeasured_metric_is_not_run():
    table = runs("test_error", {"plain20": [8.0] * 3, "plain56": [12.0] * 3})
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert verdict.word == "not run"
    assert "not measured" in verdict.reason


def test_no_runs_at_all():
    for table in (pd.DataFrame(), errors(SHALLOW_BETTER, 3).iloc[:0]):
        assert why_not_compared(table) == ""
        assert [v.word for v in verdicts.decide_all([DEEPER_WORSE], table)] == ["not run"]


def test_one_wrong_neighbour_contradicts_a_trend():
    trend = claim(Trend("train_error", ("plain20", "plain32", "plain44"), "higher"))
    table = errors({"plain20": 8.0, "plain32": 12.0, "plain44": 9.0}, 5)
    verdict = verdicts.decide(trend, table)
    assert verdict.word == "contradicted"
    assert [part.word for part in verdict.parts] == ["reproduced", "contradicted"]
    assert verdict.effect == pytest.approx(-3.0, abs=0.2)


def test_a_conjunction_needs_all_its_parts():
    both = claim(
        difference("train_error", "plain56", "plain20", "higher"),
        threshold("gradient_ratio", "plain56", "higher", bound=-1.0),
    )
    table = errors(SHALLOW_BETTER, 5)
    assert verdicts.decide(both, table).word == "reproduced"
    vanished = table.assign(gradient_ratio=-4.0)
    verdict = verdicts.decide(both, vanished)
    assert (verdict.word, verdict.unit, verdict.effect) == ("contradicted", "decades", -4.0)


@pytest.mark.parametrize(("mean", "word"), [(8.8, "reproduced"), (9.9, "contradicted")])
def test_a_printed_value_is_met_within_its_margin(mean, word):
    printed = claim(value("train_error", "resnet20", 8.75, 0.5))
    assert verdicts.decide(printed, errors({"resnet20": mean}, 5)).word == word


def test_what_is_asked_in_part_is_reproduced_in_part_and_contradicted_whole():
    order = claim(Trend("train_error", ("plain20", "plain32", "plain44"), "higher"))
    table = errors({"plain20": 8.0, "plain32": 12.0}, 5)
    asked = order.on(["plain20", "plain32"])
    assert verdicts.decide(asked, table).said == "reproduced in part"
    assert verdicts.decide(asked, table[table["seed"] == 0]).said == "observed in part"
    falling = errors({"plain20": 12.0, "plain32": 8.0}, 5)
    assert verdicts.decide(asked, falling).said == "contradicted"
    moved = DEEPER_WORSE.on(["plain20", "plain56"])
    assert verdicts.decide(moved, errors(SHALLOW_BETTER, 5)).said == "reproduced"


def test_a_survey_asks_the_nets_that_have_ended():
    claim_ = registry.claim("H15-F1")
    table = errors({"plain20": 8.0, "plain56": 12.0}, 5)
    begun = errors({"plain110": 50.0}, 1, status="partial")
    verdict, *more = verdicts.survey([claim_], pd.concat([table, begun]))
    assert (verdict.word, verdict.n, more) == ("reproduced", 5, [])


def test_a_single_run_between_two_nets_takes_no_verdict_from_them():
    trend = claim(Trend("train_error", ("plain20", "plain32", "plain44"), "higher"), divisible=True)
    several = errors({"plain20": 8.0, "plain56": 12.0}, 3)
    table = pd.concat([several, errors({"plain32": 9.0}, 1)])
    (verdict,) = verdicts.survey([trend], table)
    assert (verdict.word, verdict.n, verdict.claim.asked_of) == (
        "reproduced",
        3,
        ("plain20", "plain56"),
    )
    # What is asked as it is stated is asked of all its nets, however few their seeds.
    named = pd.concat([errors({"plain20": 8.0, "plain44": 9.5}, 3), errors({"plain32": 9.0}, 1)])
    (verdict,) = verdicts.survey([trend], named)
    assert (verdict.word, verdict.n, verdict.claim.asked_of) == ("observed", 1, ())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0, 90), min_size=1, max_size=6),
    st.floats(-30, 30),
    st.sampled_from([-0.2, 0.0, 0.2]),
)
def test_a_claim_and_its_opposite_never_both_hold(shallow, step, margin):
    table = runs(
        "train_error",
        {"plain20": shallow, "plain56": [x + step + k for k, x in enumerate(shallow)]},
    )
    words = [
        verdicts.decide(
            claim(difference("train_error", "plain56", "plain20", direction, abs(margin))), table
        ).word
        for direction in ("higher", "lower")
    ]
    for one, other in (words, words[::-1]):
        if one == "reproduced":
            assert other == "contradicted"


def test_the_order_of_the_rows_does_not_matter():
    table = errors(SHALLOW_BETTER, 4, sd=2.0)
    first = verdicts.decide(DEEPER_WORSE, table)
    assert verdicts.decide(DEEPER_WORSE, table.sample(frac=1, random_state=1)) == first


def test_verdicts_hold_at_their_family_wise_level():
    """Three neighbours without any difference: some verdict in at most 5 % of the tables."""
    trend = claim(Trend("train_error", ("plain20", "plain32", "plain44", "plain56"), "higher"))
    rng, hits = np.random.default_rng(11), 0
    for _ in range(120):
        table = runs("train_error", {net: list(rng.standard_normal(3)) for net in trend.arms})
        hits += verdicts.decide(trend, table).word in ("reproduced", "contradicted")
    assert hits <= 12  # 6 expected at most, 2.5 standard errors above


def test_the_survey_asks_each_claim_of_the_nets_at_hand():
    table = errors({"plain20": 8.0, "plain32": 10.0}, 3)
    found = {v.claim.id: v for v in verdicts.survey(registry.claims().values(), table)}
    assert set(found) == set(registry.claims())
    assert found["H15-F1"].word == "reproduced"
    assert "asked of plain32, plain20" in found["H15-F1"].scope
    assert found["C25"].word == "not run"


def test_claims_are_printed_as_json_and_as_a_table(capsys):
    assert tables.main_claims(json=True) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["id"] for record in records] == list(registry.claims())
    assert tables.main_claims() == 0
    assert "H15-F6L" in capsys.readouterr().out


def test_verdicts_are_printed_as_json(capsys, monkeypatch):
    table = errors(SHALLOW_BETTER, 3)
    monkeypatch.setattr("resnet.runs.table.load", lambda folder: table)
    assert tables.main_claims("somewhere", json=True) == 0
    found = {r["id"]: r for r in json.loads(capsys.readouterr().out)}
    assert found["H15-F6L"]["verdict"] == "reproduced"
    assert found["H15-F6L"]["parts"][0]["asserts"] == "train_error: plain56 − plain20 > 0"
    assert tables.main_claims("somewhere") == 0
    assert "reproduced" in capsys.readouterr().out
