"""Tables, sentences and figures: what they print and what they record."""

import io

import pypdf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure as Drawing

from reports.check import squeezed
from reports.elements import RECORD, REGISTRY, TONES, Cell, Figure, Table, Text, element, plain
from reports.render import Pages, compiled, escaped, typst_text
from reports.words import TONE, duration, interval, number

META = {"title": "T", "running": "r"}


def page_text(markdown: str) -> str:
    content = compiled(typst_text(Pages(markdown), META, []), {})
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
@example("-?")
def test_captions_are_printed_literally(text: str) -> None:
    """No sign of markdown, typst or TeX changes what a caption says."""
    assert squeezed(text) in squeezed(page_text("start " + escaped(text) + " end"))


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
@example("-?")
def test_cells_are_printed_literally(text: str) -> None:
    table = Table("c", ("a", "b"), ((Cell(text), Cell("x", "good")),), "lr")
    markdown = f"::: table\n```{{=html}}\n{table.html()}\n```\n\ncaption\n\n:::"
    assert squeezed(text + "x") in squeezed(page_text(markdown))


@given(st.text())
def test_plain_keeps_to_the_fonts(text: str) -> None:
    """No sign beyond the fonts' ranges and none that is not printed is left."""
    assert all(ord(sign) < 0x2E80 and (sign in " \u200b" or sign.isprintable() or sign.isspace())
               for sign in plain(text))  # fmt: skip


def test_leave_to_break_a_line_is_kept() -> None:
    assert plain("gcr/\u200btorch") == "gcr/\u200btorch"
    assert plain("a\u200e\x00b") == "a  b"


def test_records_hold_what_is_printed() -> None:
    table = Table("c", ("a",), ((Cell("1.5", "good"),),), "r", name="n", options={"k": 1})
    assert table.record() == {
        "kind": "table", "name": "n", "options": {"k": 1}, "caption": "c", "columns": ["a"],
        "rows": [["1.5"]],
    }  # fmt: skip
    assert table._repr_mimebundle_()[RECORD] == table.record()
    assert Text("s").record()["kind"] == "text"


def test_an_element_remembers_its_call() -> None:
    @element
    def some_words(report: str, times: int = 1) -> Text:
        return Text(report * times)

    try:
        assert some_words("ab", times=2).record() == {
            "kind": "text", "loud": False, "name": "some_words", "options": {"times": 2},
            "caption": "abab",
        }  # fmt: skip
        assert REGISTRY["some_words"]("ab").caption == "ab"
    finally:
        del REGISTRY["some_words"]


def test_every_word_of_a_verdict_has_a_colour() -> None:
    from typing import get_args

    from resnet.claims.verdicts import Word

    assert set(TONE) == {*get_args(Word), "reproduced in part"}
    assert set(TONE.values()) == set(TONES)


def test_tones_keep_their_words_legible() -> None:
    """WCAG's contrast of ink on fill is at least 7, in colour and so in grey."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for fill, ink in TONES.values():
        assert (luminance(fill) + 0.05) / (luminance(ink) + 0.05) >= 7


def test_a_figure_has_no_date() -> None:
    drawing = Drawing()
    drawing.subplots().plot([1, 2])
    figure = Figure("c", drawing=drawing)
    content = figure.bytes("pdf")
    assert content == figure.bytes("pdf")
    assert "/CreationDate" not in (pypdf.PdfReader(io.BytesIO(content)).metadata or {})


def test_numbers_in_words() -> None:
    assert number(-1.234) == "−1.23"
    assert number(1.0, signed=True) == "+1.00"
    assert [number(v) for v in (None, float("nan"), float("inf"))] == ["–"] * 3
    assert interval(1.0, None) == "–"
    assert interval(-1.0, 2.5, signed=True) == "[−1.00,\u00a0+2.50]"
    texts = [duration(s).replace("\u00a0", " ") for s in (3.25, 59.7, 302.0, 3600.0, 11_220.0)]
    assert texts == ["3.2 s", "1 min 00 s", "5 min 02 s", "1 h 00 min", "3 h 07 min"]
