"""Small data and small recipes that every test may use, and the marks' skips."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from resnet.data.sets import Dataset, digest, splits
from resnet.recipes import Recipe
from resnet.runs.spec import RunSpec

# Without a GPU our kernels run in Triton's interpreter, to be chosen before anybody imports Triton.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# Exact on a busy machine too, and quick; the tests themselves run side by side.
torch.set_num_threads(1)

TINY = Recipe(
    "tiny",
    train_images=96,
    test_images=32,
    batch_size=16,
    steps=20,
    lr=0.02,
    milestones=(15,),
)


def make_dataset(train: int = 96, test: int = 32, seed: int = 0) -> Dataset:
    """Random images with a colour a class, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, np.ndarray] = {}
    for name, n in (("train", train), ("test", test)):
        labels = rng.integers(0, 10, n)
        images = rng.integers(0, 200, (n, 3, 32, 32), dtype=np.uint8)
        images[:, 0] += (5 * labels).astype(np.uint8)[:, None, None]
        arrays |= {f"{name}_images": images, f"{name}_labels": labels}
    pair = splits(arrays)
    return Dataset("synthetic", *pair, tuple("abcdefghij"), "synthetic", "a test", digest(arrays))


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """96 training and 32 test images."""
    return make_dataset()


@pytest.fixture(scope="session")
def spec(dataset: Dataset) -> RunSpec:
    """A run of seconds: plain-8 on the small data set."""
    return spec_of(dataset)


def spec_of(dataset: Dataset, net: str = "plain8", seed: int = 0, **changes: object) -> RunSpec:
    """A run on the small data set under the tiny recipe, changed as asked."""
    recipe = replace(TINY, **changes)  # type: ignore[arg-type]
    return RunSpec(net, dataset.name, dataset.copy, dataset.digest, recipe, seed)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs more than this machine has."""
    data = os.environ.get("RESNET_DATA")
    has_data = data is not None and (Path(data) / "cifar10").is_dir()
    no_data = pytest.mark.skip(reason="needs real CIFAR-10: set RESNET_DATA to its folder")
    no_slurm = pytest.mark.skip(reason="needs a running SLURM (no sbatch or SLURM_CONF here)")
    no_gpu = pytest.mark.skip(reason="needs a GPU (torch sees no CUDA device)")
    for item in items:
        if item.get_closest_marker("cuda") and not torch.cuda.is_available():
            item.add_marker(no_gpu)
        if item.get_closest_marker("shared_data") and not has_data:
            item.add_marker(no_data)
        if item.get_closest_marker("slurm") and not (
            shutil.which("sbatch") and os.environ.get("SLURM_CONF")
        ):
            item.add_marker(no_slurm)
