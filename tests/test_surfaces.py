"""The command line of loss surfaces: settings, parts, and what part of a plan is there."""

from pathlib import Path

import pytest

from experiments import surfaces
from experiments.landscape import EXPERIMENT
from resnet.analysis.measure import trained
from resnet.analysis.settings import chosen
from resnet.analysis.surfaces import Landscape
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.planning import options as planning
from resnet.planning import plan as plans
from resnet.recipes import RECIPES
from resnet.runs.spec import RunSpec
from resnet.training.train import train


@pytest.mark.parametrize("text", ["2", "0/8", "9/8", "a/b", "1/", "-1/2", "1/0"])
def test_what_is_no_part_is_named(text: str) -> None:
    with pytest.raises(UserError, match="as in --part 2/8"):
        surfaces.part_of(text)


def test_settings_add_a_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(surfaces, "run", lambda experiment, options: asked.append(experiment) or 0)
    fine = ["--resolution", "25"]
    for arguments in ([], fine, [*fine, "--range", "0.5"], [*fine, "--images", "500"]):
        assert surfaces._run(EXPERIMENT, arguments) == 0
    assert [one.measures for one in asked] == [
        ("landscape",), ("landscape", "landscape@25x"), ("landscape", "landscape@25x0.5"),
        ("landscape@25xx500",),
    ]  # fmt: skip
    with pytest.raises(UserError, match="give an odd number"):
        surfaces._run(EXPERIMENT, ["--resolution", "10"])


def test_parts_of_trained_runs_come_to_the_whole(
    tmp_path: Path,
    dataset: Dataset,
    spec: RunSpec,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(RECIPES, "tiny", spec.recipe)
    monkeypatch.setattr("resnet.planning.data.load_data", lambda options, preset: dataset)
    arguments = ["--nets", "plain8", "--recipe", "tiny", "--dataset", "synthetic",
                 "--resolution", "3", "--output-dir", str(tmp_path)]  # fmt: skip
    with pytest.raises(UserError, match="leave --part out"):
        surfaces._run(EXPERIMENT, [*arguments, "--part", "1/2"])
    options = planning.parse(EXPERIMENT, [*arguments[:6], *arguments[8:]])
    (planned,) = plans.make(EXPERIMENT, options, "quick", dataset).specs
    train(planned, dataset, tmp_path, "test")
    capsys.readouterr()
    assert surfaces._run(EXPERIMENT, [*arguments, "--part", "1/1", "--dry-run"]) == 0
    assert "34 points to compute, 0 of 34 on record" in capsys.readouterr().out.replace("\n", " ")
    for part in ("2/2", "1/2", "1/2"):
        assert surfaces._run(EXPERIMENT, [*arguments, "--part", part]) == 0
    said = capsys.readouterr().out
    assert "34 of 34 on record" in said.replace("\n", " ")
    assert "seed 0: 0 points computed" in said.replace("\n", " ")
    run = trained(planned, dataset, tmp_path)
    assert Landscape(run, chosen(planned.recipe, "3x")).compute() == 0
