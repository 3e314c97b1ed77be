"""What an experiment's file gets wrong is told before anything trains, in one line."""

from dataclasses import replace
from typing import Any

import pytest

from reports.overview import told
from reports.source import load
from reports.summary import Summary, summary
from resnet.claims.contrasts import difference
from resnet.claims.model import Claim, Source
from resnet.errors import UserError
from resnet.experiment import FOLDER, Experiment, get, names
from resnet.planning.declared import check

LOWER = difference("test_error", "resnet20", "plain20", "lower", 0.2)
MINE = Claim("my-claim", "s", Source("p", "w"), (LOWER,), "none")
OWN = Experiment("degradation", "t", "q", ("plain20", "resnet20"), (MINE,))


def claimed(**changes: Any) -> Experiment:
    return replace(OWN, claims=(replace(MINE, **changes),))


@pytest.mark.parametrize("name", names())
def test_what_is_here_is_in_order(name: str) -> None:
    check(get(name))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (replace(OWN, name="nowhere"), "copy reports/degradation.ipynb"),
        (replace(OWN, nets=("plain20", "resnet-20")), "resnet-20"),
        (replace(OWN, nets=("plain20", "resnet20-A")), "by its usual name, resnet20"),
        (replace(OWN, quick_nets=("resnet21",)), "resnet21"),
        (replace(OWN, claims=MINE), "must be a tuple"),
        (claimed(parts=LOWER), "must be a tuple"),
        (claimed(id="C2"), "the id is taken"),
        (claimed(parts=(replace(LOWER, metric="training_error"),)), "did you mean"),
        (claimed(parts=(difference("test_error", "resnet20-A", "plain20", "lower"),)), "resnet20"),
    ],
)
def test_each_mistake_is_one_line(wrong: Experiment, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        check(wrong)
    assert "\n" not in str(error.value)
    check(OWN)


def test_a_notebook_is_missed_by_who_wants_a_report_alone() -> None:
    check(replace(OWN, name="nowhere"), report=False)


def test_a_direction_is_one_of_three() -> None:
    with pytest.raises(UserError, match="unknown direction 'less'"):
        difference("test_error", "resnet20", "plain20", "less")  # type: ignore[arg-type]


def test_the_summary_tells_claims_that_no_registry_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resnet.experiment.get", lambda name: OWN)
    monkeypatch.setattr("reports.summary.experiments", lambda: {"mine": OWN})
    found = told(Summary(summary(), load(FOLDER.parent / "results/small")))
    answered = [verdict.claim.id for verdict in found if verdict.word != "not run"]
    assert set(answered) == {"my-claim"}
