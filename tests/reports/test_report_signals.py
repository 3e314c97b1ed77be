"""The figures and tables of signals and of loss surfaces, on rows that were made up."""

from pathlib import Path

import factory
import numpy as np
import pytest

from reports import grids, landscape, profiles, signals
from reports.elements import Figure, Table
from reports.report import Report, narrowed
from reports.source import load
from resnet.runs import measures
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec

NETS = ("plain20", "resnet20-B")
STEPS = (0, 24, 192)


def bowl(spec: RunSpec, resolution: int) -> np.ndarray:
    """A surface that tells runs apart: convex, with its minimum in the middle."""
    side = np.linspace(-1, 1, resolution)
    return (
        1 + spec.seed + side[None] ** 2 + (2 if spec.net == "plain20" else 1) * side[:, None] ** 2
    )


def rows(spec: RunSpec, resolution: int) -> list[tuple[int, str, float]]:
    """What the measure of loss surfaces leaves, at one resolution."""
    label, found = f"{resolution}x1", []
    side, fine = np.linspace(-1, 1, resolution), np.linspace(0, 1, 2 * resolution - 1)
    for name in ("surface", "plane"):
        columns = {"x": side, "y": side, "loss": bowl(spec, resolution).ravel()}
        found += [(192, f"{name}@{label}/{c}/{i:04d}", float(v))
                  for c, values in columns.items() for i, v in enumerate(values)]  # fmt: skip
    for name in ("line", "path"):
        columns = {"x": fine, "loss": 2 - fine, "error": 90 - 10 * fine}
        found += [(192, f"{name}@{label}/{c}/{i:04d}", float(v))
                  for c, values in columns.items() for i, v in enumerate(values)]  # fmt: skip
    for place, step in enumerate(STEPS):
        for axis, value in (("x", 0.5 - place / 4), ("y", 0.0), ("loss", 2.3 - place / 2)):
            found.append((step, f"trajectory@{label}/{axis}", value))
    return [*found, (192, f"trajectory@{label}/share-x", 0.6),
            (192, f"trajectory@{label}/share-y", 0.3)]  # fmt: skip


def signal_rows(spec: RunSpec) -> list[tuple[int, str, float]]:
    found = [(192, f"response/{i:04d}", 1.0 + i + spec.seed) for i in range(4)]
    found += [(192, f"bn_scale/{i:04d}", 2.0 - i / 8) for i in range(4)]
    found += [
        (step, f"gradient_norm/{i:04d}", 0.1 * (i + 1)) for step in STEPS[1:] for i in range(4)
    ]
    return found + [(step, f"gradient_cosine/{i:04d}", 0.5) for step in STEPS for i in (0, 2)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nets, two seeds, measured; one of them at a finer resolution too."""
    root = tmp_path_factory.mktemp("runs")
    for spec in factory.write_all(root, NETS, range(2)):
        path = RunFolder(root, spec).path
        values = {"response_std": 2.5 + spec.seed, "gradient_ratio_lowest": -0.5}
        measures.write(path, "signals", values, signal_rows(spec))
        measures.write(path, "landscape", {}, rows(spec, 5))
        if spec.seed == 0 and spec.net == "plain20":
            measures.write(path, "landscape@7x1", {}, rows(spec, 7))
    return root


@pytest.fixture(scope="module")
def report(root: Path) -> Report:
    return narrowed("landscape", load(root))


def test_settings_that_all_runs_share_come_before_finer_ones(report: Report, root: Path) -> None:
    assert grids.settings(report) == "5x1"
    alone = report.done.query("net == 'plain20' and seed == 0")["id"].tolist()
    assert grids.settings(narrowed("landscape", load(root), wanted=alone)) == "7x1"


def test_surfaces_are_read_back_as_they_were(report: Report) -> None:
    found = grids.seen(report, "surface")
    assert [(one.net, one.seed) for one in found] == [(n, s) for n in NETS for s in range(2)]
    for one in found:
        spec = factory.spec(one.net, one.seed)
        assert np.array_equal(one.losses, bowl(spec, 5))
        assert np.array_equal(one.xs, np.linspace(-1, 1, 5))
    assert [one.seed for one in grids.first_seeds(found)] == [0, 0]
    line = grids.seen(report, "line")[0]
    assert line.losses.shape == (1, 9)
    assert line.errors[-1] == 80.0
    assert grids.trajectory(report, found[0])["x"].tolist() == [0.5, 0.25, 0.0]
    assert grids.shares(report, found[0]) == pytest.approx((60.0, 30.0))


def test_a_loss_that_was_not_finite_is_a_gap(report: Report, tmp_path: Path) -> None:
    (spec,) = factory.write_all(tmp_path, NETS[:1], [0])
    kept = [row for row in rows(spec, 5) if row[1] != "surface@5x1/loss/0007"]
    measures.write(RunFolder(tmp_path, spec).path, "landscape", {}, kept)
    (one,) = grids.seen(narrowed("landscape", load(tmp_path)), "surface")
    assert np.isnan(one.losses[1, 2])
    assert np.isnan(one.losses).sum() == 1


@pytest.mark.parametrize("name", ["surfaces", "relief", "trajectories", "lines", "paths"])
def test_figures_have_a_panel_a_net_and_a_scope(report: Report, name: str) -> None:
    figure = getattr(landscape, name)(report)
    assert isinstance(figure, Figure)
    assert "recipe quick" in figure.caption
    panels = [axis for axis in figure.drawing.axes if axis.get_visible()]
    assert len(panels) == 2
    assert figure.bytes("pdf") == getattr(landscape, name)(report).bytes("pdf")


def test_the_tables_of_surfaces(report: Report) -> None:
    table = landscape.landscape_table(report)
    assert isinstance(table, Table)
    cells = [[cell.text for cell in row] for row in table.rows]
    assert [row[:3] for row in cells] == [[net, "2", "1.50"] for net in NETS]
    assert [row[4:] for row in cells] == [["0.0", "1.0"]] * 2
    way = [[cell.text for cell in row] for row in landscape.trajectory_table(report).rows]
    assert way[0] == ["plain20", "2", "2.30", "1.30", "1.50", "0.00", "90.0"]


def test_the_figures_and_the_table_of_signals(root: Path) -> None:
    report = narrowed("signals", load(root), wanted=list(load(root).runs["id"]))
    ordered = profiles.measured(report, "response")
    assert ordered["place"].tolist() == [1, 2, 3, 4] * 4
    for name in ("responses", "bn_scales"):
        figure = getattr(signals, name)(report)
        assert len(figure.drawing.axes) == 2
        lines = [line.get_ydata() for line in figure.drawing.axes[1].lines]
        assert all((np.diff(line) <= 0).all() for line in lines if name == "responses")
    for name in ("gradients_in_training", "gradient_cosines"):
        figure = getattr(signals, name)(report)
        assert [axis.get_title() for axis in figure.drawing.axes] == list(NETS)
        assert len(figure.drawing.axes[0].lines) == 2 * len(STEPS)
    gaps = figure.drawing.axes[0].lines[0].get_ydata()
    assert gaps.tolist() == pytest.approx([0.5, np.nan, 0.5], nan_ok=True)
    cells = [cell.text for cell in signals.signals_table(report).rows[0]]
    assert [cells[i] for i in (0, 1, 2, 4, 5, 6, 7)] == [
        "plain20", "2", "3.00", "−0.50", "1.81", "0.50", "0.50",
    ]  # fmt: skip


def test_without_measures_the_figures_say_so(tmp_path: Path) -> None:
    factory.write_all(tmp_path, NETS, [0])
    for name, module, elements in (
        ("signals", signals, ("responses", "bn_scales", "gradient_cosines", "signals_table")),
        ("landscape", landscape, ("surfaces", "relief", "lines", "paths", "trajectories",
                                  "landscape_table", "trajectory_table")),
    ):  # fmt: skip
        report = narrowed(name, load(tmp_path), wanted=list(load(tmp_path).runs["id"]))
        for element in elements:
            found = getattr(module, element)(report)
            assert isinstance(found, Table) or found.drawing is None
