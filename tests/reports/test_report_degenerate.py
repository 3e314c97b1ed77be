"""No runs, one run, half-finished runs, several scopes: each gives something sensible."""

from pathlib import Path
from typing import Any

import factory
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from reports import attach, build
from reports.build import NOTEBOOKS
from reports.check import differences, import_elements
from reports.elements import BREAK, REGISTRY
from reports.frames import Frames
from reports.opening import narrowed
from reports.report import Report
from reports.source import load


def shown(report: Report) -> Any:
    """What the report's notebook would show, without a kernel."""
    import_elements()
    names = {
        f"{call.__module__.split('.')[1]}.{name}(report)": call for name, call in REGISTRY.items()
    }
    notebook = nbformat.read(NOTEBOOKS / f"{report.experiment.name}.ipynb", as_version=4)
    cells = []
    for cell in notebook.cells:
        if cell.source in names:
            data = names[cell.source](report)._repr_mimebundle_()
            cells.append(new_code_cell(outputs=[new_output("display_data", data)]))
        elif cell.cell_type == "markdown":
            cells.append(cell)
    assert len(cells) == len(notebook.cells) - 2  # all but the parameters and the set-up
    return new_notebook(cells=cells)


@pytest.fixture(autouse=True)
def as_for_a_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESNET_REPORT", "1")


def text(root: Path, name: str = "degradation", **how: Any) -> str:
    """The words of the report on `root`, which must verify."""
    report = narrowed(name, load(root), **how)
    files = attach.attachments(attach.data(report))
    content = build.rendered(report, files, shown(report))
    path = build.written(root.parent / "pdf" / "it.pdf", content)
    assert differences(path) == []
    return " ".join(word for page in attach.page_words(content) for word in page)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "runs"
    made.mkdir()
    return made


def test_no_runs(root: Path) -> None:
    said = text(root)
    assert "No runs of plain20, plain56, resnet20, resnet56 were found" in said
    assert "not run" in said


def test_planned_runs_of_which_none_has_begun(root: Path) -> None:
    one = factory.spec("plain20", 0)
    said = text(root, scope=one.scope, wanted=[one.id])
    assert one.id[:8] in said
    assert "missing" in said


def test_one_run(root: Path) -> None:
    factory.write(root, factory.spec("plain20", 0))
    said = text(root)
    assert "1 finished run of 1 net" in said
    rows = REGISTRY["arms"](narrowed("degradation", load(root))).record()["rows"]
    assert [row[:2] + row[3:4] for row in rows] == [["plain20", "1", "–"]]


def test_one_seed_is_observed_and_has_no_interval(root: Path) -> None:
    factory.write_all(root, seeds=[0])
    report = narrowed("degradation", load(root))
    assert {v.word for v in report.verdicts} <= {"observed", "not observed"}
    said = text(root)
    assert "observed" in said
    assert "reproduced." not in said.split("Question")[0]


def test_half_finished_and_failed_runs(root: Path) -> None:
    factory.write(root, factory.spec("plain20", 0), "partial")
    factory.write(root, factory.spec("plain56", 0), "failed")
    said = text(root)
    assert "Runs without a result: 2" in said
    assert "No arms to draw: no run is finished." in said
    assert "Training curves:" in said  # what was logged is drawn
    assert "last logged at step" in said
    assert "No verdict was reached." in said
    assert "What each verdict rests on" not in said


def test_what_is_not_on_record_is_no_number(root: Path) -> None:
    factory.write_all(root, seeds=[0])
    found = load(root)
    bare = Frames(found.runs.assign(provenance="{}"), found.history)
    report = narrowed("degradation", bare)
    (row, *_) = REGISTRY["cost_card"](report).record()["rows"]
    assert row[1] == "not known"
    assert row[5:7] == ["–", "–"]  # run-hours on a GPU, restarts
    assert ["Hardware", "not known"] in REGISTRY["provenance"](report).record()["rows"]
    assert REGISTRY["unfinished"](report).caption == "Every run found here is finished: 4."


def test_a_corrupt_folder_is_named(root: Path) -> None:
    factory.write_all(root, seeds=[0])
    path = factory.write(root, factory.spec("plain20", 1))
    (path / "result.json").write_text("{")
    said = text(root)
    assert path.name[:8] in said
    assert "result.json is cut or altered" in said


def test_synthetic_data_is_never_presented_as_cifar(root: Path) -> None:
    factory.write_all(root, seeds=[0], dataset="synthetic", dataset_copy="synthetic")
    said = text(root)
    assert said.index("SYNTHETIC DATA") < said.index("Verdicts.")
    assert said.count("SYNTHETIC images, not CIFAR-10") > 6  # title, tables, figures
    assert "CIFAR-10, original" not in said


def test_a_claim_asked_of_other_nets_says_so(root: Path) -> None:
    factory.write_all(root, nets=("plain20", "plain26", "resnet20", "resnet26"), seeds=[0])
    rows = REGISTRY["verdicts"](narrowed("degradation", load(root))).record()["rows"]
    claims = [row[0].replace(BREAK, "") for row in rows]
    first = next(claim for claim in claims if claim.startswith("H15-F1: A deep plain net (56"))
    assert first.endswith("(asked of plain26, plain20)")


def test_a_lossy_copy_is_named(root: Path) -> None:
    factory.write_all(root, seeds=[0], dataset_copy="JPEG copy (lossy)")
    said = text(root)
    assert "error rates do not compare with the paper's" in said.replace("’", "'")
    assert "CIFAR-10, JPEG copy (lossy)" in said


def test_a_reason_in_any_script_is_printed_somehow(root: Path) -> None:
    path = factory.write(root, factory.spec("plain20", 0), "failed")
    (path / "failure.json").write_text('{"step": 3, "reason": "#let *x* = $1 <失敗>"}')
    assert "#let *x* = $1 <??> at step 3" in text(root)


def test_the_paper_scale_has_the_papers_axes(root: Path) -> None:
    factory.write_all(root, seeds=[0], recipe="paper", epochs=20)
    said = text(root)
    assert "Axes as in Figure 6 of He et al. 2015" in said
    assert "it differs in nothing" in said


def test_the_summary_has_every_claim_on_every_scope(root: Path) -> None:
    from resnet.claims.registry import claims

    factory.write_all(root)
    factory.write_all(root, seeds=[0], recipe="small")
    report = narrowed("summary", load(root))
    assert {v.claim.id for v in report.verdicts} == set(claims())
    decided = [v.scope.partition(", n")[0] for v in report.verdicts if v.claim.id == "H15-F1"]
    assert len(set(decided)) == 2
    said = text(root, "summary")
    assert "recipe quick" in said
    assert "recipe small" in said
    assert "not run" in said
