"""One loader, one schema: what goes in comes out, exactly and quickly."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import factory
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from reports import folder_source
from reports.__main__ import main
from reports.frames import Frames, columns, packed, unpacked
from reports.source import load
from resnet.errors import UserError
from resnet.runs import measures, table


def same(one: Frames, other: Frames) -> None:
    assert_frame_equal(one.runs, other.runs)
    assert_frame_equal(one.history, other.history)


def test_runs_are_the_table_of_runs(runs: Path) -> None:
    """The columns of the table of runs hold the very values that it gives."""
    ours, theirs = load(runs).runs, table.load(runs).sort_values("id").reset_index(drop=True)
    assert list(ours.columns) == columns()
    for name in table.COLUMNS:
        assert [v for v in ours[name] if pd.notna(v)] == [v for v in theirs[name] if pd.notna(v)]
        assert list(ours[name].notna()) == list(theirs[name].notna())


def test_history_is_the_record(runs: Path) -> None:
    """Every logged number is there, in order, the clock's aside."""
    ours, theirs = load(runs).history, table.history(runs)
    theirs = theirs[theirs["key"] != "time"].sort_values(["run_id", "key", "step"])
    for name in ("run_id", "net", "seed", "step", "epoch", "key", "value"):
        assert list(ours[name]) == list(theirs[name]), name


def test_packing_is_exact_and_repeatable(runs: Path) -> None:
    frames = load(runs)
    again = unpacked(*packed(frames))
    same(frames, again)
    assert packed(again) == packed(frames)


def test_the_tables_alone_are_a_source(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "results" / "mine"
    assert main(["data", str(kept), "--source", str(runs)]) == 0
    assert "runs.csv" in capsys.readouterr().out
    same(load(kept), load(runs))
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    assert set(before) == {"runs.csv", "history.parquet"}
    assert main(["data", str(kept), "--source", str(kept)]) == 0
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


@pytest.mark.parametrize(("folder", "why"), [("", "needs a folder"), ("file/in", "cannot write")])
def test_tables_that_have_no_place(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, why: str
) -> None:
    (tmp_path / "file").write_text("")
    where = [str(tmp_path / folder)] if folder else []
    assert main(["data", *where, "--source", str(runs)]) == 2
    assert why in capsys.readouterr().err


def test_text_that_looks_like_nothing_survives(tmp_path: Path) -> None:
    """'NA' or 'nan' in a reason is a text; an empty one is none."""
    factory.write(tmp_path, factory.spec("plain20", 0), "failed")
    frames = load(tmp_path)
    for text in ("NA", "nan", "null", 'a "quoted", cut\nline'):
        told = Frames(frames.runs.assign(reason=text), frames.history)
        assert unpacked(*packed(told)).runs["reason"][0] == text


def test_no_host_and_no_diff_leave_the_machine(tmp_path: Path) -> None:
    factory.write(tmp_path, factory.spec("plain20", 0), diff="+ a secret line")
    content = packed(load(tmp_path))[0].decode()
    assert "secret" not in content
    assert '""changed"": true' in content


def test_later_attempts_win_and_cut_lines_are_borne(tmp_path: Path) -> None:
    """A resumed run's second attempt replaces the steps that it logs again."""
    path = factory.write(tmp_path, factory.spec("plain20", 0))
    (path / "metrics-2.jsonl").write_text(
        '{"step": 192, "epoch": 6, "test_error": 1.5}\n{"step": 19'
    )
    history = load(tmp_path).history
    last = history[(history["key"] == "test_error") & (history["step"] == 192)]
    assert list(last["value"]) == [1.5]
    whole = path / "metrics-2.jsonl"
    whole.write_text(whole.read_text().splitlines()[0] + "\n")
    assert_frame_equal(load(tmp_path).history, history)


def test_a_file_that_is_called_nearly_like_metrics_is_left_out(tmp_path: Path) -> None:
    path = factory.write(tmp_path, factory.spec("plain20", 0))
    history = load(tmp_path).history
    (path / "metrics-old.jsonl").write_text('{"step": 192, "epoch": 6, "test_error": 1.5}\n')
    assert_frame_equal(load(tmp_path).history, history)


def test_the_cache_is_used_and_never_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.write(tmp_path, factory.spec("plain20", 0))
    first = load(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(table, "load", lambda *_: pytest.fail("the cache was not used"))
        same(first, load(tmp_path))
    factory.write(tmp_path, factory.spec("plain20", 1))
    assert len(load(tmp_path).runs) == 2
    (tmp_path / folder_source.CACHE / "history").write_bytes(b"cut")
    assert len(load(tmp_path).runs) == 2


def test_a_run_that_ends_while_the_tables_are_read_is_in_the_next_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = factory.spec("plain20", 0)
    factory.write(tmp_path, one, "partial")

    def then_ends(root: Path) -> pd.DataFrame:
        found = read(root)
        factory.write(tmp_path, one)
        return found

    read = table.load
    with monkeypatch.context() as patch:
        patch.setattr(table, "load", then_ends)
        assert list(load(tmp_path).runs["status"]) == ["partial"]
    assert list(load(tmp_path).runs["status"]) == ["done"]


def test_the_cache_of_other_code_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.write(tmp_path, factory.spec("plain20", 0))
    kept = load(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(table, "COLUMNS", (*table.COLUMNS, "more"))
        assert "more" in load(tmp_path).runs
    same(load(tmp_path), kept)
    newer = tuple(replace(measure, version=measure.version + 1) for measure in measures.ALL)
    monkeypatch.setattr(measures, "ALL", newer)
    monkeypatch.setattr(table, "load", lambda *_: pytest.fail("the cache was not used"))
    with pytest.raises(pytest.fail.Exception):
        load(tmp_path)


def test_a_folder_without_runs_and_no_folder(tmp_path: Path) -> None:
    empty = load(tmp_path)
    assert empty.runs.empty
    assert empty.history.empty
    same(empty, unpacked(*packed(empty)))
    with pytest.raises(UserError, match="no runs folder"):
        load(tmp_path / "nowhere")


def test_a_corrupt_folder_is_a_row(tmp_path: Path) -> None:
    path = factory.write(tmp_path, factory.spec("plain20", 0))
    (path / "result.json").write_text("{")
    found = load(tmp_path).runs
    assert list(found["status"]) == ["corrupt"]


def test_a_thousand_runs_load_in_a_small_multiple_of_parsing_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 runs of 200 epochs, from run folders, without a cache. Processor time of both, side by
    side: neither other work on the machine nor a slower one must fail it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    one = factory.spec("plain20", 0, "paper")
    text = "".join(str(line).replace("'", '"') + "\n" for line in factory.lines(one, 200))
    for seed in range(1_000):
        path = factory.write(tmp_path, replace(one, seed=seed), epochs=1)
        (path / "metrics-1.jsonl").write_text(text)
    started = time.process_time()
    for _ in range(1_000):
        lines = [json.loads(line) for line in text.splitlines()]
    parsed = time.process_time()
    frames = load(tmp_path)
    assert time.process_time() - parsed < 6 * (parsed - started)
    assert len(lines) > 200
    assert len(frames.history) == 1_000 * (200 * 5 + 10)
