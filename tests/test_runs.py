"""Identity, the run folder and the table: what is done, what is not, and what is corrupt."""

import errno
import json
import multiprocessing
import re
from dataclasses import replace
from pathlib import Path

import pytest

from resnet.errors import mendable
from resnet.runs import table
from resnet.runs.folder import CorruptRun, RunBusy, RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from tests.conftest import spec_of


def test_the_id_holds_what_changes_the_numbers(spec: RunSpec) -> None:
    others = [
        replace(spec, net="plain20"),
        replace(spec, seed=1),
        replace(spec, dataset_digest="another"),
        replace(spec, numerics=2),
        replace(spec, recipe=replace(spec.recipe, lr=0.03)),
    ]
    assert len({spec.id, *(other.id for other in others)}) == 6


def test_the_id_does_not_hold_labels(spec: RunSpec) -> None:
    renamed = replace(spec, dataset_copy="x", recipe=replace(spec.recipe, name="x"))
    assert renamed.id == spec.id


def test_the_id_is_the_same_for_ever() -> None:
    from resnet.recipes import PAPER

    spec = RunSpec("resnet20", "cifar10", "original", "0" * 64, PAPER, 0, numerics=1)
    assert spec.id == "739cff840b9abeda"


def test_a_spec_survives_json(spec: RunSpec) -> None:
    assert RunSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def finished(root: Path, spec: RunSpec) -> RunFolder:
    folder = RunFolder(root, spec)
    folder.open("degradation", print)
    folder.finish({"train_error": 50.0, "test_error": 60.0, "weights_sha256": "ab", "seconds": 1.0})
    return folder


def test_a_run_is_done_when_its_result_checks(tmp_path: Path, spec: RunSpec) -> None:
    folder = RunFolder(tmp_path, spec)
    assert folder.status() == "new"
    folder.open("degradation", print)
    assert folder.status() == "partial"
    finished(tmp_path, spec)
    assert folder.status() == "done"


def without(path: Path, name: str) -> str:
    """The JSON object in `path` without one of its values."""
    return json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != name})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "result.json").write_text('{"train_error": 1'),
        lambda path: (path / "result.json").write_text("[]"),
        lambda path: (path / "result.json").write_text('{"train_error": NaN, "digest": "x"}'),
        lambda path: (path / "spec.json").write_text(without(path / "spec.json", "id")),
        lambda path: (path / "spec.json").write_text(without(path / "spec.json", "experiment")),
        lambda path: (path / "spec.json").write_text(
            re.sub(r'"lr": [0-9.]+', '"lr": NaN', (path / "spec.json").read_text())
        ),
        lambda path: (path / "spec.json").write_text(
            (path / "spec.json").read_text().replace('"steps"', '"later"')
        ),
        lambda path: (path / "result.json").write_text(
            (path / "result.json").read_text().replace("50.0", "51.0")
        ),
        lambda path: (path / "waves.json").write_text('{"waves": [3'),
        lambda path: (path / "waves.json").write_text('{"looks": [3]}'),
        lambda path: (path / "waves.json").write_text('{"waves": [1, 3]}'),
        lambda path: (path / "waves.json").write_text('{"waves": [8, 3]}'),
        lambda path: (path / "metrics-1.jsonl").write_text('{"step": 0}\n{"st'),
        lambda path: (path / "spec.json").unlink(),
        lambda path: (path / "spec.json").write_text(""),
        lambda path: (path / "spec.json").write_text(
            (path / "spec.json").read_text().replace('"seed": 0', '"seed": 1')
        ),
    ],
)
def test_a_damaged_folder_is_named_and_set_aside(
    tmp_path: Path, spec: RunSpec, damage: object
) -> None:
    folder = finished(tmp_path, spec)
    damage(folder.path)  # type: ignore[operator]
    assert folder.status() == "corrupt"
    assert table.load(tmp_path).loc[0, "status"] == "corrupt"
    said: list[str] = []
    folder.open("degradation", said.append)
    assert folder.status() == "partial"
    assert spec.id in said[0]
    assert (tmp_path / f"{spec.id}.corrupt-1").is_dir()


@pytest.mark.parametrize("content", ["[]", "null", '{"hardware": "x"}', "{"])
def test_provenance_of_another_shape_stops_nobody(
    tmp_path: Path, spec: RunSpec, content: str
) -> None:
    (finished(tmp_path, spec).path / "provenance.json").write_text(content)
    assert table.load(tmp_path).loc[0, ["status", "hardware"]].tolist() == ["done", None]


def test_files_that_are_called_nearly_like_metrics_are_not_ours(
    tmp_path: Path, spec: RunSpec
) -> None:
    folder = finished(tmp_path, spec)
    for name in ("metrics-1 copy.jsonl", "metrics-old.jsonl"):
        (folder.path / name).write_text("{}")
    assert folder.status() == "done"
    assert folder.next_attempt() == 1
    assert read_metrics(folder.path) == []


def test_the_folder_of_another_run_is_not_taken_over(tmp_path: Path, spec: RunSpec) -> None:
    other = finished(tmp_path, replace(spec, seed=1))
    other.path.rename(tmp_path / spec.id)
    said: list[str] = []
    folder = RunFolder(tmp_path, spec)
    folder.open("degradation", said.append)
    assert "another run" in said[0]
    assert folder.status() == "partial"


def test_a_resume_file_of_another_run_is_set_aside(tmp_path: Path, spec: RunSpec) -> None:
    folder, other = RunFolder(tmp_path, spec), RunFolder(tmp_path, replace(spec, seed=1))
    folder.open("x", print)
    other.open("x", print)
    other.save_resume({"step": 3})
    (other.path / "resume.ckpt").rename(folder.path / "resume.ckpt")
    said: list[str] = []
    assert folder.load_resume(said.append) is None
    assert other.spec.id in said[0]
    assert (folder.path / "resume.ckpt.corrupt-1").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"not a checkpoint"])
def test_a_cut_resume_file_is_set_aside(tmp_path: Path, spec: RunSpec, content: bytes) -> None:
    folder = RunFolder(tmp_path, spec)
    folder.open("x", print)
    (folder.path / "resume.ckpt").write_bytes(content)
    said: list[str] = []
    assert folder.load_resume(said.append) is None
    assert len(said) == 1


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("pathlib.Path.open", OSError(errno.ESTALE, "Stale file handle")),
        ("pathlib.Path.open", MemoryError()),
        ("torch.load", MemoryError()),
    ],
)
def test_an_error_that_passes_costs_no_checkpoint(
    tmp_path: Path, spec: RunSpec, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    folder = RunFolder(tmp_path, spec)
    folder.open("x", print)
    folder.save_resume({"step": 3})
    folder.save_weights(3, {})

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        with pytest.raises(type(error)):
            folder.load_resume(print)
        with pytest.raises(type(error)):
            folder.load_weights(3)
    assert folder.load_resume(print) == {"id": spec.id, "step": 3}
    assert folder.load_weights(3) == {}


def test_what_a_kill_left_of_a_save_goes_with_the_next_attempt(
    tmp_path: Path, spec: RunSpec
) -> None:
    folder = RunFolder(tmp_path, spec)
    folder.open("x", print)
    folder.save_resume({"step": 3})
    folder.save_weights(3, {})
    for name in (".resume.ckpt.ab12cd_3", "weights/.5.pt.ab12cd_3"):
        (folder.path / name).write_bytes(b"cut")
    folder.open("x", print)
    kept = sorted(str(file.relative_to(folder.path)) for file in folder.path.rglob("*.*"))
    assert kept == ["resume.ckpt", "spec.json", "weights/3.pt"]


def test_a_line_that_a_kill_cut_is_left_out_and_the_later_attempt_wins(tmp_path: Path) -> None:
    (tmp_path / "metrics-1.jsonl").write_text('{"step": 1, "a": 1}\n{"step": 2, "a": 2}\n{"st')
    (tmp_path / "metrics-2.jsonl").write_text('{"step": 2, "a": 3}\n')
    (tmp_path / "metrics-10.jsonl").write_text('{"step": 2, "a": 4}\n')
    assert read_metrics(tmp_path) == [{"step": 1, "a": 1}, {"step": 2, "a": 4}]


def _hold(root: Path, spec: RunSpec, held: object, free: object) -> None:
    with RunFolder(root, spec).locked():
        held.set()  # type: ignore[attr-defined]
        free.wait(30)  # type: ignore[attr-defined]


def test_two_processes_cannot_hold_one_run(tmp_path: Path, spec: RunSpec) -> None:
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, spec, held, free))
    process.start()
    try:
        assert held.wait(60)
        with pytest.raises(RunBusy, match=spec.id), RunFolder(tmp_path, spec).locked():
            pass
    finally:
        free.set()
        process.join(30)
    with RunFolder(tmp_path, spec).locked():
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path: Path, spec: RunSpec) -> None:
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(tmp_path, spec, held, free))
    process.start()
    assert held.wait(60)
    process.kill()
    process.join(30)
    with RunFolder(tmp_path, spec).locked():
        pass


def test_the_table_has_a_row_a_run_and_every_column(tmp_path: Path, dataset: object) -> None:
    one, two = spec_of(dataset), spec_of(dataset, seed=1)  # type: ignore[arg-type]
    finished(tmp_path, one)
    folder = RunFolder(tmp_path, two)
    folder.open("degradation", print)
    folder.fail(7, "the loss is nan")
    runs = table.load(tmp_path).set_index("id")
    assert tuple(table.load(tmp_path).columns) == table.COLUMNS
    assert runs.loc[one.id, "test_error"] == 60.0
    assert runs.loc[two.id, "status"] == "failed"
    assert runs.loc[two.id, "reason"] == "the loss is nan at step 7"


def test_an_altered_result_is_corrupt(tmp_path: Path, spec: RunSpec) -> None:
    folder = finished(tmp_path, spec)
    text = (folder.path / "result.json").read_text()
    (folder.path / "result.json").write_text(text.replace("60.0", "6.0"))
    with pytest.raises(CorruptRun, match="digest"):
        folder.result()


def test_a_full_disk_is_called_that_and_leaves_nothing_half_written(
    tmp_path: Path, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path, spec)
    folder.open("x", print)
    folder.save_resume({"step": 1})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("resnet.runs.files.os.fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        folder.save_resume({"step": 2})
    assert "make room" in str(mendable(caught.value))
    assert sorted(path.name for path in folder.path.iterdir()) == ["resume.ckpt", "spec.json"]
    state = folder.load_resume(print)
    assert state is not None
    assert state["step"] == 1
