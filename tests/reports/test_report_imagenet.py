"""What the report on ImageNet says that none on small images does."""

import json
from pathlib import Path

import pytest

from reports.check import import_elements
from reports.elements import REGISTRY
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from tests.reports import factory

PHOTOGRAPHS = {"dataset": "imagenet"}


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Two runs that a plateau cut at different epochs."""
    import_elements()
    for net, cuts in (("plain18", (3,)), ("plain34", (2, 5))):
        path = factory.write(
            tmp_path, factory.spec(net, 0, "imagenet2015", **PHOTOGRAPHS), "partial", 12
        )
        lines = [json.loads(text) for text in (path / "metrics-1.jsonl").read_text().splitlines()]
        for line in lines[1:]:
            line["lr"] = 0.1 ** (1 + sum(line["epoch"] >= cut for cut in cuts))
        (path / "metrics-1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return narrowed("imagenet", load(tmp_path))


def test_the_epochs_of_a_plateaus_cuts_are_told(report: Report) -> None:
    rows = REGISTRY["rate_cuts"](report).record()["rows"]
    assert rows == [["plain18", "0", "3", "6"], ["plain34", "0", "2, 5", "6"]]


def test_no_cuts_of_no_runs(tmp_path: Path) -> None:
    import_elements()
    said = REGISTRY["rate_cuts"](narrowed("imagenet", load(tmp_path))).record()
    assert "no run has logged an epoch" in said["caption"]


def test_the_recipe_says_what_bn_has_at_test(report: Report) -> None:
    assert (
        "exact averages over training images" in REGISTRY["recipe_card"](report).record()["caption"]
    )
