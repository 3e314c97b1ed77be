"""What is found out before anything is trained, and what must not end a program."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resnet import __main__ as listing
from resnet.errors import UserError
from resnet.planning import places
from resnet.planning.options import Options

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("place", ["reports", "reports/pdf"])
def test_a_report_that_cannot_be_written_is_found_out_at_once(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("")
    options = Options(output_dir=tmp_path / "runs")
    with pytest.raises(UserError, match="or leave the report out with --no-report"):
        places.check(options)
    places.check(replace(options, report=False))


def test_a_place_that_takes_no_files_is_found_out_at_once() -> None:
    with pytest.raises(UserError, match="cannot write into --output-dir '/proc/x'"):
        places.check(Options(output_dir=Path("/proc/x"), report=False))


def test_reports_lie_beside_runs_or_in_a_folder_of_another_name() -> None:
    assert Options().reports == Path("reports/pdf")
    assert Options(output_dir=Path("a/runs")).reports == Path("a/reports/pdf")
    assert Options(output_dir=Path("a/mine")).reports == Path("a/mine/reports/pdf")


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    places.check(Options(output_dir=tmp_path / "deep" / "runs"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(PermissionError(13, "Permission denied", "runs"), 2), (KeyboardInterrupt(), 130)],
)
def test_lists_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr("resnet.runs.table.show", fail)
    assert listing.main(["runs"]) == status
    said = capsys.readouterr().err
    assert said in ("", "error: permission denied: 'runs'; choose one that can be read\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "words",
    [
        ["-m", "resnet", "claims"],
        ["-c", "from resnet.console import say; say('2 nets × 3 seeds – “so”')"],
    ],
)
def test_signs_that_a_terminal_lacks_end_nothing(
    tmp_path: Path, encoding: str, words: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert b"?" in done.stdout
