"""An executed notebook as a PDF: one markdown text, pandoc, then typst, all in this process.

Nothing is read from the system: pandoc and typst come as wheels, the fonts with typst. Equal
notebooks give equal bytes: no date, no path and no random identifier enters the file.
"""

import base64
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.elements import RECORD
from reports.execute import tags
from resnet.errors import UserError

TEMPLATE = Path(__file__).resolve().parent / "template"
IMAGES = {"application/pdf": "pdf", "image/svg+xml": "svg", "image/png": "png"}


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF."""

    name: str
    content: bytes
    mime: str
    relation: str
    description: str


@dataclass
class Pages:
    """What a notebook says: one markdown text, its figure files, and its elements' records.

    `foreign` outputs are of cells that call no element: nothing can recompute them.
    """

    text: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    foreign: int = 0


def pages(notebook: Any) -> Pages:
    """The text, figures and records of an executed notebook, without its code."""
    made, parts = Pages(), []
    for cell in notebook.cells:
        if "remove-cell" in tags(cell):
            continue
        if cell.cell_type == "markdown":
            parts.append(display_maths(cell.source))
        elif cell.cell_type == "code":
            parts += [_output(output, cell.source, made) for output in cell.outputs]
    made.text = "\n\n".join(part for part in parts if part)
    return made


def _output(output: Any, source: str, made: Pages) -> str:
    """One output as markdown; its files and its record go into `made`."""
    if output.output_type == "stream":
        made.foreign += output.name == "stdout"
        return fenced(output.text) if output.name == "stdout" else ""
    data = output.get("data", {})
    record = data.get(RECORD)
    if record:
        made.records.append(record)
        caption = escaped(record["caption"])
        if record["kind"] == "table" and record["rows"]:
            return (
                f"::: table\n{raw_html(data['text/html'].split('</p>', 1)[1])}\n\n{caption}\n\n:::"
            )
        if record["kind"] == "figure" and (image := _image(data, made)):
            return f"![{caption}]({image})"
        return f"**{caption}**" if record.get("loud") and caption else caption
    text = _foreign(data, source, made)
    made.foreign += bool(text)
    return text


def _foreign(data: Any, source: str, made: Pages) -> str:
    """The output of a user's own cell: a picture, a DataFrame or Styler, markdown, or text."""
    if image := _image(data, made):
        titled = re.match(r"#\| fig-cap: *(.+)", source)
        return f"![{titled[1] if titled else ''}]({image})"
    if "<table" in data.get("text/html", ""):
        return raw_html(data["text/html"])
    if "text/markdown" in data:
        return display_maths(data["text/markdown"])
    said = data.get("text/plain", "")
    return fenced(said) if said and not said.startswith(("<", "[<")) else ""


def _image(data: Any, made: Pages) -> str:
    """The file name of the best picture among an output's forms, '' when it has none."""
    for mime, suffix in IMAGES.items():
        if mime in data:
            name = f"figure-{len(made.files) + 1}.{suffix}"
            text = mime == "image/svg+xml"
            made.files[name] = data[mime].encode() if text else base64.b64decode(data[mime])
            return name
    return ""


def escaped(text: str) -> str:
    """`text` as markdown that prints it literally, with a typographer's apostrophe."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|$<>~^@\"-])", r"\\\1", text.replace("'", "’"))


def raw_html(text: str) -> str:
    return f"```{{=html}}\n{text}\n```"


def fenced(text: str) -> str:
    return f"```\n{text.rstrip()}\n```"


def display_maths(text: str) -> str:
    r"""`\begin{align}` outside of dollars, which pandoc drops for typst, put inside them."""
    bare = r"(?<!\$)\s*\\begin\{(align|equation|gather)(\*?)\}(.*?)\\end\{\1\2\}"
    inner = {"align": "aligned", "gather": "gathered"}

    def dollars(found: re.Match[str]) -> str:
        name = inner.get(found[1])
        body = f"\\begin{{{name}}}{found[3]}\\end{{{name}}}" if name else found[3]
        return f"\n\n$${body.strip()}$$\n\n"

    return re.sub(bare, dollars, text, flags=re.DOTALL)


def typst_text(made: Pages, meta: dict[str, Any], attachments: list[Attachment]) -> str:
    """The typst source of the whole document.

    Raises:
        UserError: for TeX that pandoc cannot turn into typst's maths, with pandoc's words.
    """
    import json

    import pypandoc

    listed = [
        {"name": a.name, "mime": a.mime, "relation": a.relation, "description": a.description}
        for a in attachments
    ]
    variables = {**meta, "attachments": listed}
    command = [
        pypandoc.get_pandoc_path(),
        *("--from", "markdown-citations+raw_attribute+tex_math_dollars"),
        *("--to", "typst", "--wrap", "none", "--standalone"),
        *("--template", str(TEMPLATE / "page.typ"), "--lua-filter", str(TEMPLATE / "filter.lua")),
    ]
    header = f"---\n{json.dumps(variables)}\n---\n\n"
    done = subprocess.run(command, input=(header + made.text).encode(), capture_output=True)
    said = done.stderr.decode()
    if done.returncode or "Could not convert TeX math" in said:
        raise UserError(f"pandoc could not set the report: {' '.join(said.split())[:400]}")
    return norms(done.stdout.decode())


def norms(text: str) -> str:
    """∥x∥ as typst's `norm(x)`, so that sub- and superscripts stand beside the bar."""
    return re.sub(r"parallel ([^$\n]*?) parallel\b", r"norm(\1)", re.sub("∥", " parallel ", text))


def compiled(source: str, files: dict[str, bytes], kind: Any = "pdf", ppi: float = 80) -> Any:
    """The PDF's bytes ('pdf'), or one PNG a page ('png')."""
    import typst

    with tempfile.TemporaryDirectory() as scratch:
        for name, content in {"main.typ": source.encode(), **files}.items():
            (Path(scratch) / name).write_bytes(content)
        main = str(Path(scratch) / "main.typ")
        try:
            return typst.compile(main, root=scratch, format=kind, ppi=ppi, ignore_system_fonts=True)
        except typst.TypstError as error:
            raise UserError(f"typst could not set the report: {error.message}") from None


def pdf(made: Pages, meta: dict[str, Any], attachments: list[Attachment]) -> bytes:
    """The finished document."""
    files = {**made.files, **{a.name: a.content for a in attachments}}
    return compiled(typst_text(made, meta, attachments), files)
