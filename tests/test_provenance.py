"""Where a run came from: what of it survives further attempts, and what git does not know."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from resnet.runs import provenance


def test_earlier_attempts_keep_where_they_came_from() -> None:
    """What differs from the last attempt stands beside each."""
    gathered = [{"commit": c, "diff": d} for c, d in (("a", "x"), ("b", ""), ("b", "y"))]
    record: dict[str, Any] = {}
    for number, now in enumerate(gathered):
        record = provenance.joined(record, now, {"attempt": number})
    assert (record["commit"], record["diff"]) == ("b", "y")
    assert record["attempts"] == [
        {"attempt": 0, "commit": "a", "diff": "x"},
        {"attempt": 1, "diff": ""},
        {"attempt": 2},
    ]


def test_source_files_that_git_was_not_told_of_are_in_the_diff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "resnet" / "runs"
    there.mkdir(parents=True)
    (there / "new.py").write_text("x = 1\n")
    (tmp_path / "notes.py").write_text("y = 2\n")  # no part of what a run depends on
    who = ("-c", "user.name=t", "-c", "user.email=t@t")
    for words in (("init", "-q"), (*who, "commit", "-q", "--allow-empty", "-m", "empty")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(provenance, "__file__", str(there / "provenance.py"))
    provenance.code.cache_clear()
    found = provenance.code()
    provenance.code.cache_clear()
    assert found["diff"] == "+++ resnet/runs/new.py (untracked)\nx = 1\n\n"
