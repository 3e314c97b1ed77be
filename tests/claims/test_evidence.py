"""Which runs and seeds bear on a claim, and what is said of those that do not."""

import numpy as np
import pandas as pd
import pytest

from resnet.claims import paper, registry, verdicts
from resnet.claims.contrasts import Contrast, difference
from resnet.claims.model import Source
from resnet.claims.orders import Trend
from tests.claims.tables import DEEPER_WORSE, claim, errors, runs

DEPTHS = ("plain20", "plain32", "plain44", "plain56")


def failed(net: str, seeds: int) -> pd.DataFrame:
    return errors({net: 0.0}, seeds, status="failed").assign(train_error=np.nan, test_error=np.nan)


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_net_that_diverged_does_not_drop_out_of_a_trend(seeds):
    trend = claim(Trend("train_error", DEPTHS, "higher"), divisible=True)
    rest = errors({"plain20": 8.0, "plain44": 10.0, "plain110": 12.0}, 3)
    (verdict,) = verdicts.survey([trend], rest)
    assert verdict.word == "reproduced"
    (verdict,) = verdicts.survey([trend], pd.concat([rest, failed("plain56", seeds)]))
    assert verdict.word == "undecided"
    assert "failed and left out: plain56 seed 0" in verdict.reason


def test_a_trend_of_which_one_seed_diverged_is_not_asked_without_that_net():
    """Its other two seeds speak against the claim."""
    trend = claim(Trend("train_error", DEPTHS, "higher"), divisible=True)
    two = errors({"plain56": 7.0}, 2)
    late = failed("plain56", 3).query("seed == 2")
    table = pd.concat([errors({"plain20": 8.0, "plain44": 10.0}, 3), two, late])
    (verdict,) = verdicts.survey([trend], table)
    assert verdict.word == "undecided"


def test_seeds_that_were_not_measured_are_told_apart_from_those_that_are_missing():
    table = errors({"plain20": 8.0, "plain56": 12.0}, 5)
    here = (table["net"] == "plain56") & (table["seed"] == 3)
    lacking = verdicts.decide(
        DEEPER_WORSE, table.assign(train_error=table["train_error"].mask(here))
    )
    missing = verdicts.decide(DEEPER_WORSE, table[~here])
    assert lacking.seeds == missing.seeds == (0, 1, 2, 4)
    assert lacking.reason == "seed 3, where not all that it asks was measured, left out"
    assert missing.reason == "seed 3, which not every arm has, left out"


def test_seeds_beyond_the_budget_of_the_looks_are_told_as_that():
    table = errors({"plain20": 8.0, "plain56": 12.0}, 10).assign(waves="3,5,8")
    verdict = verdicts.decide(DEEPER_WORSE, table)
    assert verdict.n == 8
    assert (
        verdict.reason == "seeds 8, 9, beyond the seeds that the looks were planned for, left out"
    )


def test_times_are_compared_on_one_kind_of_hardware_alone():
    faster = claim(
        difference("test_error", "wrn-40-4", "preact-resnet1001", "lower"),
        Contrast("seconds", (("preact-resnet1001", 1.0), ("wrn-40-4", -4.0)), "higher"),
    )
    table = errors({"wrn-40-4": 4.0, "preact-resnet1001": 9.0}, 3)
    slow = table["net"] == "preact-resnet1001"
    table = table.assign(seconds=np.where(slow, 9_000.0, 1_000.0) + table["seed"])
    assert verdicts.decide(faster, table).word == "reproduced"
    assert verdicts.decide(faster, table.assign(hardware="one card")).word == "reproduced"
    begun = errors({"wrn-40-4": 0.0}, 1, status="partial").assign(seed=7, hardware="other")
    both = pd.concat([table.assign(hardware="one card"), begun])
    assert verdicts.decide(faster, both).word == "reproduced"
    apart = verdicts.decide(faster, table.assign(hardware=np.where(slow, "old", "new")))
    assert (apart.word, apart.n, apart.run_ids) == ("not run", 0, ())
    assert "one kind of hardware" in apart.reason


@pytest.mark.parametrize(
    ("name", "nets", "printed"),
    [
        ("C21", ("resnet110-stochastic-depth", "resnet110"), 5.25 - 6.41),
        ("C21-depth", ("resnet1202-stochastic-depth", "resnet110-stochastic-depth"), 4.91 - 5.25),
        ("Z16-width", ("wrn-40-2", "wrn-40-4"), 5.33 - 4.97),
        ("X17-cardinality", ("resnext29-8x64d", "wrn-28-10"), 3.65 - 4.17),
        ("C22", ("se-preact-resnet110", "preact-resnet110"), 5.21 - 6.37),
    ],
)
def test_figures_that_are_compared_are_one_papers(name, nets, printed):
    one, other = paper.together(nets, source=registry.claim(name).source)
    assert one.value - other.value == pytest.approx(printed)


def test_figures_that_no_paper_prints_together_are_not_compared():
    assert paper.together(("wrn-40-4", "resnext29-8x64d")) is None
    nobody = Source("nobody", "nowhere")
    assert paper.together(("resnet20", "resnet56"), source=nobody) is not None


def test_a_figure_of_imagenet_is_that_of_the_arms_own_recipe():
    assert paper.of_arm("resnet50-v1", "imagenet").value == 24.7
    assert paper.of_arm("resnet50-v1@torchvision-imagenet", "imagenet") is None
    assert paper.of_arm("resnet50@torchvision-imagenet", "imagenet").value == 23.87
    assert paper.of_arm("resnet101@fb-imagenet", "imagenet").value == 22.44
    assert paper.of_arm("resnet50@fb-imagenet", "imagenet") is None  # theirs is another net
    theirs = "resnet50-bn-after-addition@fb-imagenet"
    assert paper.of_arm(theirs, "imagenet").value == 24.01
    assert paper.of_arm(theirs, "imagenet", "test_error_10_crops").value == 22.24


def test_finished_runs_of_other_nets_say_nothing():
    table = runs("train_error", {"plain20": [8.0] * 3, "plain56": [12.0, 12.1, 12.2]})
    more = pd.concat([table, failed("resnet20", 2)])
    assert verdicts.decide(DEEPER_WORSE, more) == verdicts.decide(DEEPER_WORSE, table)
