"""The first pages of reports: what a reader learns before any table of numbers."""

from pathlib import Path

import factory
import pandas as pd
import pytest

from reports import elements, grounds, overview, scales, tables
from reports.elements import BREAK, element
from reports.frames import Frames
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.claims import registry


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Three seeds of the shorter recipe, one of the longer."""
    root = tmp_path_factory.mktemp("runs")
    factory.write_all(root, seeds=range(3))
    factory.write_all(root, seeds=[0], recipe="small")
    return narrowed("summary", load(root))


def test_the_overview_has_a_column_a_scale_from_long_to_short(both: Report) -> None:
    table = overview.overview(both)
    assert table.columns == ("Claim", "small", "quick")
    cells = {row[0].text.replace(BREAK, "").split(":")[0]: row[1:] for row in table.rows}
    long, short = cells["H15-F1"]
    assert (long.text, long.tone) == ("observed (1)", "seen")
    assert (short.text, short.tone) == ("reproduced (3)", "good")
    assert "C25" not in cells  # nobody asked


def test_the_tally_takes_the_longest_training_that_can_decide(both: Report) -> None:
    said = overview.tally(both).caption
    words = [v.said for v in both.verdicts if v.n == 3]
    assert f"{words.count('reproduced')} reproduced" in said
    assert "observed" not in said
    answered = {v.claim.id for v in both.verdicts if v.word != "not run"}
    assert f"For {len(registry.claims()) - len(answered)} more claims" in said


def test_the_recipes_are_told_from_long_to_short(both: Report) -> None:
    table = scales.trained_under(both)
    assert [row[0].text for row in table.rows] == ["small", "quick"]
    assert [cell.text for cell in table.rows[0][1:4]] == ["5,000", "938", "64"]
    assert [cell.text for cell in table.rows[1][5:8]] == ["12", "4", "3"]


def test_what_no_run_can_answer_says_which_nets_are_lacking(both: Report) -> None:
    reasons = {v.claim.id: v.reason for v in both.verdicts if v.word == "not run"}
    assert reasons["C6-test"] == "no finished run of resnet1202, resnet110"
    assert reasons["C9"].startswith("no finished run of plain34, plain18, resnet34-A and 1 more")


def test_a_short_recipe_is_told_before_any_verdict(both: Report) -> None:
    report = narrowed("degradation", both.frames)
    said = tables.caution(report)
    assert said.loud
    assert "192 of the paper's 64,000 steps, 2,048 of its 50,000 images" in said.caption


def test_a_verdict_rests_on_the_runs_that_its_contrasts_have(tmp_path: Path) -> None:
    factory.write_all(tmp_path, ("plain20", "plain56"), range(3))
    factory.write_all(tmp_path, ("resnet20",), [7])
    said = tables.summary(narrowed("degradation", load(tmp_path))).caption
    assert "This rests on 6 finished runs of 2 nets" in said


def test_margins_say_whose_they_are(both: Report) -> None:
    table = grounds.margins(narrowed("degradation", both.frames))
    why = {row[0].text.replace(BREAK, ""): row[1].text for row in table.rows}
    assert why["H15-grad"].startswith("Bound of −1 decade: ours")
    assert set(why) == {v.claim.id for v in narrowed("degradation", both.frames).verdicts}


def test_claims_that_name_an_error_rate_are_not_asked_of_short_recipes(both: Report) -> None:
    report = narrowed("depth", both.frames)
    assert "C1" not in {verdict.claim.id for verdict in report.verdicts}
    assert report.not_asked["C1"].startswith("names an error rate")


def test_two_elements_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "REGISTRY", dict(elements.REGISTRY))

    def verdicts(report: Report) -> None:
        """Another module's."""

    with pytest.raises(ValueError, match="two elements called verdicts"):
        element(verdicts)


def test_scopes_that_read_alike_are_told_apart(both: Report) -> None:
    """Runs from before and after a change of the numerics, which contradict each other."""
    runs = both.frames.runs
    later = runs.assign(numerics=2, id=[f"{name[:-1]}x" for name in runs["id"]])
    turned = {"plain20": "plain56", "plain56": "plain20"}
    later["net"] = later["net"].replace(turned)
    report = narrowed("summary", Frames(pd.concat([runs, later]), both.frames.history))
    words = {v.word for v in report.verdicts if v.claim.id == "H15-deg" and v.n == 3}
    assert words == {"reproduced", "contradicted"}
    cells = {row[0].text.replace(BREAK, "").split(":")[0]: row[2] for row in
             overview.overview(report).rows}  # fmt: skip
    assert set(cells["H15-deg"].text.split("; ")) == {"reproduced (3)", "contradicted (3)"}
    assert cells["H15-deg"].tone == ""


def test_runs_without_a_result_enter_no_mean_of_a_caption(both: Report, tmp_path: Path) -> None:
    from reports.figures import gradients

    factory.write_all(tmp_path, seeds=range(2))
    alone = gradients(narrowed("degradation", load(tmp_path))).caption
    means = alone.partition("means over seeds: ")[2].partition(". Scope")[0]
    factory.write(tmp_path, factory.spec("plain56", 2), "partial")
    beside = gradients(narrowed("degradation", load(tmp_path))).caption
    assert means
    assert f"means over seeds: {means}. Scope" in beside


def test_the_first_sentence_names_the_claims_that_go_each_way(both: Report) -> None:
    report = narrowed("degradation", both.frames)
    said = tables.summary(report).caption
    for word in ("reproduced", "contradicted"):
        which = [v.claim.id for v in report.verdicts if v.said == word]
        assert not which or f"{len(which)} {word} ({', '.join(which)})" in said


def test_claims_asked_in_part_or_not_answered_are_no_claims_asked(both: Report) -> None:
    quick = narrowed("degradation", both.frames)
    partly = [v.claim.id for v in quick.verdicts if v.claim.asked_in_part]
    said = grounds.not_asked(quick).caption
    assert partly
    assert said == f"Every claim of this family was asked; in part: {', '.join(partly)}."
    assert tables.IN_PART in tables.verdicts(quick).caption
    paths = grounds.not_asked(narrowed("paths", both.frames)).caption
    assert paths.startswith("Not answered by these runs: C19")


def test_the_summary_says_first_which_recipes_are_cut_short(both: Report) -> None:
    said = tables.caution(both).caption
    assert "have: small 938, quick 192. No verdict under them" in said


def test_the_tally_counts_recipe_by_recipe(both: Report) -> None:
    whole, _, each = overview.tally(both).caption.partition(" By recipe: ")
    told = {part.rpartition(" under ")[2]: part for part in each.partition(". For")[0].split("; ")}
    assert list(told) == ["quick"]  # three seeds there, one under the other
    assert told["quick"].removesuffix(" under quick") in whole


def test_claims_that_moved_to_other_nets_are_marked(tmp_path: Path) -> None:
    factory.write_all(tmp_path, ("resnet56", "resnet56-stochastic-depth"), range(3))
    factory.write_all(tmp_path, ("plain20", "plain56"), range(3))
    rows = overview.overview(narrowed("summary", load(tmp_path))).rows
    cells = {row[0].text.replace(BREAK, "").split(":")[0]: row for row in rows}
    assert cells["C21"][0].text.endswith("†")
    assert not cells["H15-deg"][0].text.endswith("†")
    assert cells["H15-F6L"][1].text.endswith("(3; 1 of 3)")
