"""The degradation report, from run folders to pages."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import factory
import pypdf
import pytest
from made_report import Made

import reports
from reports import attach, build, execute
from reports.check import squeezed
from reports.opening import narrowed
from reports.source import load
from reports.tables import sentence
from resnet.errors import UserError


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_page_one_answers(made: Made) -> None:
    """Title, question, scope, every verdict with its word, and the runs that have no result."""
    first = squeezed(pages(made.content)[0])
    experiment = made.report.experiment
    for said in (experiment.title, experiment.question, "CIFAR-10, original", "recipe quick"):
        assert squeezed(said) in first
    assert made.report.verdicts
    for verdict in made.report.verdicts:
        assert squeezed(sentence(made.report, verdict) + verdict.word) in first
    assert "the loss is nan at step 17" in pages(made.content)[0]


def test_all_pages_are_numbered_dated_and_free_of_code(made: Made) -> None:
    found = pages(made.content)
    for number, page in enumerate(found, start=1):
        assert f"{number} / {len(found)}" in page
        assert "newest run 2026-03-01 · commit 01234567" in page
        assert "open_report" not in page
        assert "import" not in page


def test_it_has_what_a_paper_has(made: Made) -> None:
    text = squeezed(" ".join(pages(made.content)))
    for said in (
        "Figure 1.",
        "Figure 2.",
        "Figure 3.",
        "Table 1.",
        "Arms: error in percent",
        "where it differs from He et al. 2015",
        "GPU run-hours",
        "Hardware",
        "Provenance of the runs",
    ):
        assert squeezed(said) in text  # fmt: skip
    assert squeezed("recipe small") in text  # the other scope is named as left out


def test_the_other_recipes_runs_are_not_averaged(made: Made) -> None:
    arms = next(
        e for e in attach.json.loads(made_manifest(made))["elements"] if e["name"] == "arms"
    )
    assert [row[1] for row in arms["rows"]] == ["3"] * 4


def made_manifest(made: Made) -> bytes:
    return attach.contents(made.path)[attach.MANIFEST]


def test_it_verifies(made: Made) -> None:
    assert reports.verify(made.path) == []


def test_a_caption_names_the_marks_that_its_figure_has(made: Made, tmp_path: Path) -> None:
    from reports.figures import arms_figure

    several = arms_figure(made.report).caption
    assert "the mean with its 95 % t interval over seeds" in several
    assert "Black dashes" not in several  # far below what a short recipe comes to
    factory.write_all(tmp_path / "long", ("plain20", "resnet20"), [0], recipe="paper")
    whole = arms_figure(narrowed("degradation", load(tmp_path / "long"))).caption
    assert "Black dashes" in whole
    factory.write_all(tmp_path / "one", ("plain20", "plain56"), [0])
    alone = arms_figure(narrowed("degradation", load(tmp_path / "one"))).caption
    assert alone.startswith("Errors at the end of training: a dot a seed. The training error is")


def test_a_second_report_has_the_same_bytes(made: Made, tmp_path: Path) -> None:
    """Executed again, in another kernel, from the data inside the first report."""
    again = reports.make("degradation", made.path, tmp_path)
    assert again.read_bytes() == made.content


def test_rendering_takes_under_five_seconds(made: Made) -> None:
    started = time.process_time()
    assert build.rendered(made.report, made.files, made.notebook) == made.content
    assert time.process_time() - started < 5


def test_wanted_runs_bound_the_report_and_missing_ones_are_named(runs: Path) -> None:
    specs = [factory.spec(net, seed) for net in factory.NETS for seed in (0, 1)]
    wanted = [one.id for one in specs] + ["f" * 16]
    report = narrowed("degradation", load(runs), specs[0].scope, wanted)
    assert sorted(report.runs["id"]) == sorted(wanted[:-1])
    assert report.missing == ["f" * 16]
    again = narrowed("degradation", attach.data(report), report.scope, report.wanted)
    assert again.missing == ["f" * 16]
    assert attach.head(again) == attach.head(report)


def test_without_a_scope_the_best_filled_one_is_taken(runs: Path) -> None:
    report = narrowed("degradation", load(runs))
    assert set(report.runs["recipe"]) == {"quick"}
    assert set(report.others["recipe"]) == {"small"}


@pytest.mark.parametrize("rival", ["akamaster", "modern"])
def test_of_two_equally_filled_scopes_the_usual_recipe_is_taken(tmp_path: Path, rival: str) -> None:
    factory.write_all(tmp_path, seeds=[0])
    factory.write_all(tmp_path, recipe=rival, seeds=[0])
    assert set(narrowed("degradation", load(tmp_path)).runs["recipe"]) == {"quick"}


def test_a_kernel_that_dies_is_told_and_is_not_taken_for_ctrl_c(tmp_path: Path) -> None:
    import nbformat

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import os; os.kill(os.getpid(), 9)")]
    )
    path = tmp_path / "dies.ipynb"
    nbformat.write(notebook, path)
    with pytest.raises(UserError, match=r"dies\.ipynb failed: DeadKernelError"):
        execute.execute(path, {})


def test_a_notebook_that_fails_says_so_in_one_line(tmp_path: Path) -> None:
    import nbformat

    cells = [
        nbformat.v4.new_code_cell("x = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import sys, os\nraise ValueError(f'{x} {sys.executable}')"),
    ]
    path = tmp_path / "bad.ipynb"  # fmt: skip
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with pytest.raises(UserError, match=r"bad\.ipynb failed: ValueError: 5 ") as error:
        execute.execute(path, {"x": 5})
    assert "\n" not in str(error.value)
    assert sys.executable in str(error.value)  # the very interpreter that asked
    trace = Path(str(error.value).rsplit("traceback in ", 1)[1].rstrip(")"))
    assert "raise ValueError" in trace.read_text()
    trace.unlink()


def test_no_kernel_outlives_its_notebook(made: Made) -> None:
    """Kernels of this process that are still running."""
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="], capture_output=True, text=True
    ).stdout
    assert "ipykernel" not in children


def test_importing_reports_is_light() -> None:
    heavy = "{'torch', 'pandas', 'numpy', 'matplotlib', 'nbclient', 'typst', 'resnet.claims'}"
    code = f"import sys, reports, reports.__main__; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
