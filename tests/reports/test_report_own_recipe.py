"""Reports on runs under a recipe of a user's own, whose name tells nothing of its length."""

from dataclasses import replace
from pathlib import Path

import factory
import pytest

from reports import overview, scales, sides, tables
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.claims import registry
from resnet.claims.verdicts import survey
from resnet.recipes import PAPER
from resnet.runs import table

MINE = replace(PAPER, name="mine", steps=500, train_images=2_000, milestones=(250,))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seeds under a short recipe that is not declared here."""
    root = tmp_path_factory.mktemp("runs")
    factory.write_all(root, ("plain20", "plain56", "resnet20", "resnet56"), recipe=MINE)
    return root


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return narrowed("degradation", load(root))


def test_a_caution_says_how_short_it_is(report: Report) -> None:
    said = tables.caution(report).caption
    assert "500 of the paper's 64,000 steps, 2,000 of its 50,000 images" in said


def test_steps_of_few_images_are_few_images(tmp_path: Path) -> None:
    factory.write_all(tmp_path, ("plain20",), [0], replace(PAPER, name="mine", batch_size=32))
    said = tables.caution(narrowed("degradation", load(tmp_path))).caption
    assert "64,000 steps of 32 images each, not 128, 50,000 of its 50,000 images" in said


def test_no_printed_figure_is_drawn_beside_it(report: Report) -> None:
    assert report.short
    assert tables.paper_mark(report, "plain20") is None
    assert "those of the paper preset" not in sides.sources(report).caption


def test_the_summary_says_it_too(root: Path) -> None:
    report = narrowed("summary", load(root))
    assert "mine 500" in tables.caution(report).caption
    assert overview.overview(report).columns == ("Claim", "mine")
    assert {scales.scale_of(v) for v in report.verdicts if v.word != "not run"} == {"mine"}


def test_claims_that_name_an_error_rate_are_not_asked_of_it(root: Path) -> None:
    (verdict,) = survey([registry.claim("C1")], table.load(root))
    assert verdict.word == "not run"
    long = replace(MINE, steps=64_000, milestones=(32_000, 48_000))
    factory.write_all(root.parent / "long", ("resnet20", "resnet56"), recipe=long)
    (verdict,) = survey([registry.claim("C1")], table.load(root.parent / "long"))
    assert verdict.word != "not run"
