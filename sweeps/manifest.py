"""The manifest of a sweep: what was sent, in which tasks, under which job ids, from which code.

<runs>/sweeps/<name>/manifest.json   written before anything is sent, completed by the job ids
                     events/         what happened to each task, a line an event
                     logs/           what the tasks wrote, as submitit names it
                     code/           a copy of the code, with --snapshot
                     alive.lock      held while a sweep on this machine lasts
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from resnet.errors import UserError
from resnet.runs.files import read_json, write_json
from resnet.runs.spec import RunSpec
from resnet.training.speed import FAST, Speed
from sweeps.events import Events

FILE = "manifest.json"
STAMP = "%Y%m%d-%H%M%S-%f"


@dataclass(frozen=True)
class Manifest:
    """One submission: `tasks` has the run ids of each task, `jobs` the id of its SLURM job."""

    folder: Path
    experiment: str
    launcher: str  # "slurm" or "local"
    created: str
    runs: dict[str, dict[str, Any]]  # specs as JSON, by run id
    tasks: tuple[tuple[str, ...], ...]
    jobs: tuple[str, ...]  # empty texts before they are sent
    cluster: dict[str, Any]
    code: dict[str, Any]  # commit, digest of the diff, digest of every file
    data_dir: str | None = None
    wandb: str | None = None
    snapshot: str | None = None  # the copy of the code that the tasks run
    measures: tuple[str, ...] = ()  # taken of every run
    speed: Speed = FAST

    @property
    def name(self) -> str:
        """The folder's name; the jobs' name in the queue."""
        return self.folder.name

    @property
    def root(self) -> Path:
        """Where the run folders lie."""
        return self.folder.parents[1]

    @property
    def order(self) -> list[str]:
        """The run ids in the order in which they were sent."""
        return [run for task in self.tasks for run in task]

    @property
    def alive(self) -> Path:
        """The lock that a sweep on this machine holds while it lasts."""
        return self.folder / "alive.lock"

    @property
    def logs(self) -> Path:
        """Where submitit puts pickles and logs."""
        return self.folder / "logs"

    def events(self, task: int) -> Events:
        """The events of a task."""
        return Events(self.folder / "events" / f"{task}.jsonl", echo=self.launcher == "slurm")

    def specs(self) -> list[RunSpec]:
        """The runs, in the order in which they were sent."""
        return [RunSpec.from_json(self.runs[run]) for run in self.order]

    def write(self) -> Manifest:
        """Write it, atomically; returns itself."""
        values = asdict(self)
        del values["folder"]
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / FILE, values)
        return self

    def sent(self, jobs: tuple[str, ...]) -> Manifest:
        """The same with the job ids, written."""
        return replace(self, jobs=jobs).write()


def new_folder(root: Path, experiment: str) -> Path:
    """A folder for a new sweep: its name begins with the time, in UTC."""
    while True:
        stamp = datetime.now(UTC).strftime(STAMP)[:-3]
        folder = root / "sweeps" / f"{stamp}Z-{experiment}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            time.sleep(0.001)
        else:
            return folder.resolve()


def _age(folder: Path) -> tuple[float, str]:
    """What sorts sweeps by the time in their names; without a Z, of before, that is local."""
    try:
        stamp = datetime.strptime(folder.name[:19], STAMP)
    except ValueError:
        return 0.0, folder.name  # named by somebody else
    utc = folder.name[19:20] == "Z"
    return (stamp.replace(tzinfo=UTC) if utc else stamp).timestamp(), folder.name


def read(folder: Path) -> Manifest:
    """The manifest in a sweep's folder; UserError when it is not whole."""
    try:
        values = read_json(folder / FILE)
        tasks = tuple(tuple(task) for task in values["tasks"])
        changed = {"folder": folder.resolve(), "tasks": tasks, "jobs": tuple(values["jobs"])}
        changed["measures"] = tuple(values.get("measures", ()))
        changed["speed"] = Speed(**values.get("speed", {}))  # older manifests have none
        return Manifest(**{**values, **changed})
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"the manifest in {folder} is cut or altered: delete that folder, "
            "its runs stay where they are"
        ) from None


def load(root: Path, experiments: tuple[str, ...] = ()) -> list[Manifest]:
    """The sweeps under `root`, oldest first; of some experiments only where any are named."""
    folders = sorted((path.parent for path in (root / "sweeps").glob(f"*/{FILE}")), key=_age)
    found = [read(folder) for folder in folders]
    return [m for m in found if not experiments or m.experiment in experiments]


def code_of(digests: dict[str, str]) -> dict[str, Any]:
    """Commit, digest of the diff and digests of the files, as a manifest has them."""
    import hashlib

    from resnet.runs import provenance

    code = provenance.code()
    diff = hashlib.sha256(code["diff"].encode()).hexdigest()[:16] if code["diff"] else ""
    return {"commit": code["commit"], "diff": diff, "files": digests}
