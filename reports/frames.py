"""Runs and their histories in one schema, wherever they are from, and the bytes that keep them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resnet.errors import UserError
from resnet.runs.measures import COLUMNS as MEASURED

if TYPE_CHECKING:
    import pandas as pd

RUNS, HISTORY = "runs.csv", "history.parquet"
NUMBERS = ("train_error", "test_error", "test_error_top5", "train_loss", "test_loss",
           "validation_error", "gradient_ratio", "seconds", *MEASURED)  # fmt: skip
SAME = ("train_error", "test_error", "train_loss", "test_loss")
"""What two records of a run must have alike, to the last bit, to be taken for one training."""
EXTRA = ("provenance",)
"""The column beyond `resnet.runs.table.COLUMNS`: where the run ran, as JSON."""
KEPT = ("commit", "versions")
"""What a report keeps of provenance.json as it stands; the diff and the host stay at home."""


@dataclass(frozen=True)
class Frames:
    """`runs`: a row a run, `resnet.runs.table.COLUMNS` and `EXTRA`. `history`: long form."""

    runs: pd.DataFrame
    history: pd.DataFrame


def columns() -> list[str]:
    """The columns of `Frames.runs`, in order."""
    from resnet.runs.table import COLUMNS

    return [*COLUMNS, *EXTRA]


def merged(parts: Sequence[Frames]) -> Frames:
    """The runs of all `parts` as one, each run once, with the history of the part it is from.

    A finished run wins over an unfinished one; of equals, that of the earlier part. What was
    measured of the others alone is taken over where they ended with the very same numbers.
    """
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    rows = [part.runs.assign(part=place) for place, part in enumerate(parts)]
    runs = pd.concat(rows, ignore_index=True)
    ranked = runs.assign(unfinished=runs["status"] != "done").sort_values(["unfinished", "part"])
    kept = ranked.drop_duplicates("id")
    twins = ranked.drop(kept.index).merge(kept[["id", "status", *SAME]])
    lines = [_of_runs(part, kept, place) for place, part in enumerate(parts)]
    lines += [_of_runs(part, twins, place) for place, part in enumerate(parts)]
    history = pd.concat(lines, ignore_index=True).drop_duplicates(["run_id", "key", "step"])
    return Frames(typed(_measured_too(kept, twins)), long_form(history))


def _of_runs(part: Frames, runs: pd.DataFrame, place: int) -> pd.DataFrame:
    """The history of those of `runs` that are from this part, the part number `place`."""
    mine = runs.loc[runs["part"] == place, "id"]
    return part.history[part.history["run_id"].isin(mine)]


def _measured_too(kept: pd.DataFrame, twins: pd.DataFrame) -> pd.DataFrame:
    """`kept` with the measures that it lacks and its twins have."""
    filled = kept.set_index("id")
    for _, rest in twins.groupby("part"):
        values = rest.set_index("id").reindex(filled.index)
        for name in MEASURED:
            filled[name] = filled[name].fillna(values[name])
    return filled.reset_index()


def typed(runs: pd.DataFrame) -> pd.DataFrame:
    """`runs` with the schema's columns and types: numbers as floats, all else text or None."""
    import pandas as pd

    runs = runs.reindex(columns=columns()).sort_values("id").reset_index(drop=True)
    for name in runs.columns:
        if name in NUMBERS:
            runs[name] = pd.to_numeric(runs[name]).astype("float64")
        elif name in ("seed", "numerics"):
            runs[name] = pd.to_numeric(runs[name]).astype("Int64")
        else:
            texts = runs[name].astype(object)
            runs[name] = texts.where(texts.notna() & (texts != ""), None)
    return runs


def long_form(history: pd.DataFrame) -> pd.DataFrame:
    """`history` with its types, in the order run, key, step."""
    numbers = {"seed": "int64", "step": "int64", "epoch": "int64", "value": "float64"}
    frame = history.assign(epoch=history["epoch"].fillna(0)).astype(numbers)
    for name in ("run_id", "net", "key"):
        kinds = frame[name].astype("category")
        frame[name] = kinds.cat.reorder_categories(sorted(kinds.cat.categories))
    frame = frame.sort_values(["run_id", "key", "step"], kind="stable")
    return frame.reset_index(drop=True)


def packed(frames: Frames) -> tuple[bytes, bytes]:
    """The frames as the bytes of `RUNS` and `HISTORY`: equal frames give equal bytes."""
    import io

    stream = io.BytesIO()
    plain = frames.history.astype({"run_id": str, "net": str, "key": str})
    plain.to_parquet(stream, index=False, compression="zstd", engine="pyarrow")
    return frames.runs.to_csv(index=False, lineterminator="\n").encode(), stream.getvalue()


def write(frames: Frames, folder: Path) -> tuple[Path, Path]:
    """Put the frames into `folder`, which is a source then; returns the two files."""
    from resnet.runs.files import write_atomic

    paths = (folder / RUNS, folder / HISTORY)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in zip(paths, packed(frames), strict=True):
            write_atomic(path, partial(_into, content=content))
            path.chmod(0o644)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(f"cannot write into {folder}: {why}; choose another folder") from None
    return paths


def _into(file: IO[bytes], content: bytes) -> None:
    file.write(content)


def unpacked(runs: bytes, history: bytes) -> Frames:
    """The frames that `packed` wrote, exactly.

    Raises:
        UserError: when the bytes are none of ours.
    """
    import io

    import pandas as pd

    try:
        table = pd.read_csv(
            io.BytesIO(runs),
            dtype={name: "float64" if name in NUMBERS else "string" for name in columns()},
            keep_default_na=False,
            na_values=[""],
            float_precision="round_trip",
        )
        return Frames(typed(table), long_form(pd.read_parquet(io.BytesIO(history))))
    except (ValueError, KeyError, OSError) as error:
        raise UserError(f"the data cannot be read: {str(error).splitlines()[0]}") from None


def where_from(provenance: dict[str, Any]) -> str:
    """What a report keeps of a run's provenance.json, as JSON; '' when there is none.

    The host's name and the diff are left out: a PDF travels.
    """
    if not provenance:
        return ""
    hardware = provenance.get("hardware") or {}
    attempts = provenance.get("attempts") or []
    kept: dict[str, Any] = {name: provenance.get(name) for name in KEPT}
    kept["changed"] = bool(provenance.get("diff"))
    kept |= {name: hardware.get(name) for name in ("device", "name", "cores", "threads")}
    kept["attempts"] = len(attempts)
    kept["started"] = attempts[-1].get("start") if attempts else None
    kept["joules"] = provenance.get("joules")
    return json.dumps(kept, sort_keys=True)
