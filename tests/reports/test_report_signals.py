"""The figures and tables of signals and of loss surfaces, on rows that were made up."""

from collections.abc import Callable
from pathlib import Path

import factory
import numpy as np
import pytest

from reports import contours, grids, landscape, profiles, signals, ways
from reports.elements import Figure, Table
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.runs import measures
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec

NETS = ("plain20", "resnet20-B")
FIGURES = (
    landscape.surfaces, landscape.relief, landscape.lines, ways.trajectories, ways.paths,
)  # fmt: skip
TABLES = (landscape.landscape_table, ways.trajectory_table)
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


def test_captions_say_how_many_points_and_images_there_are(report: Report) -> None:
    said = {
        "surfaces": "5 points a side, 1 filter length each way; ",
        "lines": " 9 points, 1 filter length each way; ",
        "paths": " 9 points from 0 to 1; ",
        "trajectories": " 5 points a side; ",
        "landscape_table": " 5 points a side, 1 filter length each way; ",
        "trajectory_table": "Plane: 5 points a side; line: 9 points; ",
    }
    for make in (*(one for one in FIGURES if one is not landscape.relief), *TABLES):
        words = said[make.__name__]
        caption = make(report).caption
        assert f"{words}each loss on the first 256 training images. Scope" in caption


def test_captions_name_the_runs_that_are_shown(report: Report) -> None:
    names = {seed: [factory.spec(net, seed).id[:8] for net in NETS] for seed in range(2)}
    caption = landscape.surfaces(report).caption
    assert all(name in caption for name in names[0])
    assert not any(name in caption for name in names[1])
    assert all(name in landscape.lines(report).caption for name in (*names[0], *names[1]))


def surface(losses: np.ndarray) -> grids.Seen:
    side = np.linspace(-1, 1, len(losses))
    return grids.Seen("id", "plain20", 0, side, side, losses, side)


def test_levels_show_each_bowl_however_high_the_corners_are(report: Report) -> None:
    shallow, deep = np.full((3, 3), 1e8), np.full((3, 3), 90.0)
    shallow[1, 1], deep[1, 1], deep[0, 0] = 2.0, 0.5, np.nan
    shades = contours.scale(report, [surface(shallow), surface(deep)])
    assert (shades.levels[0], len(shades.levels), shades.extend) == (0.5, 18, "max")
    assert shades.levels[-1] == pytest.approx(200)
    grey = "; grey where the loss is not finite"
    assert shades.words() == f"the darkest for all losses above 200 nats{grey}"
    low = contours.scale(report, [surface(deep)])
    assert low.levels[-1] == pytest.approx(50)
    deep[deep != 0.5] = 4.0
    whole = contours.scale(report, [surface(deep)])
    assert (whole.extend, whole.words()) == ("neither", "up to 4 nats")
    nothing = contours.scale(report, [surface(np.full((3, 3), np.nan))])
    assert np.array_equal(nothing.levels, contours.LI)


def test_each_way_has_an_ordinate_of_its_own_and_a_mark_at_its_end(report: Report) -> None:
    axes = ways.trajectories(report).drawing.axes[:2]
    assert not axes[0].get_shared_y_axes().joined(*axes)
    for axis in axes:
        ends = [line for line in axis.lines if line.get_marker() == "+"]
        assert [(*line.get_xdata(), *line.get_ydata()) for line in ends] == [(0, 0)]


def test_a_loss_within_a_decade_has_plain_figures(report: Report) -> None:
    axis = ways.paths(report).drawing.axes[0]
    low, high = axis.get_ylim()
    labels = {text.get_text() for text in axis.get_yticklabels()
              if low <= text.get_position()[1] <= high}  # fmt: skip
    assert labels == {"1", "1.5", "2"}


@pytest.mark.parametrize("make", FIGURES, ids=lambda make: make.__name__)
def test_figures_have_a_panel_a_net_and_a_scope(
    report: Report, make: Callable[[Report], Figure]
) -> None:
    figure = make(report)
    assert isinstance(figure, Figure)
    assert "recipe quick" in figure.caption
    panels = [axis for axis in figure.drawing.axes if axis.get_label() != "<colorbar>"]
    assert len(panels) == 2
    assert all(axis.get_xlabel() for axis in panels)
    assert figure.bytes("pdf") == make(report).bytes("pdf")


def test_the_tables_of_surfaces(report: Report) -> None:
    table = landscape.landscape_table(report)
    assert isinstance(table, Table)
    cells = [[cell.text for cell in row] for row in table.rows]
    assert [row[:3] for row in cells] == [[net, "2", "1.50"] for net in NETS]
    assert [row[4:] for row in cells] == [["0.0", "1.0"]] * 2
    edges = [np.log10([v for y, row in enumerate(bowl(factory.spec(net, seed), 5))
                       for x, v in enumerate(row) if {x, y} & {0, 4}]).mean()
             for net in NETS for seed in range(2)]  # fmt: skip
    means = [np.mean(edges[:2]), np.mean(edges[2:])]
    assert [row[3] for row in cells] == [f"{mean:.2f}" for mean in means]
    way = [[cell.text for cell in row] for row in ways.trajectory_table(report).rows]
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
    of_signals = (signals.responses, signals.bn_scales, signals.gradient_cosines)
    for name, elements in (
        ("signals", (*of_signals, signals.signals_table)),
        ("landscape", (*FIGURES, *TABLES)),
    ):
        report = narrowed(name, load(tmp_path), wanted=list(load(tmp_path).runs["id"]))
        for make in elements:
            found = make(report)
            assert isinstance(found, Table) or found.drawing is None
