"""Measures: taken once of a trained run, kept with a digest, read back into table and history."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resnet.analysis.measure import Measured, Trained, measure, trained
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.runs import measures, table
from resnet.runs.folder import RunFolder
from resnet.runs.measures import Measure
from resnet.runs.spec import RunSpec
from resnet.training.step import choose_kernels, set_precision
from resnet.training.train import train

TIMES = []


def weight_norm(run: Trained) -> Measured:
    """The norm of the first convolution's weights at the start, half-way and at the end."""
    TIMES.append(run.spec.id)
    norms = {step: run.net(step).conv1.weight.norm().item() for step in (0, 10, 20)}
    return Measured({"norm": norms[20]}, tuple((s, "norm/0001", n) for s, n in norms.items()))


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Measure:
    """One measure, of residual nets and `plain8`."""
    one = Measure("norm", "tests.test_measures:weight_norm", columns=("norm",))
    monkeypatch.setattr(measures, "MEASURES", {"norm": one})
    monkeypatch.setattr(table, "MEASURED", ("norm",))
    monkeypatch.setattr(table, "COLUMNS", (*table.COLUMNS, "norm"))
    TIMES.clear()
    return one


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset, spec: RunSpec) -> Path:
    """A folder with one run that is done."""
    root = tmp_path_factory.mktemp("runs")
    train(spec, dataset, root, "test")
    return root


def test_a_measure_is_taken_once_and_found_in_table_and_history(
    done: Path, dataset: Dataset, spec: RunSpec
) -> None:
    folder = RunFolder(done, spec)
    assert folder.status(["norm"]) == "unmeasured"
    said: list[str] = []
    for _ in range(2):
        measure(spec, dataset, done, ["norm"], say=said.append)
    assert said == ["plain8@tiny seed 0: measuring norm"]
    assert len(TIMES) == 1
    assert folder.status(["norm"]) == folder.status() == "done"
    last = float(folder.load_weights(20)["conv1.weight"].norm())
    assert table.load(done)["norm"].tolist() == [last]
    rows = table.history(done).query("key == 'norm/0001'")
    assert rows[["step", "epoch"]].values.tolist() == [[0, 0], [10, 2], [20, 4]]
    assert rows["value"].tolist()[-1] == last


@pytest.mark.parametrize("spoil", ["altered", "cut", "old"])
def test_a_measure_that_cannot_be_trusted_is_taken_again(
    done: Path, dataset: Dataset, spec: RunSpec, spoil: str, known: Measure
) -> None:
    measure(spec, dataset, done, ["norm"], say=lambda text: None)
    path = done / spec.id / "measure-norm.json"
    before = path.read_text()
    if spoil == "old":
        measures.MEASURES["norm"] = replace(known, version=2)
    else:
        content = json.loads(before)
        content["values"]["norm"] += 1
        path.write_text(json.dumps(content) if spoil == "altered" else before[:50])
    assert RunFolder(done, spec).status(["norm"]) == "unmeasured"
    measure(spec, dataset, done, ["norm"], say=lambda text: None)
    assert RunFolder(done, spec).status(["norm"]) == "done"
    if spoil != "old":
        assert path.read_text() == before


def test_what_is_not_finite_is_left_out_of_a_measure(done: Path, spec: RunSpec) -> None:
    values = {"norm": math.nan, "other": 1.0}
    measures.write(done / spec.id, "norm", values, [(0, "norm/0001", math.inf), (5, "x", 2.0)])
    found = measures.read(done / spec.id, "norm")
    assert found is not None
    assert (found["values"], found["rows"]) == ({"other": 1.0}, [[5, "x", 2.0]])
    (done / spec.id / "measure-norm.json").unlink()


def test_a_measure_that_does_not_apply_is_not_missed(
    done: Path, spec: RunSpec, known: Measure
) -> None:
    measures.MEASURES["norm"] = replace(known, applies=lambda net: net.startswith("resnet"))
    (done / spec.id / "measure-norm.json").unlink(missing_ok=True)
    assert RunFolder(done, spec).status(["norm"]) == "done"


def test_the_net_at_step_zero_is_the_initialisation(
    done: Path, dataset: Dataset, spec: RunSpec
) -> None:
    from resnet.nets import build, initialise

    net = build(spec.net, 10)
    initialise(net, spec.seed, spec.recipe.init)
    run = trained(spec, dataset, done)
    start = run.net(0).state_dict()
    assert all(torch.equal(start[key], value) for key, value in net.state_dict().items())
    assert not run.net().training


def test_measures_are_taken_in_the_precision_of_the_recipe(
    done: Path, dataset: Dataset, spec: RunSpec
) -> None:
    set_precision("tf32")  # as an earlier run of this process may have left it
    trained(spec, dataset, done)
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_measures_are_taken_by_kernels_that_no_trial_has_chosen(
    done: Path, dataset: Dataset, spec: RunSpec
) -> None:
    choose_kernels(by_trial=True, repeatable=True)  # as an earlier run may have left it
    trained(spec, dataset, done)
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.deterministic


def test_an_unknown_measure_and_missing_weights_are_one_line(
    done: Path, dataset: Dataset, spec: RunSpec
) -> None:
    with pytest.raises(UserError, match="unknown measure 'nrom': valid: norm"):
        measure(spec, dataset, done, ["nrom"])
    weights = done / spec.id / "weights" / "20.pt"
    kept = weights.read_bytes()
    weights.unlink()
    with pytest.raises(UserError, match=r"weights/20\.pt is missing"):
        trained(spec, dataset, done).net()
    weights.write_bytes(kept)
