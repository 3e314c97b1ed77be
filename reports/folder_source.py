"""Runs from run folders, with a cache that makes a thousand of them load in a moment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from reports.frames import Frames, columns, long_form, packed, typed, unpacked, where_from

if TYPE_CHECKING:
    import pandas as pd

CACHE = ".report-cache"
LEFT_OUT = ("time",)
"""Keys of the metrics that are not measurements."""


def load(root: Path) -> Frames:
    """The runs under `root`; UserError where there is no such folder."""
    import pandas as pd

    from resnet.runs import table

    state = _state(root)  # before anything is read: what is written meanwhile makes it stale
    if (kept := _cached(root, state)) is not None:
        return kept
    runs = table.load(root)
    runs = typed(runs.assign(provenance=runs["id"].map(lambda name: _provenance(root, str(name)))))
    history, measured = _history(root, runs), _measured(root, runs)
    if len(measured):
        history = long_form(pd.concat([history, measured], ignore_index=True))
    frames = Frames(runs, history)
    _keep(root, frames, state)
    return frames


def _provenance(root: Path, name: str) -> str | None:
    """Where one run ran, as JSON; None for one that cannot be read."""
    from resnet.runs import folder, table

    try:
        folder.read_spec(root / name)
    except folder.CorruptRun:
        return None
    return where_from(table.provenance(root, name))


def _history(root: Path, runs: pd.DataFrame) -> pd.DataFrame:
    """What `resnet.runs.table.history` says, built by columns: a thousand runs in seconds."""
    import pandas as pd

    readable = runs[runs["seed"].notna()].reset_index(drop=True)
    wide = _lines([root / str(name) for name in readable["id"]])
    keys = sorted(set(wide.columns) - {"place", "step", "epoch", *LEFT_OUT})
    parts = [wide.loc[wide[key].notna(), ["place", "step", "epoch", key]] for key in keys]
    tall = [part.set_axis(["place", "step", "epoch", "value"], axis=1) for part in parts]
    if not tall:
        names = ["run_id", "net", "seed", "step", "epoch", "key", "value"]
        return long_form(pd.DataFrame(columns=names))
    joined = pd.concat(tall, ignore_index=True)
    who = joined.pop("place").to_numpy()
    for place, name in enumerate(("id", "net", "seed")):
        column = readable[name]
        values: Any = column.to_numpy("int64")[who] if name == "seed" else _coded(column, who)
        joined.insert(place, "run_id" if name == "id" else name, values)
    lengths = [len(part) for part in parts]
    codes: Any = np.repeat(np.arange(len(keys)), lengths)
    joined.insert(5, "key", cast(Any, pd.Categorical.from_codes(codes, categories=pd.Index(keys))))
    return long_form(joined)


def _measured(root: Path, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of all measures, in the history's long form."""
    import pandas as pd

    from resnet.runs import folder, measures, table

    rows: list[tuple[Any, ...]] = []
    for run in runs.loc[runs["status"] == "done", "id"]:
        if found := measures.of(root / str(run)):
            spec, _ = folder.read_spec(root / str(run))
            rows += [
                (run, spec.net, spec.seed, step, table.epoch_at(spec, step), key, value)
                for one in found
                for step, key, value in one["rows"]
            ]
    columns = ["run_id", "net", "seed", "step", "epoch", "key", "value"]
    return pd.DataFrame(rows, columns=columns)


def _coded(column: pd.Series, who: Any) -> Any:
    """The column's values at the places `who`, without a million strings."""
    import pandas as pd

    kinds = pd.Categorical(column.astype(str))
    return pd.Categorical.from_codes(kinds.codes[who], categories=kinds.categories)


def _lines(folders: list[Path]) -> pd.DataFrame:
    """The metrics of all runs, a row a line; 'place' says which run's. Later attempts win."""
    import pandas as pd

    from resnet.runs.folder import metrics_files

    whole: list[bytes] = []
    places: list[int] = []
    spoilt: list[pd.DataFrame] = []
    for place, folder in enumerate(folders):
        texts = [path.read_bytes() for path in metrics_files(folder).values()]
        text = b"".join(texts)
        if all(part.endswith(b"}\n") for part in texts if part):
            whole.append(text)
            places += [place] * text.count(b"\n")
        else:
            spoilt.append(_slow(place, folder))
    try:
        fast = _parsed(b"".join(whole)).assign(place=places)
    except (ValueError, KeyError):  # a line that is cut in the middle of a file, or not finite
        return pd.concat([_slow(*both) for both in enumerate(folders)], ignore_index=True)
    rows = pd.concat([fast, *spoilt], ignore_index=True)
    rows["epoch"] = rows["epoch"].fillna(0) if "epoch" in rows else 0
    return rows.astype({"place": "int64"}).drop_duplicates(["place", "step"], keep="last")


def _parsed(text: bytes) -> pd.DataFrame:
    """JSON lines as a frame; ValueError for a line that is none."""
    import io

    import pandas as pd
    from pyarrow import json as arrow

    if not text:
        return pd.DataFrame({"step": [], "epoch": []})
    options = arrow.ReadOptions(block_size=1 << 24)
    return arrow.read_json(io.BytesIO(text), read_options=options).to_pandas()


def _slow(place: int, folder: Path) -> pd.DataFrame:
    """One run's metrics by the record's own reader, which bears with cut lines."""
    import pandas as pd

    from resnet.runs.folder import read_metrics

    rows = [{"place": place, **line} for line in read_metrics(folder)]
    return pd.DataFrame(rows, columns=None if rows else ["place", "step", "epoch"])


def _put(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


def _state(root: Path) -> str:
    """A digest of the tables' schema and of the names, sizes and times of all files that they are
    made of; '' where these cannot be listed, as when a folder goes meanwhile."""
    seen = hashlib.sha256(_schema().encode())
    try:
        for folder in sorted(os.scandir(root), key=lambda entry: entry.name):
            if folder.is_dir() and len(folder.name) == 16 and "." not in folder.name:
                for line in _files(folder):
                    seen.update(line.encode())
    except OSError:
        return ""
    return seen.hexdigest()


def _schema() -> str:
    """What other code would make of the same files: the columns, and the measures that count."""
    from resnet.runs.measures import ALL

    versions = {measure.name: measure.version for measure in ALL}
    return json.dumps(["schema 1", columns(), versions])


def _files(folder: os.DirEntry[str]) -> Iterator[str]:
    for file in sorted(os.scandir(folder.path), key=lambda entry: entry.name):
        if file.name.endswith((".json", ".jsonl")):
            about = file.stat()
            yield f"{folder.name}/{file.name} {about.st_size} {about.st_mtime_ns}\n"


def _cached(root: Path, state: str) -> Frames | None:
    """The frames of the last load, when no file has changed since."""
    try:
        kept = [(root / CACHE / name).read_bytes() for name in ("state", "runs", "history")]
        return unpacked(kept[1], kept[2]) if state and kept[0].decode() == state else None
    except Exception:
        return None


def _keep(root: Path, frames: Frames, state: str) -> None:
    """Write the cache; a folder that cannot be written goes without. The state comes last."""
    from resnet.runs.files import write_atomic

    with contextlib.suppress(OSError):
        (root / CACHE).mkdir(exist_ok=True)
        runs, history = packed(frames)
        for name, content in (("runs", runs), ("history", history), ("state", state.encode())):
            write_atomic(root / CACHE / name, partial(_put, content))
