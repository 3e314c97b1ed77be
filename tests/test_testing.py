"""`python -m resnet test`: weights are tested as their run was, or as the recipe asked for."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resnet.__main__ import main
from resnet.data import Dataset
from resnet.nets import build
from resnet.planning.options import Options
from resnet.runs.folder import read_result
from resnet.runs.spec import RunSpec
from resnet.training.train import train
from tests.conftest import make_dataset

SMALL = ["--recipe", "quick", "--dataset", "synthetic"]


@pytest.fixture(autouse=True)
def _data(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resnet.planning.testing.load_data", lambda options, preset: dataset)
    monkeypatch.chdir(tmp_path)


def test_a_run_s_weights_are_tested_as_on_record(
    dataset: Dataset, spec: RunSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = RunSpec("resnet8", spec.dataset, spec.dataset_copy, spec.dataset_digest,
                    replace(spec.recipe, normalisation="channel"), 1)  # fmt: skip
    for one in (spec, other):
        train(one, dataset, tmp_path / "runs", "test")
    capsys.readouterr()
    files = [f"runs/{one.id}/weights/20.pt" for one in (spec, other)]
    assert main(["test", *files, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["net"] for row in rows] == ["plain8", "resnet8"]
    assert [row["normalisation"] for row in rows] == ["per-pixel mean", "channel"]
    for one, row in zip((spec, other), rows, strict=True):
        result = read_result(tmp_path / "runs" / one.id)
        assert result is not None
        assert row["test_error"] == result["test_error"]
        assert row["test_loss"] == pytest.approx(result["test_loss"], rel=1e-6)
        assert row["images"] == 32
    assert main(["test", *files]) == 0
    out = capsys.readouterr().out
    assert "test error" in out
    assert "32 of synthetic" in out


def test_a_run_on_a_part_is_tested_on_that_part(
    dataset: Dataset, spec: RunSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    animals = dataset.part("synthetic-animals")
    few = replace(spec.recipe, train_images=32, test_images=len(animals.test))
    one = RunSpec("resnet8-B", animals.name, animals.copy, animals.digest, few, 0)
    train(one, animals, tmp_path / "runs", "test")
    result = read_result(tmp_path / "runs" / one.id)
    assert result is not None
    capsys.readouterr()
    assert main(["test", f"runs/{one.id}/weights/20.pt", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["dataset"] == "synthetic-animals"
    assert row["test_error"] == result["test_error"]


def test_a_run_is_tested_on_what_it_was_trained_on_unless_a_recipe_is_named(
    spec: RunSpec, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    train(spec, dataset, tmp_path / "runs", "test")
    file, asked = f"runs/{spec.id}/weights/20.pt", []

    def other(options: Options, preset: str) -> Dataset:
        asked.append(options.dataset)
        print("decoding images")
        return make_dataset(seed=1)

    monkeypatch.setattr("resnet.planning.testing.load_data", other)
    capsys.readouterr()
    assert main(["test", file, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is of a run on synthetic, synthetic, not on what is here: name a --recipe" in err
    assert main(["test", file, "--json", "--recipe", "quick", "--dataset", "synthetic"]) == 0
    [row] = json.loads(capsys.readouterr().out)  # what loading tells stands elsewhere
    assert row["net"] == "plain8"
    assert set(asked) == {"synthetic"}


def test_a_record_that_cannot_be_read_bars_no_file_that_all_is_said_of(
    spec: RunSpec, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(spec, dataset, tmp_path / "runs", "test")
    (tmp_path / "runs" / spec.id / "spec.json").write_text("{")
    file = f"runs/{spec.id}/weights/20.pt"
    assert main(["test", file, "--nets", "plain8"]) == 2
    assert "name the --recipe of 20.pt" in capsys.readouterr().err
    assert main(["test", file, "--nets", "plain8", *SMALL]) == 0


def test_weights_from_elsewhere_are_tested_under_the_recipe_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.save(build("resnet20-B", 10, seed=1).state_dict(), "w.pt")
    found = {}
    for recipe in ("paper", "akamaster"):
        assert (
            main(["test", "w.pt", "--recipe", recipe, "--images", "20", *SMALL[2:], "--json"]) == 0
        )
        [found[recipe]] = json.loads(capsys.readouterr().out)
    assert found["paper"]["net"] == "resnet20-B"
    assert found["akamaster"]["normalisation"] == "imagenet"
    assert found["paper"]["images"] == 20
    assert found["paper"]["test_loss"] != found["akamaster"]["test_loss"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["small.pt"], "fits plain8 and resnet8 alike: say which it is, as in --nets resnet8"),
        (["small.pt", "--nets", "a,b"], "--nets names 2 nets for 1 files"),
        (["small.pt", "--nets", "resnet8", "--images", "0"], "--images 0: give 1 or more"),
        (["large.pt"], "holds resnet18, a net of ImageNet: experiments/imagenet.py --weights"),
        (["seven.pt", *SMALL[2:]], "seven.pt tells 7 classes apart, synthetic has 10"),
        (["none.pt"], "no weights at none.pt"),
        (["small.pt", "--recipe", "papre"], "did you mean paper"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, net, classes in (("small", "resnet8", 10), ("large", "resnet18", 1000),
                               ("seven", "resnet8-B", 7)):  # fmt: skip
        torch.save(build(net, classes, seed=1).state_dict(), f"{name}.pt")
    assert main(["test", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert why in err
