"""Lesions of any checkpoint: torchvision's layout, a run of ours, and what cannot be read."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments import block_deletion
from experiments.checkpoints import OWN, main, parser
from experiments.opening import opened
from resnet.analysis.lesions import lesion
from resnet.analysis.measure import measure
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.nets import build
from resnet.nets.checkpoints import from_file, read
from resnet.nets.guess import net_of
from resnet.planning import options as planning
from resnet.runs.spec import RunSpec
from resnet.training.train import train
from tests.conftest import make_dataset
from tests.imagenet.photos import dataset as photographs
from tests.imagenet.photos import recipe, write

X = torch.randn(2, 3, 32, 32)


PREFIXES = ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."]


@pytest.mark.parametrize("wrap", ["alone", "state_dict", *PREFIXES])
def test_weights_load_as_they_are(tmp_path: Path, wrap: str) -> None:
    net = build("resnet8-B", 7, seed=3).eval()
    state = dict(net.state_dict())
    if wrap in PREFIXES:
        state = {f"{wrap}{key}": value for key, value in state.items()}
    torch.save({"state_dict": state, "epoch": 3} if wrap != "alone" else state, tmp_path / "w.pt")
    loaded = from_file(tmp_path / "w.pt", "resnet8-B")
    assert not loaded.training
    assert torch.equal(loaded(X), net(X))


def test_what_is_no_tensor_is_passed_over(tmp_path: Path) -> None:
    net = build("resnet18", 1000, seed=3).eval()
    torch.save({**net.state_dict(), "epoch": 3, "best": None}, tmp_path / "w.pt")
    assert net_of(read(tmp_path / "w.pt")) == "resnet18"
    assert from_file(tmp_path / "w.pt", "resnet18").fc.weight.equal(net.fc.weight)


def test_keys_of_blocks_that_were_compiled_each_are_known(tmp_path: Path) -> None:
    net = build("resnet8-B", 7, seed=3).eval()
    state = {key.replace(".0.conv", ".0._orig_mod.conv"): v for key, v in net.state_dict().items()}
    torch.save(state, tmp_path / "w.pt")
    assert torch.equal(from_file(tmp_path / "w.pt", "resnet8-B")(X), net(X))


def test_weights_of_torchvision_load_into_ours(tmp_path: Path) -> None:
    from torchvision.models import resnet18

    theirs = resnet18(num_classes=5).eval()
    torch.save(theirs.state_dict(), tmp_path / "w.pt")
    ours = from_file(tmp_path / "w.pt", "resnet18")
    torch.testing.assert_close(ours(X), theirs(X))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no weights at"),
        (b"", "w.pt is not a file of weights$"),
        (b"not weights", "is not a file of weights: "),
        (b"junk\n", "w.pt is not a file of weights$"),
        ({"fc.weight": 3}, "holds no state dict"),
        ({"head.weight": torch.zeros(2)}, r"no fc.weight.*keys: head.weight"),
        ({"linear.weight": torch.zeros(10, 64)}, "does not hold a resnet8: Missing key"),
        ({"fc.weight": 3, "fc.bias": torch.zeros(10)}, r"no fc.weight"),
        ({"fc.weight": torch.tensor(3.0)}, r"no fc.weight"),
        ({"fc.weight": torch.zeros(10, 64), "conv1.weight": "none"}, "Missing key.*conv1.weight"),
        ({"fc.weight": torch.zeros(10, 64)}, "does not hold a resnet8: Missing key"),
    ],
)
def test_what_is_no_checkpoint_is_one_line(tmp_path: Path, content: object, why: str) -> None:
    path = tmp_path / "w.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(UserError, match=why) as error:
        from_file(path, "resnet8")
    assert "\n" not in str(error.value)


def said(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, output and errors of the script."""
    with pytest.raises(SystemExit) as stop:
        main(block_deletion.EXPERIMENT, [str(word) for word in arguments])
    out, err = capsys.readouterr()
    return int(str(stop.value.code)), out, err


def test_a_file_and_a_run_of_the_same_net_lose_the_same(
    tmp_path: Path,
    dataset: Dataset,
    spec: RunSpec,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("experiments.opening.load_data", lambda options, preset: dataset)
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "runs"
    train(spec, dataset, root, "test")
    status, out, _ = said(["--run", spec.id, "--images", 20, "--json"], capsys)
    assert status == 0
    of_run = json.loads(out)
    weights = root / spec.id / "weights" / "20.pt"
    status, out, _ = said(["--weights", weights, "--images", 20], capsys)
    assert status == 0
    assert "block deleted" in out
    assert "changes the shape" in out
    net, test = from_file(weights, spec.net), None
    from resnet.analysis.measure import trained

    one = trained(spec, dataset, root)
    test = next(iter(one.pipeline.test(one.data.test, 20)))
    expected = lesion(net, [test], len(dataset.classes))
    assert of_run["values"] == expected.values()
    assert of_run["rows"]["lesion/0001"] == expected.single[1]
    given = ["--run", spec.id, "--images", 20, "--json", "--delete"]
    given[1] = spec.id[:8]  # as tables print it
    status, out, _ = said([*given, "2.1"], capsys)
    assert json.loads(out)["error"] == expected.single[1]
    for words, told in (([*given, "2.1,3.1"], "2.1,3.1, 2 of 3 blocks"), (given[:-1], "3 blocks")):
        status, out, _ = said([*words, "--dry-run"], capsys)
        assert status == 0
        assert told in out
        assert "error" not in out
    status, _, err = said([*given, "1.1,2.2"], capsys)
    assert (status, err.count("\n")) == (2, 1)
    assert "names a block twice" in said([*given, "1.1,1.1"], capsys)[2]
    assert "--delete 2.2: plain8 has the blocks 1.1 to 1.1, 2.1 to 2.1, 3.1 to 3.1" in err


def test_a_run_is_asked_as_its_record_was(
    tmp_path: Path,
    dataset: Dataset,
    spec: RunSpec,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One on a part of a data set, with a seed other than 0: the numbers are those on record."""
    monkeypatch.setattr("experiments.opening.load_data", lambda options, preset: dataset)
    animals = dataset.part("synthetic-animals")
    few = replace(spec.recipe, train_images=32, test_images=16)
    its = RunSpec(spec.net, animals.name, animals.copy, animals.digest, few, seed=3)
    train(its, animals, tmp_path, "test")
    found = measure(its, dataset, tmp_path, ["lesions"], say=lambda _: None)["lesions"]
    given: list[object] = ["--run", its.id, "--output-dir", tmp_path, "--json"]
    status, out, _ = said(given, capsys)
    assert status == 0
    assert json.loads(out)["values"] == found.values
    assert json.loads(out)["rows"] == {key: value for _, key, value in found.rows}
    monkeypatch.setattr("experiments.opening.load_data", lambda *_: make_dataset(seed=1))
    assert "was trained on other data: synthetic-animals" in said(given, capsys)[2]


SMALL, LARGE = ["--weights", "small.pt", "--net", "resnet8"], ["--weights", "large.pt"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--weights", "w.pt"], "no weights at w.pt"),
        (["--weights", "small.pt"], "fits plain8 and resnet8 alike: say which it is, as in --net"),
        (["--run", "0123456789abcdef", "--images", 0], "give 1 or more"),
        (["--delete", "1.1"], "go with --weights or --run"),
        (["--run", "0123456789abcdef"], "--run 0123456789abcdef: no runs in runs/"),
        (["--net", "resnet20"], "go with --weights or --run"),
        (["--run", "01", "--weights", "small.pt"], "leave --weights and --net out"),
        (["--run", "01", "--net", "resnet8"], "leave --weights and --net out"),
        ([*SMALL, "--recipe", "imagenet2015"], "'imagenet2015' is for photographs: give one for"),
        ([*SMALL, "--dataset", "synthetic-photographs"], "and the data is 'synthetic-photographs'"),
        ([*LARGE, "--recipe", "quick"], "'quick' is for small images: give one for photographs"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[object], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    torch.save(build("resnet8", 10, seed=1).state_dict(), "small.pt")
    if arguments[:2] == LARGE:
        torch.save(build("resnet18", 1000, seed=1).state_dict(), "large.pt")
        arguments = [*arguments, "--data-dir", write(tmp_path / "photographs")]
    status, _, err = said(arguments, capsys)
    assert status == 2
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert why in err


def test_photographs_ask_nets_of_imagenet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write(tmp_path / "photographs")
    net = build("resnet18", 1000, seed=1)
    torch.save(net.state_dict(), tmp_path / "w.pt")
    given = ["--weights", tmp_path / "w.pt", "--data-dir", folder, "--images", 2, "--json"]
    status, out, _ = said([*given, "--delete", "1.2,3.2"], capsys)
    assert status == 0
    found = json.loads(out.splitlines()[-1])
    assert found["net"] == "resnet18"
    assert found["deleted"] == "1.2,3.2"
    assert 0 <= found["error"] <= 100


def test_few_photographs_of_a_run_are_not_those_of_its_first_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    photos = photographs(write(tmp_path / "data", val=6))
    its = recipe(test_images=24)
    one = RunSpec("resnet8-B", photos.name, photos.copy, photos.digest, its, 0)
    train(one, photos, tmp_path / "runs", "test", say=lambda text: None)
    monkeypatch.setattr("experiments.opening.load_data", lambda options, preset: photos)
    words = ["--run", one.id, "--images", "12", "--output-dir", str(tmp_path / "runs")]
    values = vars(parser(block_deletion.EXPERIMENT).parse_args(words))
    asked = argparse.Namespace(**{name: values.pop(name) for name in OWN})
    found = opened(asked, planning.from_values(values), block_deletion.EXPERIMENT)
    drawn = np.sort(np.random.default_rng(0).permutation(24)[:12])  # not the first two classes
    labels = torch.cat([y for _, y in found.batches])
    assert labels.tolist() == photos.test.labels[drawn].tolist()
