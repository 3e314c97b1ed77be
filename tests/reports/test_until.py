"""Runs cut at an epoch, against runs whose recipe ends there."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reports.__main__ import main
from reports.cards import cost_card
from reports.frames import Frames
from reports.opening import narrowed
from reports.source import load
from reports.until import GONE, ending, until
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.recipes import get
from resnet.training.train import train
from tests.conftest import TINY, spec_of

ROOT = Path(__file__).resolve().parents[2]
LONG = replace(TINY, steps=24, milestones=(8, 20))
NOT_ALIKE = [name for name in GONE if name != "reason"]


@pytest.fixture(scope="module")
def long_runs(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Path:
    root = tmp_path_factory.mktemp("long")
    for net in ("plain8", "resnet8"):
        spec = replace(spec_of(dataset, net), recipe=LONG)
        assert train(spec, dataset, root, "test") == "done"
    return root


def test_a_run_cut_at_an_epoch_is_the_run_that_ends_there(
    tmp_path: Path, long_runs: Path, dataset: Dataset
) -> None:
    short = ending(LONG, 2)
    assert short.steps < LONG.steps
    assert short.milestones == (8,)
    for net in ("plain8", "resnet8"):
        assert train(replace(spec_of(dataset, net), recipe=short), dataset, tmp_path, "t") == "done"
    cut, theirs = until(load(long_runs), 2), load(tmp_path)
    apart = [*NOT_ALIKE, "experiment", "provenance"]
    pd.testing.assert_frame_equal(cut.runs.drop(columns=apart), theirs.runs.drop(columns=apart))
    pd.testing.assert_frame_equal(cut.history, theirs.history)
    assert cut.runs[NOT_ALIKE].isna().all(axis=None)


def test_runs_that_did_not_get_there_are_left_out(long_runs: Path) -> None:
    whole = load(long_runs)
    one, other = whole.runs["id"]
    early = whole.history[(whole.history["run_id"] != one) | (whole.history["epoch"] < 2)]
    assert len(until(whole, 2).runs) == 2
    assert len(until(Frames(whole.runs, early), 2).runs) == 1
    assert len(until(Frames(whole.runs, early), 1).runs) == 2
    with pytest.raises(UserError, match="no run here has got to the end of epoch 99"):
        until(whole, 99)
    assert other in set(early["run_id"])


def test_a_run_that_was_cut_counts_up_to_there(long_runs: Path) -> None:
    whole = load(long_runs)
    partial = whole.runs.assign(status="partial", test_error=None, train_error=None)
    ours = until(Frames(partial, whole.history), 2)
    pd.testing.assert_frame_equal(ours.runs, until(whole, 2).runs)


@pytest.mark.parametrize(
    ("recipe", "epoch", "why"),
    [
        (get("modern"), 3, "'modern' cannot be cut short"),
        (replace(LONG, plateau=5), 1, "cannot be cut short"),
        (LONG, 0, "give 1 or more"),
    ],
)
def test_recipes_that_cannot_be_cut(recipe, epoch: int, why: str) -> None:
    with pytest.raises(UserError, match=why):
        ending(recipe, epoch)


def test_the_command_keeps_runs_cut_at_an_epoch(
    tmp_path: Path, long_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", str(tmp_path / "cut"), f"--source={long_runs}", "--epochs", "2"]) == 0
    kept = load(tmp_path / "cut").runs
    assert set(kept["recipe"]) == {f"{LONG.name}-to-epoch-2"}
    assert {json.loads(text)["steps"] for text in kept["recipe_fields"]} == {ending(LONG, 2).steps}
    assert main(["verdicts", "results/quick", "--epochs", "2"]) == 2
    assert "--epochs goes with data" in capsys.readouterr().err


def test_runs_whose_rates_depend_on_their_end_are_left_out() -> None:
    quick = load(ROOT / "results/quick")
    assert quick.runs["recipe"].str.contains("modern").any()
    cut = until(quick, 2).runs
    assert len(cut) > 50
    assert not cut["recipe"].str.contains("modern").any()


def test_the_campaign_cut_at_an_epoch_is_the_one_committed() -> None:
    cut, kept = until(load(ROOT / "results/paper"), 155), load(ROOT / "results/paper-to-epoch-155")
    pd.testing.assert_frame_equal(cut.runs, kept.runs)
    pd.testing.assert_frame_equal(cut.history, kept.history)


def test_what_a_run_cut_at_an_epoch_cost_is_not_said(long_runs: Path) -> None:
    whole = load(long_runs)
    ids = list(until(whole, 2).runs["id"])
    report = narrowed("degradation", until(whole, 2), wanted=ids)
    said = cost_card(report).caption
    assert said.startswith("How long these runs took is not on record. They are other runs as they")
    assert cost_card(narrowed("degradation", whole, wanted=list(whole.runs["id"]))).rows
