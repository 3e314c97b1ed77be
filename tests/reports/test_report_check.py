"""A changed digit is found, wherever it stands."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_report import Made

import reports
from reports import attach, render
from reports.__main__ import main
from reports.check import _changes, _element, _on_paper, foreign
from reports.frames import HISTORY, RUNS, Frames, packed
from resnet.errors import UserError


def other(digit: str) -> str:
    return str((int(digit) + 1) % 10)


def rebuilt(made: Made, tmp_path: Path, change: Any = None, **files: bytes) -> list[str]:
    """What verify says of the report with its pages or some of its attached files changed."""
    pages = render.pages(made.notebook)
    if change:
        pages.text = change(pages.text)
    kept = attach.contents(made.path)
    listed = [
        render.Attachment(name, files.get(name, content), "text/plain", "data", "")
        for name, content in kept.items()
    ]
    head = {k: render.escaped(v) for k, v in attach.head(made.report).items()}
    path = tmp_path / "changed.pdf"
    path.write_bytes(render.pdf(pages, head, listed))
    return reports.verify(path)


def manifest(made: Made) -> dict[str, Any]:
    return json.loads(attach.contents(made.path)[attach.MANIFEST])


def packed_json(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode()


def test_the_rebuilt_report_verifies(made: Made, tmp_path: Path) -> None:
    assert rebuilt(made, tmp_path) == []


def test_a_digit_on_a_page(made: Made, tmp_path: Path) -> None:
    """The mean test error of an arm, changed on the page alone."""
    arms = next(e for e in manifest(made)["elements"] if e["name"] == "arms")
    shown = arms["rows"][0][4]
    false = shown[:-1] + other(shown[-1])
    found = rebuilt(made, tmp_path, lambda text: text.replace(f">{shown}<", f">{false}<"))
    assert any(line.startswith("arms, row 1 is not on the pages as plain20") for line in found)
    assert any(f"{false}" in line and f"{shown}" in line for line in found)


def test_a_digit_in_the_prose(made: Made, tmp_path: Path) -> None:
    found = rebuilt(made, tmp_path, lambda text: text.replace("et al. (2015)", "et al. (2016)"))
    assert found == ["page 2: '(2016)' stands where it was made with '(2015)'"]


def test_where_words_end_is_no_change() -> None:
    """Two versions of pypdf may read one formula as one word and as four."""
    made, now = ["of", "F(x)", "5.7"], ["of", "F", "(", "x", ")", "5.7"]
    assert list(_changes(made, now)) == []
    assert list(_changes(made, [*now[:-1], "5.8"])) != []
    assert list(_changes(made, ["one", *now])) == ["'one' stands where it was made with ''"]


def test_a_digit_in_the_data(made: Made, tmp_path: Path) -> None:
    """With the manifest's digest left as it is, and with it made to fit."""
    frames = Frames(made.report.done.copy(), made.report.history)
    frames.runs.loc[frames.runs.index[0], "test_error"] += 1.0
    runs = packed(frames)[0]
    found = rebuilt(made, tmp_path, **{RUNS: runs})
    assert f"{RUNS} is not the data that the report was made from" in found
    said = manifest(made)
    said["files"][RUNS] = hashlib.sha256(runs).hexdigest()
    found = rebuilt(made, tmp_path, **{RUNS: runs, attach.MANIFEST: packed_json(said)})
    assert any(line.startswith("verdict H15-F1, effect") for line in found)
    assert any(line.startswith("arms, row 1, Test error") for line in found)


def test_a_digit_in_a_verdict_of_the_manifest(made: Made, tmp_path: Path) -> None:
    said = manifest(made)
    effect = said["verdicts"][0]["effect"]
    said["verdicts"][0]["effect"] = effect[:-1] + other(effect[-1])
    found = rebuilt(made, tmp_path, **{attach.MANIFEST: packed_json(said)})
    claim = said["verdicts"][0]["claim"]
    assert len(found) == 1
    assert found[0].startswith(f"verdict {claim}, effect: the report says")


def test_a_word_in_a_verdict(made: Made, tmp_path: Path) -> None:
    """'undecided' made 'reproduced' on the page and in the manifest, but not in the data."""
    said = manifest(made)
    verdicts = next(e for e in said["elements"] if e["name"] == "verdicts")
    one, two = verdicts["rows"][0][1], "contradicted"
    for row in verdicts["rows"]:
        row[1] = two if row[1] == one else row[1]
    found = rebuilt(
        made,
        tmp_path,
        lambda text: text.replace(f">{one}<", f">{two}<"),
        **{attach.MANIFEST: packed_json(said)},
    )
    assert any("verdicts, row 1, Verdict: the report says contradicted" in line for line in found)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_digit_of_any_table_or_caption(made: Made, data: st.DataObject) -> None:
    """Changed in the manifest it differs from the data's and from the page's."""
    said = manifest(made)
    true = json.loads(json.dumps(said["elements"]))
    places = [
        (e, row, column, found.start())
        for e, record in enumerate(said["elements"])
        for row, cells in enumerate(record.get("rows", []))
        for column, cell in enumerate(cells)
        for found in re.finditer(r"\d", cell)
    ] + [
        (e, None, None, found.start())
        for e, record in enumerate(said["elements"])
        for found in re.finditer(r"\d", record["caption"])
    ]
    e, row, column, at = data.draw(st.sampled_from(places))
    holder = said["elements"][e] if row is None else said["elements"][e]["rows"][row]
    key: Any = "caption" if row is None else column
    holder[key] = holder[key][:at] + other(holder[key][at]) + holder[key][at + 1 :]
    assert len(list(_element(said["elements"][e], true[e]))) == 1
    assert list(_on_paper(said, manifest(made)["pages"]))


def test_a_page_too_many(made: Made, tmp_path: Path) -> None:
    found = rebuilt(made, tmp_path, lambda text: text + "\n\n" + "word\n\n" * 60)
    assert any("pages, and was made with" in line for line in found)


def test_unreadable_insides(made: Made, tmp_path: Path) -> None:
    assert rebuilt(made, tmp_path, **{attach.MANIFEST: b"{"}) == ["manifest.json cannot be read"]
    found = rebuilt(made, tmp_path, **{HISTORY: b"no table"})
    assert f"{HISTORY} is not the data that the report was made from" in found


def test_what_is_not_recomputed_is_said(
    made: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert foreign(made.path) == 0
    monkeypatch.setattr("reports.check.foreign", lambda path: 2)
    assert main(["verify", str(made.path)]) == 0
    assert "; not recomputed: 2 outputs of other cells" in capsys.readouterr().out


def test_exit_status(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 for a true report, 1 for a false one, 2 for a file that is none."""
    assert main(["verify", str(made.path)]) == 0
    assert "every number of ours follows from its data" in capsys.readouterr().out
    other_pdf, text = tmp_path / "other.pdf", tmp_path / "text.pdf"
    other_pdf.write_bytes(render.compiled("hello", {}))
    text.write_text("not a PDF")
    for path in (other_pdf, text, tmp_path / "missing.pdf"):
        assert main(["verify", str(path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert said.count("\n") == 1
    assert main(["verify"]) == 2
    rebuilt(made, tmp_path, lambda text: text.replace("2015", "2016"))
    assert main(["verify", str(tmp_path / "changed.pdf")]) == 1


def test_a_report_of_another_version(made: Made, tmp_path: Path) -> None:
    said = manifest(made) | {"format": "resnet-claims report 0"}
    with pytest.raises(UserError, match="another version"):
        rebuilt(made, tmp_path, **{attach.MANIFEST: packed_json(said)})
