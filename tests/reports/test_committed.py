"""The reports that are committed, and the tables of runs that they were made from."""

from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from reports.attach import contents
from reports.check import differences
from reports.frames import HISTORY, RUNS, Frames, merged, unpacked
from reports.source import load

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGNS = ("eighth", "paper", "paper-to-epoch-155", "quick", "small")
PDFS = [path for name in CAMPAIGNS for path in sorted((ROOT / "reports/pdf" / name).glob("*.pdf"))]


def data(path: Path) -> Frames:
    found = contents(path)
    return unpacked(found[RUNS], found[HISTORY])


def test_the_summary_is_of_all_campaigns() -> None:
    path = ROOT / "reports/pdf/summary/summary.pdf"
    assert differences(path) == []
    every = merged([load(ROOT / "results" / name) for name in CAMPAIGNS]).runs
    assert set(data(path).runs["id"]) == set(every["id"])


def test_every_campaign_has_reports_and_every_report_a_campaign() -> None:
    assert sorted({path.parent.name for path in PDFS}) == list(CAMPAIGNS)
    assert all((ROOT / "results" / name / RUNS).is_file() for name in CAMPAIGNS)


@pytest.mark.parametrize("path", PDFS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_report_says_what_its_data_say(path: Path) -> None:
    assert differences(path) == []


@pytest.mark.parametrize("path", PDFS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_its_data_are_the_campaigns(path: Path) -> None:
    """Every run in the report is a run of the campaign, number by number."""
    ours = data(path)
    theirs = load(ROOT / "results" / path.parent.name)
    shared = theirs.runs[theirs.runs["id"].isin(ours.runs["id"])].reset_index(drop=True)
    assert_frame_equal(ours.runs, shared)
    lines = theirs.history[theirs.history["run_id"].isin(ours.history["run_id"].unique())]
    columns = ["run_id", "key", "step", "value"]
    one, other = (
        frame[columns].astype({"run_id": str, "key": str}).sort_values(columns, ignore_index=True)
        for frame in (ours.history, lines)
    )
    assert_frame_equal(one, other)


def test_results_are_named_where_they_are_told() -> None:
    told = (ROOT / "results" / "README.md").read_text()
    assert all(f"`{name}`" in told for name in CAMPAIGNS)
