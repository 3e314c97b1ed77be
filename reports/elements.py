"""What a report is made of: tables, sentences and figures that remember how they were made.

An element is displayed in three ways from one object: as HTML or a picture in Jupyter, as a table
or a vector figure in the PDF, and as a *record* in the PDF's manifest. The record names the
function and its options, so that `python -m reports verify` can call it again and compare.
"""

import functools
import html
import io
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

RECORD = "application/vnd.resnet-report+json"
"""MIME type under which an element's record travels in the notebook's outputs."""

TONES = {
    "good": ("#d3ebe1", "#00513b"),
    "partly": ("#eff7f3", "#00513b"),
    "bad": ("#f9dccd", "#7d2f00"),
    "unsure": ("#f4eec6", "#584b00"),
    "seen": ("#dceaf5", "#0b4a75"),
    "unseen": ("#ece7ee", "#5a3d55"),
    "none": ("#eeeeee", "#444444"),
}
"""Cell fill and ink by tone: Okabe-Ito hues, told apart in grey by the word in the cell."""

REGISTRY: dict[str, Callable[..., "Element"]] = {}
"""Every function that makes an element, by name."""


BREAK = "\u200b"
"""Leave to break a line: the one sign of no width that is kept."""


def plain(text: object) -> str:
    """`text` in letters that the report's fonts have; others become '?', control signs blanks."""
    control = {c for c in str(text) if unicodedata.category(c)[0] == "C"} - {BREAK}
    letters = (" " if c in control else c for c in str(text))
    return "".join(c if ord(c) < 0x2E80 else "?" for c in letters)


@dataclass(frozen=True)
class Cell:
    """One cell of a table; a `tone` of `TONES` colours it and sets its word in bold."""

    text: str
    tone: str = ""

    def html(self, align: str) -> str:
        style = f"text-align:{ {'l': 'left', 'r': 'right', 'c': 'center'}[align] }"
        if self.tone:
            fill, ink = TONES[self.tone]
            style += f";background-color:{fill};color:{ink};font-weight:bold"
        return f'<td style="{style}">{html.escape(self.text, quote=False)}</td>'


@dataclass(frozen=True)
class Element:
    """What all elements share: the caption, and the call that made them."""

    caption: str
    name: str = field(default="", kw_only=True)
    options: dict[str, Any] = field(default_factory=dict, kw_only=True)

    def record(self) -> dict[str, Any]:
        """The element as JSON for the manifest: everything that it prints."""
        return {"name": self.name, "options": self.options, "caption": self.caption}


@dataclass(frozen=True)
class Text(Element):
    """A sentence that was computed; its `caption` is the sentence. `loud` sets it in bold."""

    loud: bool = False

    def record(self) -> dict[str, Any]:
        return {"kind": "text", "loud": self.loud, **super().record()}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown = f"**{self.caption}**" if self.loud and self.caption else self.caption
        return {"text/plain": self.caption, "text/markdown": shown, RECORD: self.record()}


@dataclass(frozen=True)
class Table(Element):
    """A table of printed cells: strings, not numbers, since what is printed is what is checked.

    `align` has a letter of 'lcr' a column; `widths` are percent of the text's width, or none, for
    columns that are as wide as their text.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    align: str = ""
    widths: tuple[int, ...] = ()

    def record(self) -> dict[str, Any]:
        rows = [[cell.text for cell in row] for row in self.rows]
        return {"kind": "table", **super().record(), "columns": list(self.columns), "rows": rows}

    def html(self) -> str:
        """The table as HTML with inline styles, which Jupyter shows and the PDF filter reads."""
        align = self.align or "l" * len(self.columns)
        head = "".join(
            Cell(name).html(a).replace("<td", "<th").replace("</td", "</th")
            for name, a in zip(self.columns, align, strict=True)
        )
        body = "".join(
            f"<tr>{''.join(c.html(a) for c, a in zip(row, align, strict=True))}</tr>"
            for row in self.rows
        )
        columns = "".join(f'<col style="width:{width}%"/>' for width in self.widths)
        group = f"<colgroup>{columns}</colgroup>" if columns else ""
        return f"<table>{group}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown = f"<p>{html.escape(self.caption)}</p>{self.html()}"
        return {"text/plain": self.caption, "text/html": shown, RECORD: self.record()}


@dataclass(frozen=True)
class Figure(Element):
    """A vector figure; `drawing` is the Matplotlib figure, None when there is nothing to draw."""

    drawing: Any = None

    def record(self) -> dict[str, Any]:
        return {"kind": "figure", **super().record()}

    def bytes(self, kind: str) -> bytes:
        """The figure as 'pdf' or 'png', without a date, so that equal data gives equal bytes."""
        stream = io.BytesIO()
        dateless = {"CreationDate": None, "Producer": None} if kind == "pdf" else None
        self.drawing.savefig(stream, format=kind, dpi=200, metadata=dateless)
        return stream.getvalue()

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown: dict[str, Any] = {"text/plain": self.caption, RECORD: self.record()}
        if self.drawing is not None:
            import base64

            kind, mime = ("pdf", "application/pdf") if rendering() else ("png", "image/png")
            shown[mime] = base64.b64encode(self.bytes(kind)).decode()
        return shown


def rendering() -> bool:
    """Whether this process executes a notebook for a PDF rather than for a reader's browser."""
    return os.environ.get("RESNET_REPORT") == "1"


def element(make: Callable[..., Any]) -> Callable[..., Any]:
    """Register `make(report, **options)`, and let what it makes remember the call.

    ValueError where another module has an element of that name: `verify` could not tell them apart.
    """
    if (other := REGISTRY.get(make.__name__)) and other.__module__ != make.__module__:
        raise ValueError(
            f"two elements called {make.__name__}: {make.__module__}, {other.__module__}"
        )

    @functools.wraps(make)
    def remembered(report: Any, **options: Any) -> Any:
        return replace(make(report, **options), name=make.__name__, options=options)

    REGISTRY[make.__name__] = remembered
    return remembered
