"""How cuDNN chooses its kernels: by what the run at hand needs, whatever ran before it."""

from pathlib import Path

import pytest
import torch

from resnet.data import Dataset
from resnet.training import hasten as hasten_module
from resnet.training import train as training
from resnet.training.hasten import hasten
from resnet.training.speed import FAST, PLAIN, Speed
from resnet.training.step import choose_kernels
from tests.conftest import spec_of
from tests.test_fast import module_of


def chosen() -> tuple[bool, bool]:
    """By trial; repeatable."""
    return torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic


@pytest.mark.parametrize(
    ("speed", "precision", "expected"),
    [
        (FAST, "float32", (True, False)),
        (FAST, "bfloat16", (False, True)),
        (Speed(kernels=False), "bfloat16", (True, False)),
        (PLAIN, "bfloat16", (False, False)),
    ],
)
@pytest.mark.parametrize("before", [(True, False), (False, True)])
def test_trials_choose_the_librarys_kernels_and_never_beside_ours(
    monkeypatch: pytest.MonkeyPatch,
    dataset: Dataset,
    before: tuple[bool, bool],
    speed: Speed,
    precision: str,
    expected: tuple[bool, bool],
) -> None:
    monkeypatch.setattr(hasten_module, "_fuse", lambda net, size: True)
    module = module_of(dataset, "resnet8-B", precision=precision)
    choose_kernels(*before)
    hasten(module, [], speed, "cuda")
    found = chosen()
    choose_kernels()
    assert found == expected


def test_a_run_begins_without_the_choice_of_the_one_before(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = training.block_gradient_norms
    monkeypatch.setattr(
        training, "block_gradient_norms", lambda *a: seen.append(chosen()) or real(*a)
    )
    choose_kernels(by_trial=True, repeatable=True)
    training.train(spec_of(dataset, steps=2, milestones=()), dataset, tmp_path, "test")
    assert seen == [(False, False)]
    assert chosen() == (False, False)
