"""Runs from run folders, with a cache that makes a thousand of them load in a moment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reports.source import Frames, long_form, packed, typed, unpacked, where_from

if TYPE_CHECKING:
    import pandas as pd

CACHE = ".report-cache"
LEFT_OUT = ("time",)
"""Keys of the metrics that are not measurements."""


def load(root: Path, history: bool = True) -> Frames:
    """The runs under `root`; UserError where there is no such folder."""
    import pandas as pd

    from resnet.runs import table

    if root.is_dir() and (kept := _cached(root)) is not None:
        return kept
    runs = table.load(root)
    extra = pd.DataFrame([_extra(root, str(name)) for name in runs["id"]], index=runs.index)
    runs = typed(pd.concat([runs, extra], axis=1))
    frames = Frames(runs, _history(root, runs) if history else _history(root, runs.iloc[:0]))
    if history:
        _keep(root, frames)
    return frames


def _extra(root: Path, name: str) -> dict[str, str | None]:
    """The recipe and the provenance of one run as JSON texts."""
    from resnet.runs import folder, table

    try:
        recipe = asdict(folder.read_spec(root / name)[0].recipe)
    except folder.CorruptRun:
        return {"recipe_fields": None, "provenance": None}
    kept = where_from(table.provenance(root, name))
    return {"recipe_fields": json.dumps(recipe, sort_keys=True), "provenance": kept}


def _history(root: Path, runs: pd.DataFrame) -> pd.DataFrame:
    """The long form, built by columns: `resnet.runs.table.history` says the same in tuples."""
    import pandas as pd

    from resnet.runs.folder import read_metrics

    readable = runs[runs["seed"].notna()]
    parts: list[tuple[int, list[dict[str, Any]]]] = [
        (place, read_metrics(root / str(name))) for place, name in enumerate(readable["id"])
    ]
    lines = [{"place": place, **line} for place, rows in parts for line in rows]
    if not lines:
        names = ["run_id", "net", "seed", "step", "epoch", "key", "value"]
        return long_form(pd.DataFrame(columns=names))
    wide = pd.DataFrame(lines).drop(columns=list(LEFT_OUT), errors="ignore")
    if "epoch" not in wide:
        wide["epoch"] = 0
    tall = wide.melt(["place", "step", "epoch"], var_name="key").dropna(subset=["value"])
    who = readable.iloc[tall.pop("place").to_numpy()]
    tall.insert(0, "run_id", who["id"].to_numpy())
    tall.insert(1, "net", who["net"].to_numpy())
    tall.insert(2, "seed", who["seed"].to_numpy())
    return long_form(tall)


def _put(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


def _state(root: Path) -> str:
    """A digest of the names, sizes and times of all files that a table is made of."""
    seen = hashlib.sha256(b"schema 1")
    for folder in sorted(os.scandir(root), key=lambda entry: entry.name):
        if folder.is_dir() and len(folder.name) == 16 and "." not in folder.name:
            for file in sorted(os.scandir(folder.path), key=lambda entry: entry.name):
                if file.name.endswith((".json", ".jsonl")):
                    about = file.stat()
                    line = f"{folder.name}/{file.name} {about.st_size} {about.st_mtime_ns}\n"
                    seen.update(line.encode())
    return seen.hexdigest()


def _cached(root: Path) -> Frames | None:
    """The frames of the last load, when no file has changed since."""
    try:
        kept = [(root / CACHE / name).read_bytes() for name in ("state", "runs", "history")]
        return unpacked(kept[1], kept[2]) if kept[0].decode() == _state(root) else None
    except Exception:
        return None


def _keep(root: Path, frames: Frames) -> None:
    """Write the cache; a folder that cannot be written goes without. The state comes last."""
    from resnet.runs.files import write_atomic

    with contextlib.suppress(OSError):
        (root / CACHE).mkdir(exist_ok=True)
        runs, history = packed(frames)
        for name, content in (
            ("runs", runs),
            ("history", history),
            ("state", _state(root).encode()),
        ):
            write_atomic(root / CACHE / name, partial(_put, content))
