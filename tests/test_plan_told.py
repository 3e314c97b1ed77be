"""What the printed plan says before anything is trained."""

import weakref
from dataclasses import replace
from typing import Any

import pytest
from torch import nn

from experiments import show
from resnet import nets
from resnet.data import Dataset
from resnet.experiment import get
from resnet.planning import estimate
from resnet.planning.options import parse
from resnet.planning.plan import Plan
from resnet.training import step as steps
from resnet.training.speed import FAST, Speed
from sweeps.mps import GAIN, GAIN_OWN
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


@pytest.mark.parametrize(
    ("precision", "speed", "offered", "pace"),
    [
        ("float32", FAST, True, 2 * GAIN),
        ("bfloat16", Speed(kernels=False), True, 2 * GAIN),
        ("bfloat16", FAST, True, 2 * GAIN_OWN),
        ("bfloat16", FAST, False, 2),
    ],
)
def test_runs_on_two_gpus_are_expected_at_the_pace_of_their_kernels(
    monkeypatch: pytest.MonkeyPatch, precision: str, speed: Speed, offered: bool, pace: float
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr(show, "offered", lambda: offered)
    recipe = replace(TINY, precision=precision)
    assert show._pace(8, "cuda", recipe, speed) == pace
    assert show._pace(1, "cuda", recipe, speed) == 1
    assert show._pace(1, "cuda", recipe, speed, 2) == 1
    assert show._pace(2, "cuda", recipe, speed, 2) <= pace / 2  # both on the same two GPUs
    assert show._pace(3, "cpu", recipe, speed) == 3


def test_one_of_several_processes_times_its_part_of_the_batch_and_frees_the_memory(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, sizes, freed = list[Any](), set[int](), list[bool]()

    def build(*arguments: Any, **more: Any) -> nn.Module:
        net = real(*arguments, **more)
        made.append(weakref.ref(net))
        return net

    real, step = nets.build, steps.plain_step
    monkeypatch.setattr(nets, "build", build)
    monkeypatch.setattr(
        steps, "plain_step", lambda *a, **k: (sizes.add(len(a[2])), step(*a, **k))[1]
    )
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: freed.append(made[-1]() is None))
    for processes, images in ((1, 16), (4, 4)):
        sizes.clear()
        assert estimate.seconds_per_layer_image(spec_of(dataset), "cpu", FAST, processes) > 0
        assert sizes == {images}
    assert freed == [True, True]


class Work:
    """Calls that take 10 ms each at first, as on a GPU that idled, and 1 ms then."""

    def __init__(self) -> None:
        self.calls, self.now = 0, 0.0

    def __call__(self) -> None:
        self.calls += 1
        self.now += 0.01 if self.calls <= 20 else 0.001


@pytest.mark.parametrize(("device", "calls", "seconds"), [("cpu", 5, 0.01), ("cuda", None, 0.001)])
def test_a_gpu_is_timed_when_its_clock_has_risen(
    monkeypatch: pytest.MonkeyPatch, device: str, calls: int | None, seconds: float
) -> None:
    work = Work()
    monkeypatch.setattr(estimate, "_wait", lambda device: None)
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: work.now)
    assert estimate.seconds_a_step(work, device) == pytest.approx(seconds)
    assert calls in (None, work.calls)
    assert work.now < 1
