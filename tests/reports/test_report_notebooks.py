"""The notebooks in git: without outputs, valid, short, and fit for plain Jupyter."""

import ast
from pathlib import Path

import nbformat
import pytest

import reports
from reports.execute import inject, tags

FOLDER = Path(reports.__file__).parent
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=nbformat.NO_CONVERT)


def test_there_is_one_for_the_summary_and_for_degradation() -> None:
    assert {"degradation", "summary"} <= {path.stem for path in NOTEBOOKS}


def test_no_output_is_in_git(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_it_is_valid_and_its_cells_have_names(notebook: nbformat.NotebookNode) -> None:
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    nbformat.validate(notebook)
    names = [cell.id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert all(name.islower() for name in names)  # given by hand, not drawn at random


def test_cells_are_short_and_call_functions(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 5
            allowed = ast.Import | ast.ImportFrom | ast.Assign | ast.Expr
            assert all(isinstance(node, allowed) for node in ast.parse(cell.source).body)


def test_parameters_have_defaults_and_are_replaced(notebook: nbformat.NotebookNode) -> None:
    tagged = [i for i, cell in enumerate(notebook.cells) if "parameters" in tags(cell)]
    assert len(tagged) == 1
    values: dict[str, object] = {}
    exec(notebook.cells[tagged[0]].source, values)
    assert values["source"] == "runs/"
    assert values["scope"] is None
    assert values["wanted"] is None
    given = {"source": "a 'quoted' path", "scope": ("a", "b", "1"), "wanted": ["x"]}
    inject(notebook, given)
    exec(notebook.cells[tagged[0] + 1].source, values)
    assert {name: values[name] for name in given} == given


def test_prose_quotes_no_results(notebook: nbformat.NotebookNode) -> None:
    """Figures come from runs or from `resnet.claims.paper`; decimal ones never from prose."""
    import re

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"\d[.,]\d|\d\s*%", cell.source)
