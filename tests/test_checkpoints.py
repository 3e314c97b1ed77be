"""Lesions of any checkpoint: torchvision's layout, a run of ours, and what cannot be read."""

import json
from pathlib import Path

import pytest
import torch

from experiments import block_deletion
from experiments.checkpoints import main
from resnet.analysis.lesions import lesion
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.nets import build
from resnet.nets.checkpoints import from_file, read
from resnet.nets.guess import net_of
from resnet.runs.spec import RunSpec
from resnet.training.train import train
from tests.imagenet.photos import write

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
        ({"linear.weight": torch.zeros(2)}, r"no fc.weight.*keys: linear.weight"),
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
    monkeypatch.setattr("resnet.planning.data.load_data", lambda options, preset: dataset)
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "runs"
    train(spec, dataset, root, "test")
    status, out, _ = said(["--run", spec.id, "--images", 20, "--json"], capsys)
    assert status == 0
    of_run = json.loads(out)
    weights = root / spec.id / "weights" / "20.pt"
    status, out, _ = said(["--weights", weights, "--net", spec.net, "--images", 20], capsys)
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


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--weights", "w.pt"], "no weights at w.pt"),
        (["--weights", "small.pt"], "say which it is, as in --net resnet50"),
        (["--run", "0123456789abcdef", "--images", 0], "give 1 or more"),
        (["--delete", "1.1"], "go with --weights or --run"),
        (["--run", "0123456789abcdef"], "--run 0123456789abcdef: no runs in runs/"),
        (["--net", "resnet20"], "go with --weights or --run"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[object], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    torch.save(build("resnet8", 10, seed=1).state_dict(), "small.pt")
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
