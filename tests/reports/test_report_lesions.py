"""The elements of the reports on lesions and on paths: what they print follows from the rows."""

from pathlib import Path

import factory
import pytest

from reports import grounds, lesions, paths
from reports.opening import narrowed
from reports.report import Report
from reports.source import load
from resnet.analysis.lesions import Lesions
from resnet.analysis.paths import Paths
from resnet.claims import registry
from resnet.runs import measures


def lesioned(net: str) -> Lesions:
    """A net of six blocks; the plain one falls apart, and is swapped to fewer orders."""
    plain = net.startswith("plain")
    worse, most = (30.0, 2) if plain else (2.0, 3)
    return Lesions(
        whole=10.0,
        chance=90.0,
        single=tuple(10 + worse * (1 + (i == 3)) for i in range(6)),
        reshaping=(3,),
        random=tuple((k, d, 10 + worse * k + d) for k in (1, 2) for d in range(2)),
        shuffled=tuple(
            (k, d, 1 - k / 10, 10 + worse * k) for k in range(1, most + 1) for d in range(2)
        ),
    )


def measured(root: Path, name: str, nets: tuple[str, ...]) -> Report:
    """The report on two seeds of each net, with what a measure might have found."""
    specs = factory.write_all(root, nets, range(2))
    for one in specs:
        halves = tuple(2.0 ** -(k + one.seed) for k in range(10))
        found = lesioned(one.net) if name == "lesions" else Paths(halves, halves)
        if measures.get(name).applies(one.net):
            measures.write(root / one.id, name, found.values(), found.rows(192))
    experiment = "block_deletion" if name == "lesions" else "paths"
    return narrowed(experiment, load(root), wanted=[one.id for one in specs])


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return measured(tmp_path_factory.mktemp("runs"), "lesions", ("resnet20", "plain20"))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Report:
    nets = ("preact-resnet20", "preact-resnet20-4-of-9")
    return measured(tmp_path_factory.mktemp("runs"), "paths", nets)


def test_the_table_of_lesions_has_the_metrics(damaged: Report) -> None:
    table = lesions.lesion_table(damaged)
    cells = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert cells["resnet20"][0] == "2"
    assert cells["resnet20"][2:5] == ["2.00", "2.50", "2.00"]
    assert cells["plain20"][2:5] == ["30.00", "37.50", "30.00"]
    assert (cells["resnet20"][-1], cells["plain20"][-1]) == ("−1.00", "–")
    verdicts = {v.claim.id: v for v in damaged.verdicts}
    assert verdicts["C16-plain"].effect == pytest.approx(35.0)


def test_single_deletions_draw_each_block_and_mark_where_the_shape_changes(
    damaged: Report,
) -> None:
    figure = lesions.single_deletions(damaged)
    assert figure.bytes("pdf").startswith(b"%PDF")
    titles = [axis.get_title() for axis in figure.drawing.axes]
    assert titles == ["plain20", "resnet20"]
    lines = figure.drawing.axes[0].get_lines()
    assert [list(line.get_ydata()) for line in lines[:2]] == [[40, 40, 40, 70, 40, 40]] * 2
    marks = next(line for line in lines if line.get_marker() == "s")
    assert set(zip(marks.get_xdata(), marks.get_ydata(), strict=True)) == {(4, 70.0)}


def test_many_lesions_are_drawn_by_share_and_by_tau(damaged: Report) -> None:
    left, right = lesions.many_lesions(damaged).drawing.axes
    means = {line.get_label(): list(line.get_ydata()) for line in left.get_lines()}
    assert means == {"plain20": [10.0, 40.5, 70.5], "resnet20": [10.0, 12.5, 14.5]}
    assert list(left.get_lines()[0].get_xdata()) == pytest.approx([0, 100 / 6, 200 / 6])
    dots = right.collections[0].get_offsets()
    assert {tuple(dot) for dot in dots.tolist()} == {(1.0, 10.0), (0.9, 40.0), (0.8, 70.0)}
    assert len({line.get_color() for line in left.get_lines()}) == 2


def test_only_runs_that_were_measured_count(tmp_path: Path) -> None:
    first, second = factory.write_all(tmp_path, ("resnet20",), range(2))
    found = lesioned("resnet20")
    measures.write(tmp_path / first.id, "lesions", found.values(), found.rows(192))
    report = narrowed("block_deletion", load(tmp_path))
    table = lesions.lesion_table(report)
    assert [cell.text for cell in table.rows[0]][:2] == ["resnet20", "1"]
    for made in (table, lesions.single_deletions(report), lesions.many_lesions(report)):
        assert first.id[:8] in made.caption
        assert second.id[:8] not in made.caption


def test_paths_are_drawn_by_length_and_their_table_adds_up(followed: Report) -> None:
    figure = paths.path_figure(followed)
    first = figure.drawing.axes[0].get_lines()[0]
    assert sum(first.get_ydata()) == pytest.approx(100)
    assert list(first.get_xdata()) == list(range(10))
    assert paths.path_sums(followed).bytes("pdf").startswith(b"%PDF")
    table = paths.path_table(followed)
    assert [cell.text for cell in table.rows[0]][:3] == ["preact-resnet20", "2", "1 to 3 of 9"]
    assert "20 paths drawn (all where there are fewer) and the first 64" in figure.caption
    # The sums halve with each length, whatever the seed.
    halves = [2.0**-k for k in range(10)]
    assert table.rows[0][5].text == f"{100 * sum(halves[1:4]) / sum(halves):.2f}"
    # Norms that halve with each block weigh a binomial with p = 1/3, of mean length n/3.
    assert table.rows[0][6].text == "33.33"
    assert table.rows[0][7].text == "−0.30"


@pytest.mark.parametrize("name", ["block_deletion", "paths"])
def test_runs_without_the_measure_say_so(tmp_path: Path, name: str) -> None:
    factory.write_all(tmp_path, ("resnet20",), range(1))
    report = narrowed(name, load(tmp_path))
    elements = (
        (lesions.single_deletions, lesions.many_lesions)
        if name == "block_deletion"
        else (paths.path_figure, paths.path_sums)
    )
    assert {make(report).caption for make in elements} == {lesions.MISSING}
    table = lesions.lesion_table if name == "block_deletion" else paths.path_table
    assert table(report).record()["kind"] == "table"


def test_grounds_name_the_bound_of_a_threshold(damaged: Report) -> None:
    aims = {row[1].text: row[-2].text for row in grounds.grounds(damaged).rows}
    (verdict,) = (v for v in damaged.verdicts if v.claim.id == "C16-plain")
    assert aims[grounds.label(verdict.parts[0].contrast)] == ">\u00a010.00"
    claim = registry.claim("C16")
    assert [grounds.aim(part) for part in claim.contrasts()] == [
        *("<\u00a01.00", ">\u00a00.00", ">\u00a080.00")
    ]
    assert grounds.aim(registry.claim("C17").contrasts()[1]) == "22.50\u00a0±12.50"
