"""The run folder: the record of one run, safe against kills, cuts and second processes.

spec.json               first: the run's identity and who asked for it
metrics-<attempt>.jsonl append-only, flushed a line at a time
weights/<step>.pt       the net at the steps that its recipe keeps, the last one for good
resume.ckpt             everything needed to go on, replaced atomically
provenance.json         commit, versions, hardware, time spent, attempts
failure.json            why a run cannot end (a loss that is not finite)
error.txt               the trace of an error that cut the last attempt short
measure-<name>.json     what was found out about the trained net
waves.json              looks that were taken at it, where seeds were bought in waves
result.json             last, by atomic rename: the run is done when its digests check
"""

import hashlib
import json
import re
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import Timeout

from resnet.errors import UserError, first_line
from resnet.locks import held
from resnet.runs import measures, waves
from resnet.runs.files import (
    read_json,
    read_tensors,
    remove_left_over,
    write_json,
    write_tensors,
)
from resnet.runs.spec import RunSpec, canonical

RESULT, FAILURE, SPEC = "result.json", "failure.json", "spec.json"
RESUME, PROVENANCE, TRACE = "resume.ckpt", "provenance.json", "error.txt"
WEIGHTS = "weights"
NOT_OURS = (ValueError, KeyError, TypeError, AttributeError)  # what JSON of another shape raises
PATIENCE = 5.0  # seconds that a killed process may take to let go of its run


class CorruptRun(Exception):
    """A run folder that cannot be trusted; the message names the file and what is wrong."""


class RunBusy(UserError):
    """Another process is training this run."""


class RunFolder:
    """The folder `root/<id>` of one run."""

    def __init__(self, root: Path, spec: RunSpec) -> None:
        self.spec = spec
        self.path = root / spec.id

    def status(self, asked: Iterable[str] = ()) -> str:
        """'done', 'unmeasured', 'failed', 'partial', 'new', or 'corrupt'.

        A run that is done is unmeasured while it lacks one of the measures `asked` for.
        """
        try:
            found = status(self.path)
        except CorruptRun:
            return "corrupt"
        lacking = found == "done" and measures.missing(self.path, self.spec.net, asked)
        return "unmeasured" if lacking else found

    def result(self) -> dict[str, Any] | None:
        """The result when the run is done, else None; CorruptRun when it cannot be trusted."""
        return read_result(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process alone; RunBusy when another one has it.

        The lock lies beside the folder, so that setting a corrupt folder aside cannot free it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self.path.with_suffix(".lock"), PATIENCE))
            except Timeout:
                raise RunBusy(
                    f"run {self.spec.id} ({self.spec.title}) is being trained by another process; "
                    "wait for it, or stop it first"
                ) from None
            yield

    def wait(self) -> None:
        """Until no process holds the run."""
        with held(self.path.with_suffix(".lock"), poll=1.0):
            return

    def open(self, experiment: str, say: Callable[[str], None]) -> None:
        """Make the folder ready for an attempt; a corrupt one is named and set aside.

        To be called by who holds the run: what a kill left of a save goes.
        """
        try:
            if status(self.path) != "new" and read_spec(self.path)[0] != self.spec:
                raise CorruptRun(f"{SPEC} describes another run")
        except CorruptRun as error:
            aside = set_aside(self.path)
            say(f"run folder {self.path.name} is corrupt ({error}); set aside as {aside.name}")
        self.path.mkdir(parents=True, exist_ok=True)
        remove_left_over(self.path, RESUME)
        remove_left_over(self.path / WEIGHTS, "*.pt")
        if not (self.path / SPEC).exists():
            spec = self.spec.to_json()
            write_json(
                self.path / SPEC, {"id": self.spec.id, "experiment": experiment, "spec": spec}
            )

    def next_attempt(self) -> int:
        """The number of the attempt that starts now, from 1."""
        return max(metrics_files(self.path), default=0) + 1

    def finish(self, result: dict[str, Any]) -> None:
        """Write the result: from here on the run is done. The resume file is no longer needed."""
        (self.path / FAILURE).unlink(missing_ok=True)
        sums = {"digest": _digest(result), "metrics": metrics_digest(self.path)}
        write_json(self.path / RESULT, {**result, **sums})
        (self.path / RESUME).unlink(missing_ok=True)

    def fail(self, step: int, reason: str) -> None:
        """Mark the run as failed: it would fail again, at the same step."""
        write_json(self.path / FAILURE, {"step": step, "reason": reason})
        (self.path / RESUME).unlink(missing_ok=True)

    @contextmanager
    def trace(self) -> Iterator[None]:
        """Keep the trace of an error that ends the attempt; forget that of an earlier one."""
        (self.path / TRACE).unlink(missing_ok=True)
        try:
            yield
        except Exception as error:
            if not isinstance(error, UserError):
                with suppress(OSError):
                    (self.path / TRACE).write_text(traceback.format_exc())
            raise

    def save_resume(self, state: dict[str, Any]) -> None:
        """Replace the resume file by `state` (tensors and plain values), atomically."""
        write_tensors(self.path / RESUME, {"id": self.spec.id, **state})

    def save_weights(self, step: int, state: Mapping[str, Any]) -> None:
        """Keep the net's state after `step` steps, for the analyses of trained nets."""
        path = self.path / WEIGHTS / f"{step}.pt"
        path.parent.mkdir(exist_ok=True)
        write_tensors(path, dict(state))

    def load_weights(self, step: int) -> dict[str, Any]:
        """The net's state after `step` steps, on the CPU; UserError where it was not kept."""
        try:
            return read_tensors(self.path / WEIGHTS / f"{step}.pt")
        except FileNotFoundError:
            why = "is missing"
        except ValueError as error:
            why = f"cannot be used ({error})"
        raise UserError(
            f"run {self.spec.id} ({self.spec.title}): {WEIGHTS}/{step}.pt {why}; "
            "remove the run's folder to train it again"
        )

    def load_resume(self, say: Callable[[str], None]) -> dict[str, Any] | None:
        """The state to go on from, or None. One of another run, or a cut one, is set aside."""
        path = self.path / RESUME
        try:
            state = read_tensors(path)
            if state["id"] != self.spec.id:
                raise ValueError(f"a checkpoint of run {state['id']}")
        except FileNotFoundError:
            return None
        except NOT_OURS as error:
            aside = set_aside(path)
            why = first_line(error)
            say(f"{self.path.name}/{RESUME} cannot be used ({why}); set aside as {aside.name}")
            return None
        return state


def status(path: Path) -> str:
    """What a run folder holds: 'done', 'failed', 'partial' or 'new'; CorruptRun when broken."""
    if not path.exists() or not any(path.iterdir()):
        return "new"
    read_spec(path)
    read_waves(path)
    if read_result(path) is not None:
        return "done"
    return "failed" if read_failure(path) is not None else "partial"


def read_spec(path: Path) -> tuple[RunSpec, str]:
    """The spec in a run folder and the experiment that asked for it first."""
    try:
        values = read_json(path / SPEC)
        spec, experiment = RunSpec.from_json(values["spec"]), str(values["experiment"])
        sound = spec.id == values["id"]
    except FileNotFoundError:
        raise CorruptRun(f"{SPEC} is missing") from None
    except (*NOT_OURS, UserError):
        raise CorruptRun(f"{SPEC} is cut, altered or of another version") from None
    if not sound:
        raise CorruptRun(f"{SPEC} does not hash to its id")
    return spec, experiment


def read_result(path: Path) -> dict[str, Any] | None:
    """The result in a run folder, None when there is none; CorruptRun when its digest fails."""
    try:
        result = read_json(path / RESULT)
        metrics = result.pop("metrics", None)  # results of before have none
        sound = result.pop("digest") == _digest(result)
    except FileNotFoundError:
        return None
    except NOT_OURS:
        raise CorruptRun(f"{RESULT} is cut or altered") from None
    if not sound:
        raise CorruptRun(f"{RESULT} does not match its digest")
    if metrics not in (None, metrics_digest(path)):
        raise CorruptRun("the metrics do not match their digest")
    return result


def metrics_digest(path: Path) -> str:
    """SHA-256 of the metrics of all attempts, in their order."""
    files = metrics_files(path).values()
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def metrics_files(path: Path) -> dict[int, Path]:
    """The metrics by the number of their attempt, in order; other files' names are not ours."""
    names = ((re.fullmatch(r"metrics-(\d+)\.jsonl", file.name), file) for file in path.iterdir())
    return dict(sorted((int(name[1]), file) for name, file in names if name))


def read_failure(path: Path) -> dict[str, Any] | None:
    """Why the run in a folder failed ({step, reason}), or None."""
    try:
        found = read_json(path / FAILURE)
        return {"step": int(found["step"]), "reason": str(found["reason"])}
    except FileNotFoundError:
        return None
    except NOT_OURS:
        raise CorruptRun(f"{FAILURE} is cut or altered") from None


def read_waves(path: Path) -> tuple[int, ...]:
    """The looks on record in a run folder (`resnet.runs.waves`)."""
    try:
        return waves.read(path)
    except ValueError:
        raise CorruptRun(f"{waves.WAVES} is cut or altered") from None


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of all attempts; where two attempts logged one step, the later one's.

    A last line that a kill cut short is left out.
    """
    rows: dict[int, dict[str, Any]] = {}
    for file in metrics_files(path).values():
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
                rows[row["step"]] = row
            except (ValueError, KeyError, TypeError):
                continue
    return [rows[step] for step in sorted(rows)]


def set_aside(path: Path) -> Path:
    """Rename a corrupt file or folder out of the way, and return its new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    shutil.move(path, aside)
    return aside


def _digest(result: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(result).encode()).hexdigest()
