"""Reports on many arms: under several recipes, of several depths, with changed nets."""

from dataclasses import replace
from pathlib import Path

import pytest

from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.claims.scope import labelled
from resnet.recipes import get
from tests.reports import factory


@pytest.fixture
def report(tmp_path: Path) -> Report:
    factory.write_all(tmp_path, ("plain20", "plain38", "resnet20", "resnet38"), range(3))
    factory.write_all(tmp_path, ("resnet20",), range(3), get("quick-fb"))
    factory.write_all(tmp_path, ("resnet20",), range(3), "fb")
    return narrowed("recipes", load(tmp_path))


def test_a_report_names_arms_by_recipe_and_leaves_other_lengths_out(report: Report) -> None:
    assert set(report.nets) == {"plain20", "plain38", "resnet20", "resnet38", "resnet20@quick-fb"}
    assert set(report.history["net"].astype(str)) == set(report.nets)
    assert set(report.others["recipe"]) == {"fb"}
    words = {verdict.claim.id: verdict for verdict in report.verdicts}
    assert words["R-fb"].n == 3
    assert words["R-fb"].claim.asked_of == ("resnet20@quick-fb", "resnet20@quick")
    assert "H15-F1@modern" in report.not_asked
    again = labelled(report.runs, str(report.scope[1]) if report.scope else "")
    assert list(again["net"]) == list(report.runs["net"])


def test_tables_and_figures_of_many_arms(report: Report) -> None:
    from reports import ladders, sides

    table = sides.ladder(report)
    assert table.columns == ("Net", "20 layers", "38 layers", "56 layers", "110 layers")
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert rows["resnet"][0].endswith(" (8.75)")
    assert rows["resnet"][2:] == ["(6.97)", "(6.61)"]
    assert sides.recipes(report).columns == ("Field", "paper", "quick", "quick-fb")
    assert "akamaster" in {row[2].text.partition("/")[0] for row in sides.sources(report).rows}
    for figure in (ladders.panels(report), ladders.by_size(report), ladders.gains(report)):
        assert figure.drawing is not None
    empty = Report(report.experiment, replace(report.frames, runs=report.frames.runs.iloc[:0]))
    for make in (ladders.panels, ladders.by_size, ladders.gains, sides.ladder, sides.recipes):
        assert make(empty).caption


def test_every_side_has_a_row_for_each_recipe_at_hand_and_variants_in_their_order(
    report: Report, tmp_path: Path
) -> None:
    from reports import sides

    ours = [row for row in sides.sources(report).rows if row[2].text == "these runs"]
    assert [(row[0].text, row[3].text) for row in ours] == [
        ("plain20", "recipe quick"),
        ("resnet20", "recipe quick"),
        ("resnet20", "recipe quick-fb"),
    ]
    factory.write_all(tmp_path / "s", ("resnet110-C", "resnet20"), [0])
    table = sides.sources(narrowed("shortcuts", load(tmp_path / "s")))
    assert {row[0].text for row in table.rows} == {"resnet110-C", "resnet20"}  # a short recipe
    factory.write_all(tmp_path / "l", ("resnet110-C", "resnet20"), [0], recipe="paper")
    table = sides.sources(narrowed("shortcuts", load(tmp_path / "l")))
    at_110 = dict.fromkeys(row[0].text for row in table.rows if "110" in row[0].text)
    assert list(at_110)[:4] == ["plain110", "resnet110", "resnet110-C", "resnet110-scaled-0.5-0.5"]


def test_a_ladder_prints_bounds_and_says_only_what_it_shows(tmp_path: Path) -> None:
    from reports import sides

    factory.write_all(tmp_path, ("resnet20", "resnet20-C"), [0])
    factory.write(tmp_path, factory.spec("plain20", 0), "failed")
    report = narrowed("shortcuts", load(tmp_path))
    test, train = sides.ladder(report), sides.ladder(report, metric="train_error")
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in test.rows}
    assert rows["plain"] == ["–", "", "(> 20)"]
    assert rows["resnet-dropout-shortcut"] == ["", "", "(> 20)"]
    assert rows["resnet-C"][2] == "(12.22)"
    assert "in brackets" in test.caption
    assert "a bound alone" in test.caption
    assert train.columns == ("Net", "20 layers")
    assert train.caption.startswith(
        "Training error in percent by layers, mean over seeds; – where no run is finished. Scope"
    )


def test_gains_name_the_runs_and_the_marks_that_they_draw(tmp_path: Path) -> None:
    from reports import ladders

    kinds = [["resnet", "preact-resnet"]]
    factory.write_all(tmp_path, ("resnet20",), range(3))
    factory.write_all(tmp_path, ("preact-resnet20", "resnet20-bn-after-addition"), [0])
    drawn = ladders.gains(narrowed("preactivation", load(tmp_path)), kinds=kinds).caption
    assert drawn.startswith("Gain in test error, paired by seed: a dot a seed. Right of zero")
    shown = [factory.spec(net, 0).id[:8] for net in ("preact-resnet20", "resnet20")]
    assert drawn.endswith(f"; runs preact-resnet20 {shown[0]}, resnet20 {shown[1]}.")
    factory.write_all(tmp_path, ("preact-resnet20",), [1])
    factory.write_all(tmp_path, ("resnet110", "preact-resnet110"), [0])
    drawn = ladders.gains(narrowed("preactivation", load(tmp_path)), kinds=kinds).caption
    assert "a bar the 95 % t interval, a black mark the gain between the figures" in drawn


def test_changed_nets_stand_beside_the_unchanged_one_of_their_depth(tmp_path: Path) -> None:
    from reports import variants

    nets = ("resnet20", "resnet20-C", "plain20", "resnet56", "resnet110-C")
    factory.write_all(tmp_path, nets, range(2))
    report = narrowed("shortcuts", load(tmp_path))
    figure = variants.changes(report)
    axes = figure.drawing.axes
    labels = [label.get_text() for label in axes[0].get_yticklabels()]
    assert labels == ["resnet20", "plain20", "resnet20-C"]
    errors = report.done[report.done["net"] == "resnet20"]
    for axis, metric in zip(axes, ("train_error", "test_error"), strict=True):
        assert list(axis.get_lines()[0].get_xdata()) == list(errors[metric])
    named = [f"{net} {factory.spec(net, 0).id[:8]}" for net in nets]
    assert [name in figure.caption for name in named] == [True, True, True, False, False]
    assert "below it the 95 % t interval" in figure.caption
    assert variants.changes(report, base="preact-resnet").drawing is None


def test_every_column_of_panels_has_its_iterations_below_it() -> None:
    from reports.ladders import grid

    drawing, axes = grid(11)
    drawing.draw_without_rendering()
    labelled = [axis.xaxis.get_tick_params()["labelbottom"] for axis in axes]
    assert labelled == [False] * 7 + [True] * 4
