"""What the benchmarks work out; how fast anything is, is not tested."""

import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

import benchmarks.early
from benchmarks import __main__ as entry
from benchmarks.common import Result, compare, in_turns, show, told
from benchmarks.compiled import paid_back
from benchmarks.floor import of_step
from benchmarks.gpu_size import EPOCHS, STEPS, Size, extrapolated, sized
from benchmarks.loops import Ours, spec_of
from benchmarks.usual import Usual
from resnet.data import Dataset
from resnet.nets.counts import totals
from resnet.recipes import PAPER
from resnet.training.speed import PLAIN
from tests.conftest import TINY


def test_the_ratio_is_the_median_of_the_pairs_not_the_ratio_of_medians() -> None:
    values = {"a": [1.0, 10.0, 100.0], "b": [1.0, 5.0, 400.0]}
    result = compare("x b", values, "a", "b", "s")
    assert (result.low, result.ratio, result.high) == (0.25, 1.0, 2.0)
    assert result.medians == {"a": 10.0, "b": 5.0}


def test_arms_take_turns_that_go_to_and_fro() -> None:
    order: list[str] = []
    arms = {name: lambda name=name: order.append(name) or 0.0 for name in "ab"}
    assert in_turns(arms, 3) == {"a": [0.0] * 3, "b": [0.0] * 3}
    assert "".join(order) == "abbaab"


@pytest.mark.parametrize(
    ("due", "less", "met"), [(2, False, False), (2, True, True), (1.5, True, True)]
)
def test_a_goal_is_met_from_its_own_side(due: float, less: bool, met: bool) -> None:
    result = Result("x", 1.5, 1.4, 1.6, 3, "s", {"a": 1.0}, due, less)
    assert result.met is met
    assert ("NOT MET" in told(result)) is not met


def test_results_print_the_ratio_first_or_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result("x", 1.5, 1.4, 1.6, 3, "s", {"a": 1.0})
    show([result], as_json=False)
    assert capsys.readouterr().out.startswith("1.500 x")
    show([result], as_json=True)
    assert json.loads(capsys.readouterr().out)["ratio"] == 1.5


@pytest.mark.parametrize("net", ["resnet20", "plain56"])
def test_a_steps_operations_are_three_times_the_forward_pass(net: str) -> None:
    moved, operations = of_step(net, 8)
    forward = 2 * 8 * totals(net)[1]
    # The images need no gradient: the first convolution does without one of its two.
    first = 2 * 8 * 27 * 16 * 32 * 32
    assert operations == 3 * forward - first
    low, _ = of_step(net, 8, "bfloat16")
    assert 0.5 <= low / moved < 0.51


def test_a_paper_run_has_its_tests_counted() -> None:
    assert extrapolated(0.001, 0.5) == pytest.approx(64 + 82)
    assert (PAPER.steps, PAPER.epochs) == (STEPS, EPOCHS)
    assert sized(Size(), "float32", STEPS) == replace(PAPER, warmup="until-error")


@pytest.mark.parametrize(
    ("first", "eager", "compiled", "steps"),
    [
        (21.0, 2.0, 1.0, 20),  # 21 + 19 * 1 = 20 * 2
        (20.5, 2.0, 1.0, 20),  # only whole steps
        (1.5, 2.0, 1.0, 1),  # nothing to pay back
        (45.0, 1.0, 1.25, None),
        (45.0, 1.0, 1.0, None),
    ],
)
def test_compiling_has_paid_when_both_have_taken_as_long(
    first: float, eager: float, compiled: float, steps: int | None
) -> None:
    assert paid_back(first, eager, compiled) == steps


def test_our_loop_and_the_usual_one_train_the_same_net(dataset: Dataset) -> None:
    recipe = replace(TINY, test_images=32)
    spec = spec_of("plain8", dataset, recipe)
    ours = Ours(spec, dataset, "cpu", PLAIN)
    usual = Usual(spec, dataset.train, dataset.test, "cpu", workers=0)
    pairs = zip(ours.module.net.parameters(), usual.net.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    before = [weight.clone() for weight in usual.net.parameters()]
    ours.advance(5)
    usual.advance(5)
    assert ours.module.position.step == 5
    assert ours.module.position.count == 5 * recipe.batch_size
    assert all(not torch.equal(a, b) for a, b in zip(before, usual.net.parameters(), strict=True))
    usual.evaluate()
    assert usual.net.training
    assert 0 <= ours.evaluate()["test_error"] <= 100


@pytest.mark.parametrize(
    ("waiting", "again", "early", "status"),
    [("a", "a", "a", 0), ("a", "a", "b", 1), ("a", "b", "c", 0)],
)
def test_early_launches_are_blamed_only_where_the_other_arm_repeats_itself(
    monkeypatch: pytest.MonkeyPatch, waiting: str, again: str, early: str, status: int
) -> None:
    told = iter(({"weights": waiting}, {"weights": again}, {"weights": early}))
    monkeypatch.setattr(benchmarks.early, "_in_a_process", lambda *arguments: next(told))
    with pytest.raises(SystemExit) if status else nullcontext() as stopped:
        benchmarks.early.main(["--tiny", "--device", "cpu"])
    assert not status or stopped.value.code == status


@pytest.mark.parametrize("arguments", [[], ["speeed"]])
def test_the_names_are_told(arguments: list[str], monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    with pytest.raises(SystemExit) as stopped:
        entry.main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in entry.NAMES)


def test_help_of_every_benchmark_is_quick_to_come_by() -> None:
    code = "import sys, benchmarks.{0}; assert 'torch' not in sys.modules, 'torch'"
    light = (
        "step",
        "compiled",
        "train",
        "augment",
        "startup",
        "packing",
        "tables",
        "growth",
        "gpu",
    )
    lines = ";".join(code.format(name) for name in light)
    subprocess.run([sys.executable, "-c", lines], check=True)
