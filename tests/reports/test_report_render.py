"""Notebooks as pages: maths, tables, figures, and the same bytes again."""

import base64
import io

import nbformat
import pandas as pd
import pypdf
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from reports import render
from resnet.errors import UserError

META = {"title": "A title", "subtitle": "A question?", "running": "newest run 2026-01-01"}


def notebook(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return new_notebook(cells=list(cells))


def shown(data: dict[str, str], source: str = "") -> nbformat.NotebookNode:
    return new_code_cell(source, outputs=[new_output("display_data", data)])


def typst(markdown: str) -> str:
    return render.typst_text(render.pages(notebook(new_markdown_cell(markdown))), META, [])


def text(markdown: str) -> str:
    content = render.compiled(typst(markdown), {})
    return pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()


@pytest.mark.parametrize(
    ("tex", "inside"),
    [
        (r"$\bigl\lVert x \bigr\rVert_2^2$", "norm"),
        (r"$\left\lVert x \right\rVert_2$", "norm"),
        (r"$\|x\|_1$", "norm"),
        (r"$\bigl\langle a, b \bigr\rangle$", ""),
        (r"$\big| x \big|$", ""),
        (r"$a \otimes b \odot c \ominus d \cap e$", ""),
    ],
)
def test_maths_that_pandoc_sets_wrongly_by_itself(tex: str, inside: str) -> None:
    body = typst(f"So {tex} it is.")
    assert inside in body
    page = text(f"So {tex} it is.")
    assert "parallel" not in page
    assert "chevron" not in page


def test_an_align_without_dollars_is_set() -> None:
    page = text("Before\n\\begin{align}\na &= 12 \\\\\nb &= 34\n\\end{align}\nafter")
    assert "12" in page
    assert "34" in page


@pytest.mark.parametrize("tex", [r"$\argmin x$", r"$\textcolor{red}{x}$"])
def test_maths_that_cannot_be_set_is_an_error(tex: str) -> None:
    with pytest.raises(UserError, match="Could not convert TeX math"):
        typst(tex)


def test_code_and_stderr_are_not_shown_and_stdout_is() -> None:
    told = [new_output("stream", name="stdout", text="seen 1\n"),
            new_output("stream", name="stderr", text="unseen 2\n")]  # fmt: skip
    hidden = shown({"text/plain": "unseen 3"})
    hidden.metadata["tags"] = ["remove-cell"]
    cells = [new_code_cell("unseen = 4", outputs=told), hidden]
    page = render.pages(notebook(*cells, shown({"text/plain": "<Axes: unseen 5>"}))).text
    assert "seen 1" in page
    assert "unseen" not in page


def test_a_styled_frame_keeps_its_colours() -> None:
    frame = pd.DataFrame({"*a*": [1.5, 2.5], "$b#": ["_x_", "y"]})
    style = frame.style.map(
        lambda v: "background-color: #d3ebe1; font-weight: bold", subset=["*a*"]
    )
    made = render.pages(notebook(shown({"text/html": style.hide(axis="index").to_html()})))
    source = render.typst_text(made, META, [])
    assert source.count('fill: rgb("#d3ebe1")') == 2
    page = pypdf.PdfReader(io.BytesIO(render.compiled(source, {}))).pages[0].extract_text()
    for word in ("*a*", "$b#", "_x_", "1.5"):
        assert word in page


def test_a_users_own_figure_is_numbered() -> None:
    png = base64.b64encode(
        render.compiled("#set page(width: 2cm, height: 2cm)\nx", {}, "png")
    ).decode()
    cell = shown({"image/png": png}, "#| fig-cap: What $x$ does\nplot()")
    made = render.pages(notebook(cell))
    assert made.files["figure-1.png"] == base64.b64decode(png)
    page = pypdf.PdfReader(io.BytesIO(render.pdf(made, META, []))).pages[0].extract_text()
    assert "Figure 1. What" in page


def test_outputs_that_nothing_can_recompute_are_counted() -> None:
    told = [
        new_output("stream", name="stdout", text="1.23"),
        new_output("stream", name="stderr", text="a warning"),
    ]
    cells = [shown({"text/html": "<table></table>"}), new_code_cell(outputs=told)]
    assert render.pages(notebook(*cells)).foreign == 2


def test_the_same_pages_give_the_same_bytes() -> None:
    made = render.pages(notebook(new_markdown_cell("# A\n\ntext $x^2$")))
    file = render.Attachment("a.csv", b"x\n1\n", "text/csv", "data", "about")
    content = render.pdf(made, META, [file])
    assert render.pdf(made, META, [file]) == content
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.attachments["a.csv"] == [b"x\n1\n"]
    assert not {"/CreationDate", "/ModDate"} & set(reader.metadata or {})


def test_only_the_fonts_of_the_wheel_are_used() -> None:
    content = render.compiled(typst("# A\n\ntext $x$ and `code`"), {})
    page = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    names = {str(font.get_object()["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    kinds = ("Libertinus", "NewCM", "DejaVuSansMono")
    assert all(any(kind in name for kind in kinds) for name in names), names
