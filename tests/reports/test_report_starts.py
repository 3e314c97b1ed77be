"""What reports say of runs that start from another run."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from reports import starts
from reports.report import Report
from reports.source import load
from resnet.experiment import get
from tests.reports import factory


def made(root: Path, nets: dict[str, dict[int, float]]) -> Report:
    """A report on one run of each net, named so, with that fit of the images by step."""
    one = factory.write(root, factory.spec("plain20", 0)).parent
    frames = load(one)
    (run,) = frames.runs.to_dict("records")
    runs = pd.DataFrame(
        [run | {"id": net, "net": net} for net in nets], columns=frames.runs.columns
    )
    rows = [
        {"run_id": net, "net": net, "seed": 0, "step": step, "epoch": 0, "key": "fit_error",
         "value": error}
        for net, errors in nets.items()
        for step, error in errors.items()
    ]  # fmt: skip
    kept = replace(frames, runs=runs.astype(frames.runs.dtypes), history=pd.DataFrame(rows))
    return Report(get("identity_insertion"), kept)


def test_the_table_tells_whether_training_leaves_its_start(tmp_path: Path) -> None:
    nets = {
        "plain56-from-plain20": {0: 67.0, 24: 83.0, 96: 75.0, 192: 67.5},
        "plain20": {0: 90.0, 192: 60.0},
        "plain56": {0: 91.0},
    }
    table = starts.first_and_last(made(tmp_path, nets))
    assert table.columns[2:5] == ("Before the first step", "Highest on the way", "After the last")
    assert {row[0].text: [cell.text for cell in row[2:5]] for row in table.rows} == {
        "plain56-from-plain20": ["67.00", "83.00", "67.50"],
        "plain20": ["90.00", "60.00", "60.00"],
        "plain56": ["91.00", "–", "91.00"],
    }


def test_outcomes_stand_beside_guessing(tmp_path: Path) -> None:
    for dataset, classes, guessing in (("cifar10", 10, 90.0), ("cifar10-vehicles", 4, 75.0)):
        root = tmp_path / dataset
        factory.write_all(root, ("plain20", "resnet20"), [0], dataset=dataset)
        report = Report(get("transfer"), load(root))
        figure = starts.outcomes(report)
        assert f"guessing among {classes} classes, {guessing:g} %" in figure.caption
        (line,) = (one for one in figure.drawing.axes[0].get_lines() if one.get_linestyle() == "--")
        assert list(line.get_xdata()) == [guessing, guessing]
        assert "interval" not in figure.caption
        assert "where no run is" not in starts.ways(report).caption
