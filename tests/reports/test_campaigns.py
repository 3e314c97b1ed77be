"""Verdicts as Markdown, of one campaign and of several; several sources read as one."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from reports.__main__ import _runs_of, main
from reports.campaigns import Row, answers, names, verdicts
from reports.check import differences
from reports.frames import Frames, merged, write
from reports.opening import narrowed
from reports.overview import told
from reports.source import load
from resnet.claims.verdicts import Verdict

ROOT = Path(__file__).resolve().parents[2]
QUICK, EIGHTH = ROOT / "results/quick", ROOT / "results/eighth"


@pytest.fixture(scope="module")
def eighth() -> Frames:
    return load(EIGHTH)


def rows(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


@pytest.mark.parametrize("name", ["quick", "small", "eighth", "paper", "paper-to-epoch-155"])
def test_the_table_of_a_campaign_is_the_one_told(name: str) -> None:
    assert verdicts([ROOT / "results" / name]) in (ROOT / "results/README.md").read_text()


def test_the_table_of_all_campaigns_is_the_one_told() -> None:
    every = ("quick", "small", "eighth", "paper-to-epoch-155", "paper")
    table = verdicts([ROOT / "results" / name for name in every])
    assert table in (ROOT / "results/README.md").read_text()


def test_data_do_not_take_the_place_of_other_runs(tmp_path: Path, capsys: Any) -> None:
    kept = str(tmp_path / "kept")
    assert main(["data", kept, "--source", str(EIGHTH)]) == 0
    assert main(["data", kept, "--source", str(QUICK)]) == 2
    assert "runs that are not in the sources" in capsys.readouterr().err
    assert len(load(kept).runs) == len(load(EIGHTH).runs)
    assert main(["data", kept, "--source", kept, "--source", str(QUICK)]) == 0
    assert len(load(kept).runs) == len(load(EIGHTH).runs) + len(load(QUICK).runs)


def test_campaigns_stand_side_by_side() -> None:
    table = verdicts([QUICK, EIGHTH])
    assert table.splitlines()[0] == "| experiment | claim | quick | eighth |"
    (line,) = [row for row in rows(table) if row[1] == "H15-deg"]
    assert line[2].startswith("**reproduced** +16.19 points (training) [+11.22, +21.17] (5)")
    assert line[3].startswith("**reproduced** +34.41 points (training) [+20.02, +48.80] (3)")
    (line,) = [row for row in rows(table) if row[1].startswith("C18")]
    assert line[3] == "–"


def test_what_two_experiments_ask_alike_stands_once() -> None:
    found = [row for row in rows(verdicts([QUICK, EIGHTH])) if row[1] == "H15-grad"]
    assert [row[0] for row in found] == ["degradation, signals"]


def test_rows_with_other_answers_are_not_joined(eighth: Frames) -> None:
    told = answers(eighth)
    one = Row(("degradation",), "H15-deg", {"a": told["degradation", "H15-deg"]})
    assert one.alike(one)
    assert not one.alike(Row(("x",), "H15-deg", {"a": told["degradation", "H15-equal-depth"]}))
    assert not one.alike(Row(("x",), "H15-deg", {"b": told["degradation", "H15-deg"]}))


@pytest.mark.parametrize("name", ["quick", "eighth", "paper"])
def test_the_summary_answers_what_the_experiments_reports_answer(name: str) -> None:
    frames = load(ROOT / "results" / name)
    found = list(answers(frames).values())
    whole = [v for v in told(narrowed("summary", frames)) if v.word != "not run"]
    assert {v.claim.id for v in whole} >= {v.claim.id for v in found}
    for verdict in found:  # where two experiments ask a claim otherwise, the fuller answer stands
        mine = [one for one in whole if one.claim.id == verdict.claim.id]
        assert said(verdict) in map(said, mine) or any(
            len(one.parts) > len(verdict.parts) for one in mine
        )


def test_a_summary_of_campaigns_verifies(tmp_path: Path) -> None:
    sources = [f"--source={QUICK}", f"--source={EIGHTH}"]
    assert main(["summary", *sources, f"--output={tmp_path}"]) == 0
    assert differences(tmp_path / "summary.pdf") == []
    nets = set(load(tmp_path / "summary.pdf").runs["net"])
    assert {"preact-resnet20", "vgg10-bn"} <= nets  # which stand for those that claims name


def said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.claim.id, verdict.said, verdict.effect, verdict.claim.asked, verdict.run_ids


def test_nets_named_without_a_recipe_are_of_one() -> None:
    runs = load(QUICK).runs.set_index("id")
    assert runs.loc[runs["net"] == "plain20", "recipe"].nunique() > 1
    bare = runs.loc[_runs_of("plain20,resnet20", [str(QUICK)])]
    assert set(bare["net"]) == {"plain20", "resnet20"}
    assert set(bare["recipe"]) == {"quick"}
    both = runs.loc[_runs_of("plain20,plain20@quick-modern", [str(QUICK)])]
    assert set(both["recipe"]) == {"quick", "quick-modern"}


def test_campaigns_are_named_by_their_last_part_unless_two_end_alike() -> None:
    assert names(["a/x", "b/y.pdf"]) == ["x", "y"]
    assert names(["a/x", "b/x"]) == ["a/x", "b/x"]


def part(frames: Frames, ids: list[str], **changes: object) -> Frames:
    runs = frames.runs[frames.runs["id"].isin(ids)].assign(**changes)
    history = frames.history[frames.history["run_id"].astype(str).isin(ids)]
    return Frames(runs.reset_index(drop=True), history.reset_index(drop=True))


def test_of_several_sources_each_run_is_read_once(eighth: Frames) -> None:
    ids = list(eighth.runs["id"])
    halves = [part(eighth, ids[:12]), part(eighth, ids[8:])]
    whole = merged(halves)
    pd.testing.assert_frame_equal(whole.runs, eighth.runs)
    assert len(whole.history) == len(eighth.history)


def test_a_finished_run_comes_before_an_unfinished_one_and_else_the_first(eighth: Frames) -> None:
    ids = list(eighth.runs["id"][:2])
    cut = part(eighth, ids, status="partial", test_error=99.0)
    other = part(eighth, ids, test_error=98.0)
    assert set(merged([cut, part(eighth, ids)]).runs["status"]) == {"done"}
    assert set(merged([other, part(eighth, ids)]).runs["test_error"]) == {98.0}


def test_what_was_measured_of_one_training_in_two_places_comes_together(eighth: Frames) -> None:
    lesions = [name for name in eighth.runs.columns if name.startswith("lesion_")]
    mine = eighth.runs[eighth.runs["lesion_median_rise"].notna()]
    ids = list(mine["id"])
    whole = part(eighth, ids)
    looked_at = whole.history["key"].astype(str).str.startswith("lesion")
    assert looked_at.any()
    without = Frames(whole.runs.assign(**dict.fromkeys(lesions, np.nan)), whole.history[~looked_at])
    both = merged([without, whole])
    pd.testing.assert_frame_equal(both.runs, merged([whole, whole]).runs)
    assert len(both.history) == len(whole.history)
    # Whoever ended with other numbers was measured on other weights.
    other = part(whole, ids, test_loss=1.0)
    assert merged([without, other]).runs["lesion_median_rise"].isna().all()
    assert len(merged([without, other]).history) == len(without.history)


def test_a_report_on_nothing_is_not_made(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()
    words = [f"--output={tmp_path / 'pdf'}", f"--source={tmp_path / 'empty'}"]
    assert main(["degradation", *words]) == 2
    assert "no runs in" in capsys.readouterr().err
    assert main(["degradation", "quick", f"--source={EIGHTH}", words[0]]) == 2
    assert "unknown experiment 'quick'" in capsys.readouterr().err
    assert not (tmp_path / "pdf").exists()


def test_a_report_can_be_asked_of_other_nets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["degradation", f"--source={EIGHTH}", f"--output={tmp_path}"]
    assert main([*words, "--nets", "plain20,resnet57"]) == 2
    assert "no run of resnet57 in" in capsys.readouterr().err
    for other in ("summary", "verdicts", "data", "verify"):
        assert main([other, str(tmp_path / "x"), "--nets", "plain20"]) == 2
        assert "--nets goes with an experiment" in capsys.readouterr().err
    assert main([*words, "--nets", "plain20,preact-resnet20"]) == 0
    inside = load(tmp_path / "degradation.pdf").runs
    assert set(inside["net"]) == {"plain20", "preact-resnet20"}
    assert differences(tmp_path / "degradation.pdf") == []


def test_the_command_prints_tables_and_keeps_merged_data(
    tmp_path: Path, eighth: Frames, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = list(eighth.runs["id"])
    for name, chosen in (("one", ids[:9]), ("two", ids[9:])):
        write(part(eighth, chosen), tmp_path / name)
    sources = [f"--source={tmp_path / name}" for name in ("one", "two")]
    assert main(["data", str(tmp_path / "both"), *sources]) == 0
    capsys.readouterr()
    assert main(["verdicts", str(tmp_path / "both")]) == 0
    assert capsys.readouterr().out.strip() == verdicts([EIGHTH])
    assert main(["verdicts"]) == 2
