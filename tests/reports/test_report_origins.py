"""The nets that arms start from: found among all runs, told, and carried inside the report."""

from dataclasses import replace
from pathlib import Path

import pytest

from reports import attach, starts
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.recipes import get
from tests.reports import factory

ANIMALS = {"dataset": "cifar10-animals", "dataset_digest": "ef56" * 16}
VEHICLES = {"dataset": "cifar10-vehicles", "dataset_digest": "cd34" * 16}


@pytest.fixture
def report(tmp_path: Path) -> Report:
    more = replace(get("quick"), train_images=1_000)  # cut to the images of the part
    for seed in range(2):
        before = factory.spec("resnet20", seed, more, **ANIMALS)
        frozen = factory.spec("resnet20-from-animals", seed, get("quick-frozen"), **VEHICLES)
        for one in (before, frozen.starting_from(before)):
            factory.write(tmp_path, one)
    factory.write_all(tmp_path, ("resnet20",), range(2), **VEHICLES)
    # None of these is what an arm starts from: other seed, other recipe, other net, unfinished.
    factory.write_all(tmp_path, ("resnet20",), (7,), more, **ANIMALS)
    factory.write_all(tmp_path, ("resnet20",), (0,), "small", **ANIMALS)
    factory.write_all(tmp_path, ("plain20",), range(2), more, **ANIMALS)
    return narrowed("transfer", load(tmp_path))


def test_the_origins_are_the_runs_that_arms_start_from(report: Report) -> None:
    found = report.origins
    assert list(found["net"]) == ["resnet20"] * 2
    assert list(found["seed"]) == [0, 1]
    assert set(found["dataset"]) == {"cifar10-animals"}
    assert set(found["recipe"]) == {"quick"}
    assert not set(found["id"]) & (set(report.runs["id"]) | set(report.others["id"]))


def test_their_errors_stand_beside_guessing_among_their_classes(report: Report) -> None:
    (line,) = starts.origins(report).rows
    expected = [factory.final_errors("resnet20", seed) for seed in range(2)]
    means = [sum(pair) / 2 for pair in zip(*expected, strict=True)]
    texts = [cell.text for cell in line]
    assert texts == ["resnet20", "cifar10-animals", "2", *(f"{m:.2f}" for m in means), "83.33"]


def test_a_report_carries_them_and_says_the_same_from_what_it_carries(report: Report) -> None:
    carried = attach.data(report)
    assert set(report.origins["id"]) <= set(carried.runs["id"])
    again = narrowed("transfer", carried, report.scope)
    assert starts.origins(again) == starts.origins(report)


def test_without_them_the_table_says_so(report: Report) -> None:
    kept = report.frames.runs[report.frames.runs["dataset"] != ANIMALS["dataset"]]
    alone = narrowed("transfer", replace(report.frames, runs=kept), report.scope)
    table = starts.origins(alone)
    assert table.rows == ()
    assert "not among these runs" in table.caption
