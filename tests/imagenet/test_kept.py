"""What a run kept is asked about images as the run itself was, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments import weights
from experiments.imagenet import EXPERIMENT
from resnet.errors import UserError
from resnet.nets import build
from resnet.planning.kept import recipe_for
from resnet.planning.options import parse
from resnet.recipes import get
from resnet.runs.folder import SPEC, RunFolder
from resnet.runs.spec import RunSpec

USUAL = "torchvision-imagenet"


def kept(root: Path, recipe: str) -> Path:
    """The file of last weights of a run under that recipe."""
    spec = RunSpec("resnet18", "imagenet", "original", "d" * 64, get(recipe), 0)
    folder = RunFolder(root, spec)
    folder.open("test", lambda text: None)
    folder.save_weights(60, build("resnet18", 1000, seed=0).state_dict())
    return folder.path / "weights" / "60.pt"


def test_weights_of_a_run_are_asked_under_its_recipe(tmp_path: Path) -> None:
    file = kept(tmp_path, "imagenet2015")
    assert recipe_for([file], USUAL, None) == get("imagenet2015")
    assert recipe_for([file], USUAL, "fb-imagenet") == get("fb-imagenet")
    assert recipe_for([tmp_path / "60.pt"], USUAL, None) == get(USUAL)


def test_weights_that_are_shown_other_images_are_not_asked_together(tmp_path: Path) -> None:
    ours, fb = kept(tmp_path, "imagenet2016"), kept(tmp_path, "fb-imagenet")
    assert recipe_for([fb, tmp_path / "w.pt"], USUAL, None).normalisation == "imagenet"
    with pytest.raises(UserError, match=r"60\.pt by imagenet2016.*--recipe"):
        recipe_for([ours, tmp_path / "w.pt"], USUAL, None)
    with pytest.raises(UserError, match="other images"):
        recipe_for([ours], "paper", None)


def test_a_spec_that_is_cut_asks_for_the_recipe(tmp_path: Path) -> None:
    file = kept(tmp_path, "imagenet2015")
    (file.parents[1] / SPEC).write_text("{")
    with pytest.raises(UserError, match=r"--recipe of 60\.pt"):
        recipe_for([file], USUAL, None)


def test_the_mean_image_is_subtracted_for_a_net_of_ours(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse(EXPERIMENT, ["--weights", str(kept(tmp_path, "imagenet2015")), "--dry-run"])
    assert weights.evaluate(replace(options, data_dir=folder)) == 0
    assert "normalised as by imagenet2015" in capsys.readouterr().out.replace("\n", " ")
