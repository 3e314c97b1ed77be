"""Which runs bear on a claim, and which are never compared."""

import pandas as pd
import pytest

from resnet.claims import registry, verdicts
from resnet.claims.contrasts import difference, value
from resnet.claims.scope import scopes, why_not_compared
from resnet.errors import UserError
from tests.claims.tables import DEEPER_WORSE, SHALLOW_BETTER, claim, errors


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipe": "quick", "recipe_digest": "q"}, "recipes differ (paper / quick)"),
        ({"recipe_digest": "q" * 9}, "recipes differ (paper rrrrrr / paper qqqqqq)"),
        (
            {"dataset_copy": "JPEG copy (lossy)", "dataset_digest": "j"},
            "data sets differ (cifar10 original / cifar10 JPEG copy (lossy))",
        ),
        ({"numerics": 2}, "versions of the numerics differ (1 / 2)"),
    ],
)
def test_runs_of_two_scopes_are_never_mixed(changes, said):
    mixed = pd.concat([errors(SHALLOW_BETTER, 3), errors(SHALLOW_BETTER, 3, **changes)])
    assert why_not_compared(mixed) == said
    assert len(scopes(mixed)) == 2
    with pytest.raises(UserError, match="cannot be compared"):
        verdicts.decide(DEEPER_WORSE, mixed)
    both = verdicts.decide_all([DEEPER_WORSE], mixed)
    assert [(verdict.word, verdict.n) for verdict in both] == [("reproduced", 3)] * 2


def test_arms_in_different_scopes_are_not_compared_and_the_reason_is_said():
    apart = pd.concat(
        [errors({"plain20": 8.0}, 3), errors({"plain56": 12.0}, 3, recipe="fb", recipe_digest="f")]
    )
    for verdict in verdicts.decide_all([DEEPER_WORSE], apart):
        assert verdict.word == "not run"
        assert "recipes differ (paper / fb)" in verdict.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": "synthetic"},
        {"dataset_copy": "JPEG copy (lossy)"},
        {"recipe": "quick"},
        {"recipe": "paper-to-epoch-50"},
    ],
)
def test_error_rates_are_not_asked_of_other_data_or_a_shortened_recipe(changes):
    table = errors({"resnet20": 8.75, "resnet56": 6.97}, 3, **changes)
    verdict = verdicts.decide(registry.claim("C1").on(["resnet20", "resnet56"]), table)
    assert verdict.word == "not run"
    assert "names an error rate" in verdict.reason
    assert verdict.more_seeds is None  # no number of seeds would help
    assert verdicts.decide(registry.claim("C2").on(["resnet20", "resnet56"]), table).n == 3


def test_of_a_divisible_claim_the_error_rates_alone_are_barred():
    both = claim(
        value("train_error", "resnet20", 8.75, 0.5),
        difference("train_error", "plain20", "resnet20", "higher"),
        divisible=True,
    )
    table = errors({"resnet20": 20.0, "plain20": 30.0}, 3, dataset_copy="JPEG copy (lossy)")
    verdict = verdicts.decide(both, table)
    assert (verdict.said, verdict.n) == ("reproduced in part", 3)
    assert verdict.claim.asked == "in part (1 of 2) of plain20, resnet20"
    original = errors({"resnet20": 20.0, "plain20": 30.0}, 3)
    assert verdicts.decide(both, original).word == "contradicted"


def test_runs_on_other_data_do_not_bear_on_a_claim():
    table = errors(SHALLOW_BETTER, 3, dataset="imagenet")
    assert verdicts.decide(DEEPER_WORSE, table).word == "not run"


def test_recipes_of_different_lengths_are_never_compared():
    """Three seeds at full length and three of a quick pair: the quick pair alone answers."""
    full = errors({"resnet20": 8.7}, 3)
    quick = errors({"resnet20": 62.0}, 3, recipe="quick", recipe_digest="q")
    rival = errors({"resnet20": 60.0}, 3, recipe="quick-fb", recipe_digest="f")
    cut = errors({"resnet20": 16.0}, 3, recipe="fb-to-epoch-80", recipe_digest="c")
    found = verdicts.survey([registry.claim("R-fb")], pd.concat([full, quick, rival, cut]))
    (verdict,) = [one for one in found if one.word != "not run"]
    assert verdict.claim.asked_of == ("resnet20@quick-fb", "resnet20@quick")
    assert verdict.effect == pytest.approx(-2.0, abs=0.5)
    mixed = pd.concat([full, quick]).assign(net=lambda t: t["net"] + "@" + t["recipe"])
    assert why_not_compared(mixed) == "lengths of recipes differ (paper / quick)"
