"""Runs from W&B: a project through its API, or the offline journals that a run leaves.

Both give the schema of `reports.source`. W&B is a mirror: it has no digest to check and, for a run
that was killed, may miss its last lines.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from reports.frames import NUMBERS, Frames, long_form, typed
from resnet.errors import UserError
from resnet.runs.folder import NOT_OURS
from resnet.runs.spec import RunSpec

STATES = {"finished": "done", "running": "running", "pending": "running"}
STEP = "trainer/global_step"
"""The optimiser's step; W&B's own step counts calls, and starts again with every attempt."""


def online(project: str) -> Frames:
    """The suite's runs in 'ENTITY/PROJECT', each with its exact history (never the sampled one).

    Raises:
        UserError: when the project cannot be read, in one line.
    """
    if project.count("/") != 1:
        raise UserError(f"'wandb:{project}' names no project; write wandb:ENTITY/PROJECT")
    try:
        import wandb

        found = wandb.Api(timeout=60).runs(project, per_page=200, lazy=False)
        runs = [(r, spec) for r in found if (spec := spec_of(dict(r.config)))]
        rows = [row(r.id, r.group, r.state, spec, dict(r.summary)) for r, spec in runs]
        told = [r for r, _ in runs if r.lastHistoryStep >= 0]
        lines = [(r.id, line) for r in told for line in r.scan_history()]
    except ImportError:
        raise UserError("reading from W&B needs the package wandb") from None
    except Exception as error:  # wandb raises its own kinds, and requests' beneath them
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"cannot read the W&B project {project}: {why}") from None
    return frames(rows, lines)


def spec_of(config: Any) -> RunSpec | None:
    """The spec in a run's config; None where that is no run of this suite's, or of this version."""
    kinds: dict[str, Any] = {field.name: field.type for field in fields(RunSpec)}
    try:
        spec = RunSpec.from_json({name: config[name] for name in kinds if name in config})
    except (*NOT_OURS, UserError):
        return None
    sound = all(isinstance(getattr(spec, name), kind) for name, kind in kinds.items())
    return spec if sound else None


def row(name: str, group: str | None, state: str, spec: RunSpec, summary: Any) -> dict[str, Any]:
    """A run's row: the spec is its config, the result its summary.

    W&B calls a run finished whose loss was not finite: the mirror says so in the summary.
    """
    failed = summary.get("failed_at") is not None
    status = "failed" if failed else STATES.get(state, "partial")
    numbers = {key: summary.get(key) for key in (*NUMBERS, "weights_sha256")}
    names = (
        "net",
        "dataset",
        "dataset_copy",
        "dataset_digest",
        "recipe_digest",
        "seed",
        "numerics",
    )
    return {
        **{key: getattr(spec, key) for key in names},
        **(numbers if status == "done" else {}),
        "id": name,
        "experiment": group,
        "recipe": spec.recipe.name,
        "status": status,
        "reason": f"{summary.get('reason')} at step {summary['failed_at']}" if failed else None,
        "recipe_fields": json.dumps(asdict(spec.recipe), sort_keys=True),
    }


def unless_cut(row: dict[str, Any], last: int) -> dict[str, Any]:
    """The row; without its numbers and 'partial' where the last step logged is not the last."""
    if row["status"] != "done" or json.loads(row["recipe_fields"])["steps"] == last:
        return row
    return {**row, **dict.fromkeys((*NUMBERS, "weights_sha256")), "status": "partial"}


def frames(rows: list[dict[str, Any]], lines: list[tuple[str, dict[str, Any]]]) -> Frames:
    """Rows and logged lines as frames; of two lines of one run, step and key the later stays.

    W&B calls a preempted run finished: a run is done when its recipe's last step is logged.
    """
    import pandas as pd

    known = {r["id"]: r for r in rows}
    tall = [
        (name, known[name]["net"], known[name]["seed"], int(step), line.get("epoch"), key, value)
        for name, line in lines
        if name in known and (step := line.get(STEP, line.get("_step"))) is not None
        for key, value in line.items()
        if not key.startswith(("_", "trainer/")) and key not in ("epoch", "time")
        if isinstance(value, int | float)
    ]
    names = ["run_id", "net", "seed", "step", "epoch", "key", "value"]
    history = pd.DataFrame(tall, columns=names)
    last = history.groupby("run_id")["step"].max()
    told = [unless_cut(r, last.get(r["id"], 0)) for r in rows]
    runs = typed(pd.DataFrame(told, columns=None if told else ["id"]))
    return Frames(runs, long_form(history.drop_duplicates(["run_id", "step", "key"], keep="last")))


def offline(root: Path) -> Frames:
    """The runs in the journals (`*.wandb`) under `root`, the attempts of one run joined."""
    found = {path.resolve() for path in root.rglob("*.wandb")}  # 'latest-run' is a link to one
    # By their times: those of runs that were to be online are called run-*, not offline-run-*.
    journals = sorted(found, key=lambda path: path.parent.name.removeprefix("offline-"))
    if not journals:
        raise UserError(f"no W&B journals (*.wandb) under '{root}'")
    told: dict[str, dict[str, Any]] = {}
    lines: list[tuple[str, dict[str, Any]]] = []
    for path in journals:
        about, logged, summary, ended = read_journal(path)
        if about is not None and (spec := spec_of(about["config"])):
            before = told.get(about["id"], {}).get("summary", {})
            state = "finished" if ended else "crashed"
            told[about["id"]] = {
                **about,
                "spec": spec,
                "state": state,
                "summary": before | summary,
            }
            lines += [(about["id"], line) for line in logged]
    order = ("id", "group", "state", "spec", "summary")
    return frames([row(*(one[key] for key in order)) for one in told.values()], lines)


def read_journal(path: Path) -> tuple[dict[str, Any] | None, list[Any], dict[str, Any], bool]:
    """One journal: (the run or None, its logged lines, its summary, whether it was closed)."""
    from wandb.proto import wandb_internal_pb2 as schema

    about: dict[str, Any] | None = None
    logged: list[Any] = []
    summary: dict[str, Any] = {}
    ended = False
    for content in records(path.read_bytes()):
        record = schema.Record.FromString(content)  # type: ignore[attr-defined]
        kind = record.WhichOneof("record_type")
        if kind == "run":
            config = _items(record.run.config.update)
            about = {"id": record.run.run_id, "group": record.run.run_group, "config": config}
        elif kind == "history":
            logged.append(_items(record.history.item))
        elif kind == "summary":
            summary |= _items(record.summary.update)
        elif kind == "exit":
            ended = record.exit.exit_code == 0
    return about, logged, summary, ended


def _items(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


def records(content: bytes) -> list[bytes]:
    """The records of a LevelDB log of 32 KiB blocks after W&B's 7-byte head; a torn end is left."""
    found, part, place = [], b"", 7
    while place + 7 <= len(content):
        room = 32_768 - place % 32_768
        if room < 7:
            place += room
            continue
        size, kind = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        piece = content[place + 7 : place + 7 + size]
        if kind not in (1, 2, 3, 4) or len(piece) < size:
            break
        part = piece if kind in (1, 2) else part + piece
        if kind in (1, 4):
            found.append(part)
        place += 7 + size
    return found
