"""Several parts taken together, and what keeps a word from being said."""

from types import SimpleNamespace

import numpy as np
import pytest

from resnet.claims import verdicts
from resnet.claims.contrasts import difference
from resnet.claims.weighing import decide_part
from tests.claims.tables import claim, errors, runs


@pytest.mark.parametrize("parts", [2, 5])
def test_what_must_hold_in_all_parts_errs_no_more_often_than_one_of_them(parts):
    """All but one hold by far, and that one lies at its margin: a false word in 2.5 % a side."""
    random, seeds, said = np.random.default_rng(5), 3, []
    contrasts = [
        difference("train_error", f"plain{8 + 6 * k}", "plain20", "higher") for k in range(parts)
    ]
    shared = claim(*contrasts)
    for _ in range(1_000):
        numbers = random.standard_normal((parts, seeds)) + 50 * (np.arange(parts) > 0)[:, None]
        found = SimpleNamespace(numbers=lambda contrast, n=numbers: n[contrasts.index(contrast)])
        words = [decide_part(shared, one, found, None).word for one in contrasts]
        said.append(
            "contradicted"
            if "contradicted" in words
            else "undecided"
            if "undecided" in words
            else "reproduced"
        )
    # 25 are expected of one, and that over the parts of the other; four standard errors above.
    assert 10 < said.count("reproduced") < 45
    assert said.count("contradicted") < 25 / parts + 15


CHANCE = {"resnet110": 90.0, "resnet1202": 90.0}
ALIKE = claim(difference("train_error", "resnet1202", "resnet110", "lower", -0.2))


def test_nets_that_have_not_learned_are_alike_and_that_says_nothing():
    guessing = errors(CHANCE, 5, sd=0.01).assign(test_error=90.0)
    verdict = verdicts.decide(ALIKE, guessing)
    assert verdict.word == "undecided"
    assert "have not learned" in verdict.reason
    assert "resnet1202" in verdict.reason
    assert verdicts.decide(ALIKE, guessing[guessing["seed"] == 0]).word == "undecided"
    learned = errors({"resnet110": 6.0, "resnet1202": 6.0}, 5, sd=0.01)
    assert verdicts.decide(ALIKE, learned).word == "reproduced"
    # That one of them has not learned is what a claim of degradation says.
    strict = claim(difference("train_error", "resnet1202", "resnet110", "higher"))
    worse = errors({"resnet110": 6.0, "resnet1202": 90.0}, 5, sd=0.01)
    assert verdicts.decide(strict, worse).word == "reproduced"


@pytest.mark.parametrize("word", ["undecided", "reproduced"])
def test_seeds_whose_number_is_not_defined_take_the_verdict_with_them(word):
    further = claim(difference("lesion_chance_share", "plain20", "resnet20", "higher", 10.0))
    shares = {"plain20": [90.0, 91.0, 92.0, 93.0], "resnet20": [1.0, 2.0, 3.0, np.nan]}
    table = runs("lesion_chance_share", shares)
    if word == "undecided":  # the measure was taken there: its other numbers are on record
        table["lesion_median_rise"] = 3.0
    verdict = verdicts.decide(further, table)
    assert (verdict.word, verdict.n) == (word, 3)
    assert ("not defined" in verdict.reason) == (word == "undecided")
