"""Recompute everything that a report says from the data inside it, offline."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reports.attach import FORMAT, MANIFEST, contents, head, page_words, verdict_records
from reports.elements import BREAK, REGISTRY
from reports.frames import HISTORY, RUNS, unpacked
from reports.opening import narrowed
from reports.report import Report
from reports.summary import Summary
from resnet.errors import UserError

DROPPED = frozenset(f"{BREAK}-\u2010\u00ad'\"‘’“”′″")
"""Breaks, hyphens and quotes: line ends take or add the first two, typesetting turns the last."""


def differences(path: Path) -> list[str]:
    """What in the report at `path` does not follow from its own data, a line each.

    Raises:
        UserError: when the file is not a report of ours, or of an experiment unknown here.
    """
    found = contents(path)
    try:
        said = json.loads(found[MANIFEST])
        known = said["format"] == FORMAT
    except (ValueError, KeyError, TypeError):
        return [f"{MANIFEST} cannot be read"]
    if not known:
        raise UserError(
            f"{path} is a report of another version: {said['format']!r}, not {FORMAT!r}"
        )
    altered = [
        f"{name} is not the data that the report was made from"
        for name in (RUNS, HISTORY)
        if hashlib.sha256(found[name]).hexdigest() != said["files"].get(name)
    ]
    try:
        frames = unpacked(found[RUNS], found[HISTORY])
    except UserError as error:
        return [*altered, str(error)]
    report = narrowed(said["experiment"], frames, said["scope"], said["wanted"])
    if isinstance(report, Summary):
        report = report.without_others({one.get("claim") for one in said["verdicts"]})
    words = page_words(path.read_bytes())
    return [*altered, *_recomputed(said, report), *_on_paper(said, words)]


def foreign(path: Path) -> int:
    """How many outputs of the report at `path` are of a user's cells, and not recomputed."""
    return int(json.loads(contents(path)[MANIFEST]).get("foreign", 0))


def _recomputed(said: dict[str, Any], report: Report) -> Iterator[str]:
    """Where the manifest says other than the data."""
    for name, text in head(report).items():
        if said["head"].get(name) != text:
            yield f"{name}: the report says {said['head'].get(name)!r}, the data {text!r}"
    yield from _records("verdict", said["verdicts"], verdict_records(report), "claim")
    import_elements()
    for record in said["elements"]:
        make = REGISTRY.get(record["name"])
        if make is None:
            yield f"{record['name']}: no such table or figure is known here"
            continue
        yield from _element(
            record, json.loads(json.dumps(make(report, **record["options"]).record()))
        )


def import_elements() -> None:
    """Fill the registry: with every module of this folder that makes elements."""
    for path in sorted(Path(__file__).resolve().parent.glob("*.py")):
        hidden = path.name.startswith(".") or not path.is_file()  # as an editor's lock is
        if not hidden and "\n@element\n" in path.read_text(encoding="utf-8"):
            importlib.import_module(f"reports.{path.stem}")


def _records(kind: str, said: list[Any], true: list[Any], key: str) -> Iterator[str]:
    if len(said) != len(true):
        yield f"{kind}s: the report has {len(said)}, the data give {len(true)}"
    for one, other in zip(said, true, strict=False):
        for name in other:
            if one.get(name) != other[name]:
                what = f"{kind} {other[key]}, {name}"
                yield f"{what}: the report says {one.get(name)}, the data give {other[name]}"


def _element(said: dict[str, Any], true: dict[str, Any]) -> Iterator[str]:
    """Where a table, sentence or caption differs from the one that the data give."""
    name = said["name"]
    if said["caption"] != true["caption"]:
        first = _first(said["caption"], true["caption"])
        yield f"{name}: the text differs from the data's: {first}"
    rows, right = said.get("rows", []), true.get("rows", [])
    if len(rows) != len(right) or said.get("columns") != true.get("columns"):
        yield f"{name}: the table's rows or columns are not those that the data give"
        return
    for number, (one, other) in enumerate(zip(rows, right, strict=True), start=1):
        for column, cell, good in zip(said["columns"], one, other, strict=False):
            if cell != good:
                where = f"{name}, row {number}, {column}"
                yield f"{where}: the report says {cell}, the data give {good}"


def _on_paper(said: dict[str, Any], pages: list[list[str]]) -> Iterator[str]:
    """Where the pages say other than the manifest."""
    text = squeezed(" ".join(word for page in pages for word in page))
    for name, words in said["head"].items():
        if squeezed(words) not in text:
            yield f"{name}: it is not on the pages as {words!r}"
    for record in said["elements"]:
        if record["caption"] and squeezed(record["caption"]) not in text:
            yield f"{record['name']}: its text is not on the pages as the manifest has it"
        for number, cells in enumerate(record.get("rows", []), start=1):
            if squeezed("".join(cells)) not in text:
                yield f"{record['name']}, row {number} is not on the pages as {' | '.join(cells)}"
    if len(pages) != len(said["pages"]):
        yield f"the report has {len(pages)} pages, and was made with {len(said['pages'])}"
    for number, (now, made) in enumerate(zip(pages, said["pages"], strict=False), start=1):
        yield from (f"page {number}: {change}" for change in _changes(made, now))


def _changes(made: list[str], now: list[str]) -> Iterator[str]:
    """What differs between two lists of words, but for blanks: versions of pypdf see other ones."""
    if "".join(made) == "".join(now):
        return
    for _, a, b, c, d in difflib.SequenceMatcher(None, made, now, autojunk=False).get_opcodes():
        if "".join(made[a:b]) != "".join(now[c:d]):
            yield f"'{' '.join(now[c:d])}' stands where it was made with '{' '.join(made[a:b])}'"


def _first(said: str, true: str) -> str:
    """The first words in which two texts differ."""
    one, other = said.split(), true.split()
    for left, right in zip(one, other, strict=False):
        if left != right:
            return f"'{left}', not '{right}'"
    return f"{len(one)} words, not {len(other)}"


def squeezed(text: str) -> str:
    """`text` without what setting it in type may change: blanks, hyphens, quotes, ligatures."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(c for c in plain if not c.isspace() and c not in DROPPED)
