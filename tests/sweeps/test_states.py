"""Every state that a run can be in, and its cause."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from rich.console import Console

from resnet.errors import UserError
from resnet.runs.folder import RunFolder
from sweeps import manifest as manifests
from sweeps import show
from sweeps.local import recorded
from sweeps.manifest import read
from sweeps.slurm import NoAnswer
from sweeps.states import RunState, Survey, locked
from sweeps.submit import one_at_a_time
from tests.sweeps.conftest import Bench, finish, make_spec

SPEC = make_spec()


def test_queued_running_and_waiting_in_its_task(bench: Bench) -> None:
    other = make_spec(1)
    bench.sent(SPEC, other, runs_per_task=2)
    assert bench.state(SPEC).state == "queued"
    assert bench.state(SPEC).cause == "Priority"
    bench.scheduler.start("1")
    folder = RunFolder(bench.root, SPEC)
    with folder.locked():
        folder.open("degradation", print)
        (folder.path / "metrics-1.jsonl").write_text('{"step": 8, "train_error": 50.0}\n')
        found = bench.state(SPEC)
        assert (found.state, found.step, found.node, found.job) == ("running", 8, "n1", "1")
    assert bench.state(other).state == "waiting"


def test_a_file_that_is_called_nearly_like_metrics_is_left_out(bench: Bench) -> None:
    folder = RunFolder(bench.root, SPEC)
    folder.open("degradation", print)
    (folder.path / "metrics-1.jsonl").write_text('{"step": 8, "train_error": 50.0}\n')
    (folder.path / "metrics-old.jsonl").write_text('{"step": 9, "train_error": 40.0}\n')
    assert (bench.state(SPEC).step, bench.state(SPEC).metrics) == (8, "train 50.0 %")


def test_the_word_of_the_folder_comes_first(bench: Bench) -> None:
    bench.sent(SPEC)
    finish(bench.root, SPEC)
    assert bench.state(SPEC).state == "done"
    failed = make_spec(2)
    folder = RunFolder(bench.root, failed)
    folder.open("degradation", print)
    folder.fail(7, "the loss is nan")
    assert (bench.state(failed).state, bench.state(failed).cause) == (
        "failed",
        "the loss is nan at step 7",
    )
    (bench.root / SPEC.id / "result.json").write_text("{")
    bench.scheduler.end("1", "COMPLETED")
    assert (bench.state(SPEC).state, bench.state(SPEC).cause) == (
        "corrupt",
        "result.json is cut or altered",
    )


@pytest.mark.parametrize("how", ["OUT_OF_MEMORY", "FAILED", "NODE_FAIL", "COMPLETED", "TIMEOUT"])
def test_a_job_that_ends_without_a_result_is_lost(bench: Bench, how: str) -> None:
    bench.sent(SPEC)
    bench.scheduler.end("1", how)
    found = bench.state(SPEC)
    assert found.state == "lost"
    assert how in found.cause


def test_cancelled_with_and_without_accounting(bench: Bench) -> None:
    sent = bench.sent(SPEC)
    bench.scheduler.end("1", "CANCELLED by 1000")
    assert bench.state(SPEC).state == "cancelled"
    bench.scheduler.forget()
    assert bench.state(SPEC).state == "lost"
    assert "without a word" in bench.state(SPEC).cause
    sent.events(0).add("term")
    assert bench.state(SPEC).state == "cancelled"


@pytest.mark.parametrize(
    ("row", "cancelled"),
    [
        ("1_[0-3]", (0, 1, 2, 3)),
        ("1_[1-2%2]", (1, 2)),
        ("1_[0,2-3%1]", (0, 2, 3)),
        ("1_[0-3:2%4]", (0, 2)),
        ("1_[3]", (3,)),
    ],
)
def test_elements_that_never_started_end_in_one_row(
    bench: Bench, row: str, cancelled: tuple[int, ...]
) -> None:
    specs = [make_spec(seed) for seed in range(4)]
    bench.sent(*specs)
    for number in cancelled:
        bench.scheduler.end(f"1_{number}", "", "")
    bench.scheduler.end(row, "CANCELLED by 1000", "None assigned")
    states = [bench.state(spec).state for spec in specs]
    assert states == ["cancelled" if i in cancelled else "queued" for i in range(4)]


def test_accounting_that_lags_behind_the_queue_is_no_end(bench: Bench) -> None:
    sent = bench.sent(SPEC, make_spec(1))
    sent.events(0).add("cancel")
    bench.scheduler.end("1_0", "", "")
    bench.scheduler.end("1_[0-1]", "PENDING", "None assigned")
    assert bench.state(SPEC).state == "cancelled"


def test_an_error_is_shown_in_a_line_until_the_run_is_taken_up_again(bench: Bench) -> None:
    events = bench.sent(SPEC).events(0)
    events.add("run", run=SPEC.id, step=0)
    events.add("error", run=SPEC.id, text="ValueError: no")
    bench.scheduler.start("1")
    assert (bench.state(SPEC).state, bench.state(SPEC).cause) == ("error", "ValueError: no")
    events.add("run", run=SPEC.id, step=0)
    assert bench.state(SPEC).state == "waiting"
    bench.scheduler.end("1", "FAILED")
    assert bench.state(SPEC).state == "lost"


@pytest.mark.parametrize(("kind", "state"), [(k, k) for k in ("unfit", "changed", "stalled")])
def test_what_a_task_said_last_is_the_cause(bench: Bench, kind: str, state: str) -> None:
    bench.sent(SPEC).events(0).add(kind, text="on n1: no such data folder")
    bench.scheduler.end("1", "FAILED")
    assert (bench.state(SPEC).state, bench.state(SPEC).cause) == (
        state,
        "on n1: no such data folder",
    )


def test_a_sender_that_died_before_it_wrote_the_ids_is_found_by_name(bench: Bench) -> None:
    other = make_spec(1)
    sent = bench.sent(SPEC, other)
    sent.sent(("", ""))
    assert (bench.state(other).state, bench.state(other).job) == ("queued", "1_1")
    assert bench.submit(SPEC, other)[1] is None


def test_what_the_queue_refused_hides_no_earlier_task(bench: Bench) -> None:
    bench.sent(SPEC)
    bench.scheduler.end("1", "OUT_OF_MEMORY")
    before = bench.state(SPEC)
    with pytest.raises(UserError, match="Invalid qos"):
        bench.submit(SPEC, qos="bad")
    assert bench.state(SPEC) == before


def test_a_thousand_runs_cost_one_question(bench: Bench) -> None:
    specs = [make_spec(seed) for seed in range(1000)]
    bench.sent(*specs, runs_per_task=20)
    for spec in specs[:500]:
        finish(bench.root, spec)
    before = bench.scheduler.asked
    survey = Survey(bench.root, manifests.load(bench.root))
    states = survey.states({spec.id: spec.to_json() for spec in specs})
    assert [s.state for s in states] == ["done"] * 500 + ["queued"] * 500
    assert bench.scheduler.asked == before + 1


def test_where_there_is_no_slurm_nothing_is_called_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = make_spec(1)
    bench.sent(SPEC, other)
    finish(bench.root, SPEC)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.state(SPEC).state == "done"
    with pytest.raises(NoAnswer, match="no SLURM here"):
        bench.state(other)


def test_a_sweep_on_this_machine_has_the_same_states(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    with recorded(root, "degradation", [SPEC]) as sweep:
        survey = Survey(root, [read(sweep.folder)])
        assert survey.state(SPEC.id, SPEC.to_json()).state == "waiting"
        sweep.events(0).add("error", run=SPEC.id, text="OSError: no")
    state = Survey(root, [read(sweep.folder)]).state(SPEC.id, SPEC.to_json())
    assert (state.state, state.cause) == ("error", "OSError: no")


@pytest.mark.parametrize("width", [80, 200])
def test_a_narrow_terminal_hides_neither_state_nor_cause(width: int) -> None:
    cause = "ValueError: a shape that fits no other, as a long line has it"
    job = {"job": "12345_10", "node": "node-gpu-017"}
    states = [
        RunState("0123456789abcdef", "preact-resnet110", 0, "error", 64_000, 999, cause, **job),
        RunState("0123456789abcdee", "resnet20", 1, "running", 64_000, 12_345, **job),
    ]
    out = Console(width=width, file=io.StringIO())
    out.print(show.table(states))
    text = out.file.getvalue()  # type: ignore[attr-defined]
    for word in ("0123456789abcdef", " error ", " running ", "12345/64000", *cause.split()):
        assert word in text
    assert max(map(len, text.splitlines())) <= width


def test_a_look_at_a_lock_neither_makes_nor_takes_it(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, SPEC)
    path = tmp_path / f"{SPEC.id}.lock"
    assert not locked(path)
    assert not path.exists()
    with folder.locked():
        assert locked(path)
    assert not locked(path)


def test_where_there_is_no_flock_nothing_stands_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(handle: int, how: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", flock)
    why = "this file system has no flock: choose another --output-dir"
    folder = RunFolder(tmp_path, SPEC)
    with pytest.raises(UserError, match=why), folder.locked():
        pass
    with pytest.raises(UserError, match=why):
        folder.wait()
    assert not locked(tmp_path / f"{SPEC.id}.lock")
    with pytest.raises(UserError, match=why), one_at_a_time(tmp_path):
        pass
    with pytest.raises(UserError, match=why), recorded(tmp_path, "degradation", [SPEC]):
        pass
