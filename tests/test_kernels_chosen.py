"""Which nets, GPUs and recipes get our own kernels."""

from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

import resnet.kernels
from resnet.nets import build
from resnet.training.hasten import own_kernels
from resnet.training.speed import FAST, Speed
from tests.conftest import TINY

pytest.importorskip("triton")
from resnet.kernels import fuse, trial, waiting


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("plain20", True),
        ("resnet1202", True),
        ("resnet20-C", True),
        ("preact-resnet20", True),
        ("preact-resnet110-B", True),
        ("resnet164", True),
        ("preact-resnet1001", True),
        ("preact-resnet110-1-layer-skip", True),
        ("resnet29-bottleneck-x2", False),
        ("se-preact-resnet20", False),
        ("resnext29-8x64d", False),
        ("resnet20-bn-after-addition", False),
        ("resnet20-dropout-shortcut", False),
        ("resnet18", False),
        ("vgg10-bn", False),
    ],
)
def test_which_nets_have_kernels(name: str, known: bool) -> None:
    with torch.device("meta"):
        assert fuse.fusible(build(name, 10)) is known


def test_where_kernels_do_not_fit_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    net = build("resnet8", 10)
    assert resnet.kernels.fuse_where_possible(deepcopy(net), (32, 32))
    assert not resnet.kernels.fuse_where_possible(net, (28, 28))
    monkeypatch.setattr(resnet.kernels, "find_spec", lambda name: None)
    assert not resnet.kernels.fuse_where_possible(net, (32, 32))
    assert type(net).__name__ == "ResNet"


@pytest.mark.parametrize(
    ("capability", "hip", "known"),
    [((7, 5), None, False), ((8, 0), None, True), ((9, 0), None, True), ((9, 4), "6.0", False)],
)
def test_which_gpus_have_kernels(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], hip: str | None, known: bool
) -> None:
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: capability)
    monkeypatch.setattr("torch.version.hip", hip)
    assert resnet.kernels._knows(torch.device("cuda")) is known


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, None),
        (RuntimeError("Failed to find C compiler.\nPlease specify one."), "C compiler."),
        (AssertionError(), "AssertionError"),
    ],
)
def test_kernels_that_do_not_start_are_not_used_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception | None,
    said: str | None,
) -> None:
    fused, tried = [], []

    def launch(device: torch.device) -> None:
        tried.append(device)
        if error:
            raise error

    weight = SimpleNamespace(device=torch.device("cuda"))
    net = SimpleNamespace(parameters=lambda: iter([weight]))
    monkeypatch.setattr(resnet.kernels, "_knows", lambda device: True)
    monkeypatch.setattr(fuse, "fusible", lambda net: True)
    monkeypatch.setattr(fuse, "fuse", fused.append)
    monkeypatch.setattr(trial, "launch", launch)
    resnet.kernels._starts.cache_clear()
    found = [resnet.kernels.fuse_where_possible(net, (32, 32)) for _ in "ab"]  # type: ignore[arg-type]
    resnet.kernels._starts.cache_clear()
    assert found == [error is None] * 2
    assert fused == ([] if error else [net, net])
    assert len(tried) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (error is not None)
    assert all(line.endswith(str(said)) for line in lines)


def test_the_trial_launches_a_kernel_and_draws_nothing() -> None:
    before = torch.get_rng_state()
    trial.launch(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("asked", "there", "capability", "hip", "wanted"),
    [
        (None, False, (9, 0), None, False),
        (None, True, (9, 0), None, True),
        (None, True, (10, 3), None, True),
        (None, True, (8, 6), None, False),
        (None, True, (9, 4), "6.0", False),
        ("0", True, (9, 0), None, False),
        ("1", True, (8, 0), None, True),
    ],
)
def test_which_gpus_launch_kernels_early(
    monkeypatch: pytest.MonkeyPatch,
    asked: str | None,
    there: bool,
    capability: tuple[int, int],
    hip: str | None,
    wanted: bool,
) -> None:
    monkeypatch.setattr("triton.knobs.runtime.interpret", False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda: capability)
    monkeypatch.setattr("torch.version.hip", hip)
    monkeypatch.delenv(waiting.SWITCH, raising=False)
    if asked is not None:
        monkeypatch.setenv(waiting.SWITCH, asked)
    assert waiting.early() is wanted


@pytest.mark.parametrize(
    ("speed", "precision", "own"),
    [
        (FAST, "bfloat16", True),
        (FAST, "float32", False),
        (FAST, "tf32", False),
        (Speed(kernels=False), "bfloat16", False),
        (Speed(compile=True), "bfloat16", False),
    ],
)
def test_when_kernels_are_asked_for(speed: Speed, precision: str, own: bool) -> None:
    assert own_kernels(speed, replace(TINY, precision=precision)) is own
