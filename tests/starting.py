"""Small runs that others start from, and the runs that start from them."""

from dataclasses import replace
from pathlib import Path

from resnet.data import Dataset
from resnet.data.parts import part
from resnet.runs.spec import RunSpec
from resnet.training.train import train
from tests.conftest import make_dataset, spec_of


def small() -> Dataset:
    """Enough of each part: 120 animals and 80 vehicles or so."""
    return make_dataset(train=240, test=80)


def train_parents(root: Path, data: Dataset) -> Path:
    """`root`, with two parents that are done: plain-8, and ResNet-8 on the animals."""
    for spec in (spec_of(data, "plain8"), on_part(data, "animals", "resnet8")):
        assert train(spec, data, root, "test") == "done"
    return root


def on_part(data: Dataset, word: str, net: str, **changes: object) -> RunSpec:
    """A run on a part of the small data set."""
    return spec_of(
        part(data, f"synthetic-{word}"), net, **{"train_images": 60, "test_images": 16, **changes}
    )


def deeper(shallow: RunSpec) -> RunSpec:
    return replace(shallow, net="plain20-from-plain8").starting_from(shallow)


def re_headed(data: Dataset, **changes: object) -> RunSpec:
    child = on_part(data, "vehicles", "resnet8-from-animals", **changes)
    return child.starting_from(on_part(data, "animals", "resnet8"))
