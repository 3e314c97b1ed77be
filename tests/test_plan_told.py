"""What the printed plan says before anything is trained."""

import pytest

from experiments import show
from resnet.data import Dataset
from resnet.experiment import get
from resnet.planning.options import parse
from resnet.planning.plan import Plan
from tests.conftest import TINY, spec_of

COMPILE = "--compile slows a CPU down"


@pytest.mark.parametrize(
    ("flags", "device", "warned"),
    [
        (["--compile"], "cpu", True),
        ([], "cpu", False),
        (["--compile"], "cuda", False),
        (["--compile", "--launcher", "slurm"], "cpu", False),  # trained elsewhere
    ],
)
def test_compiling_for_a_cpu_is_advised_against_in_a_line(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    device: str,
    warned: bool,
) -> None:
    monkeypatch.setattr(show, "_device_name", lambda device: device)  # there may be no GPU
    experiment = get("degradation")
    done = Plan(experiment, "quick", TINY, ("plain8",), (spec_of(dataset),), ("done",))
    show.plan(done, parse(experiment, flags), dataset, device)
    assert capsys.readouterr().out.count(COMPILE) == warned
