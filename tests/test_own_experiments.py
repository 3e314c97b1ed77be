"""Experiments of a user's own: their claims are told with all others, and broken ones left out."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import experiments
from reports.__main__ import main as reports
from reports.check import differences
from reports.opening import narrowed
from reports.source import load
from reports.summary import Summary
from resnet import experiment
from resnet.__main__ import main as library
from resnet.claims import registry
from resnet.errors import UserError
from resnet.experiment import FOLDER

OURS = experiment.names()
QUICK = FOLDER.parent / "results/quick"
MINE = """
from resnet.claims.contrasts import difference
from resnet.claims.model import Claim, Source
from resnet.experiment import Experiment

SOURCE = Source("p", "w")
LOWER = difference("test_error", "resnet20", "plain20", "lower", 0.2)
DEEP = difference("test_error", "resnet1202", "plain20", "lower", 0.2)
CLAIMS = tuple(
    Claim(name, "s", SOURCE, (part,), "none") for name, part in (("my-b", LOWER), ("my-a", DEEP))
)
EXPERIMENT = Experiment("mine", "t", "q", ("plain20", "resnet20"), (*CLAIMS, CLAIMS[0].under("fb")))
"""
BROKEN = {
    "unclosed": ("EXPERIMENT = (\n", r"SyntaxError: '\(' was never closed \(unclosed.py, line 1\)"),
    "lacking": ("\nimport nowhere\nEXPERIMENT = 1", "line 2: ModuleNotFoundError: No module named"),
    "mistaken": (
        "from resnet.claims import registry\nEXPERIMENT = registry.claim('nobody')",
        "line 2: unknown claim 'nobody'",
    ),
    "leaving": ("EXPERIMENT = 1\nraise SystemExit(2)", "line 2: SystemExit: 2"),
    "other": ("EXPERIMENT = 1", "EXPERIMENT is to be a resnet.experiment.Experiment"),
    "foreign": ("EXPERIMENT = 'é'", "SyntaxError: .*utf-8"),
    "silent": ("EXPERIMENT = 1\nraise ValueError", "line 2: ValueError"),
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts scripts into a folder of experiments that has nothing else."""
    folder = (tmp_path / "experiments").resolve()
    folder.mkdir()
    monkeypatch.setattr(experiment, "FOLDER", folder)
    monkeypatch.setattr(experiments, "__path__", [str(folder)])
    before = set(sys.modules)

    def put(encoding: str = "latin-1", **scripts: str) -> None:
        for name, text in scripts.items():
            (folder / f"{name}.py").write_text(text, encoding=encoding)

    yield put
    experiment._leave_out.cache_clear()
    for name in {one for one in sys.modules if one.startswith("experiments.")} - before:
        del sys.modules[name]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_script_that_is_asked_for_is_one_line(
    write: Callable[..., None], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = BROKEN[name]
    write(**{name: text})
    with pytest.raises(UserError, match=f"^experiments/{name}.py: {said}") as error:
        experiment.get(name)
    assert "\n" not in str(error.value)
    assert reports([name, "--source", str(QUICK)]) == 2
    assert capsys.readouterr().err == f"error: {error.value}\n"


def test_one_that_nobody_asked_for_is_left_out_and_named_once(
    write: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        mine=MINE, taken=MINE.replace("my-a", "C1"), **{n: text for n, (text, _) in BROKEN.items()}
    )
    assert library(["claims"]) == library(["claims", "--json"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(BROKEN) + 1
    assert all(line.startswith("left out: experiments/") for line in lines)
    (taken,) = (line for line in lines if "/taken.py" in line)
    assert taken.endswith(": claim C1: the id is taken, by another claim of the registry")
    assert list(experiment.every()) == ["mine"]


OUT_OF_ORDER = {
    "ids": (
        MINE.replace('(*CLAIMS, CLAIMS[0].under("fb"))', '("C1",)'),
        "claims of mine: 'C1' is to be a Claim; registry.some takes ids",
    ),
    "numbers": (MINE.replace('"resnet20"), (', "5), ("), "nets of mine: 5 is to be a str"),
    "twin": (
        MINE.replace('"lower"', '"higher"'),
        "claim my-b: the id is taken, by experiments/mine.py",
    ),
}


@pytest.mark.parametrize("name", OUT_OF_ORDER)
def test_one_that_declares_what_is_no_claim_or_another_s_is_left_out(
    write: Callable[..., None], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = OUT_OF_ORDER[name]
    write(mine=MINE, **{name: text})
    assert list(experiment.every()) == ["mine"]
    assert capsys.readouterr().err == f"left out: experiments/{name}.py: {said}\n"


def test_two_experiments_may_ask_one_claim(write: Callable[..., None]) -> None:
    write(mine=MINE, same=MINE)
    assert list(experiment.every()) == ["mine", "same"]
    assert list(experiment.every_claim())[-2:] == ["my-b", "my-a"]


def test_all_claims_are_the_registrys_and_then_ones_own(
    write: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    write(mine=MINE)
    assert library(["claims", "--json"]) == 0
    listed = [one["id"] for one in json.loads(capsys.readouterr().out)]
    assert listed == [*registry.claims(), "my-b", "my-a"]
    with pytest.raises(UserError, match="unknown claim 'my-b'"):
        registry.claim("my-b")


def test_the_summary_has_them_with_and_without_runs(write: Callable[..., None]) -> None:
    write(mine=MINE)
    report = narrowed("summary", load(QUICK))
    words = {one.claim.id: one.word for one in report.verdicts}
    assert words["my-b"] in ("reproduced", "contradicted", "undecided")
    assert words["my-a"] == "not run"
    assert list(words)[-1] == "my-a"


def test_a_report_made_elsewhere_is_verified_without_them(write: Callable[..., None]) -> None:
    write(mine=MINE)
    report = narrowed("summary", load(QUICK))
    assert isinstance(report, Summary)
    foreign = {one.claim.id for one in report.without_others(registry.claims()).verdicts}
    assert not foreign & {"my-a", "my-b"}
    assert "my-b" in {one.claim.id for one in report.without_others(["my-b"]).verdicts}
    scripts = (FOLDER / f"{name}.py" for name in OURS)
    write("utf-8", **{script.stem: script.read_text(encoding="utf-8") for script in scripts})
    assert list(experiment.every()) == sorted([*OURS, "mine"])
    assert differences(FOLDER.parent / "reports/pdf/summary/summary.pdf") == []
