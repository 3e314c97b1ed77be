"""The table of all runs under a folder, and their histories: one schema for every reader."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet.errors import UserError
from resnet.runs import folder as run_folder
from resnet.runs import measures
from resnet.runs.files import read_json
from resnet.runs.spec import RunSpec
from resnet.terminal import width

if TYPE_CHECKING:
    import pandas as pd

RESULTS = (
    "train_error",
    "test_error",
    "test_error_top5",
    "train_loss",
    "test_loss",
    "validation_error",
    "gradient_ratio",
    "weights_sha256",
    "seconds",
)
MEASURED = measures.COLUMNS
COLUMNS = (
    "id",
    "experiment",
    "net",
    "dataset",
    "dataset_copy",
    "dataset_digest",
    "recipe",
    "recipe_digest",
    "numerics",
    "seed",
    "status",
    *RESULTS,
    *MEASURED,
    "waves",
    "hardware",
    "reason",
    "recipe_fields",
)


def folders(root: Path) -> list[Path]:
    """The run folders under `root`, by name; those set aside as corrupt are not among them."""
    if not root.is_dir():
        return []
    paths = (p for p in root.iterdir() if p.is_dir() and "." not in p.name)
    return sorted(p for p in paths if len(p.name) == 16)


def row(path: Path) -> dict[str, Any]:
    """One run's row: errors in percent, seconds of training over all attempts, the recipe as JSON.

    Its waves are the seeds an arm at each look, as '3,5,8', where it was looked at in waves.
    """
    values: dict[str, Any] = dict.fromkeys(COLUMNS)
    values["id"] = path.name
    try:
        spec, experiment = run_folder.read_spec(path)
        values.update(_spec_columns(spec), experiment=experiment)
        values["status"] = run_folder.status(path)
        values["hardware"] = _hardware(provenance(path.parent, path.name))
        values["waves"] = ",".join(map(str, run_folder.read_waves(path))) or None
        result = run_folder.read_result(path) or {}
        values.update({key: result.get(key) for key in RESULTS})
        for found in measures.of(path) if values["status"] == "done" else ():
            values.update({key: found["values"].get(key, values[key]) for key in MEASURED})
        failure = run_folder.read_failure(path)
        if values["status"] == "failed" and failure:
            values["reason"] = f"{failure['reason']} at step {failure['step']}"
    except run_folder.CorruptRun as error:
        values.update(status="corrupt", reason=str(error))
    return values


def load(root: Path | str) -> pd.DataFrame:
    """All runs under `root`, a row each, columns as in COLUMNS; UserError for no such folder."""
    import pandas as pd

    root = Path(root)
    if not root.is_dir():
        raise UserError(f"no runs folder at '{root}'; give the --output-dir that the runs went to")
    if (root / "runs.csv").is_file():
        raise UserError(
            f"'{root}' is a table of runs, not the folder that they went to: its verdicts are told "
            f"by python -m reports verdicts {root}"
        )
    return pd.DataFrame([row(path) for path in folders(root)], columns=list(COLUMNS))


def history(root: Path | str, ids: list[str] | None = None) -> pd.DataFrame:
    """Every logged number in long form: run_id, net, seed, step, epoch, key, value."""
    import pandas as pd

    records: list[tuple[Any, ...]] = []
    for path in folders(Path(root)):
        if ids is not None and path.name not in ids:
            continue
        try:
            spec, _ = run_folder.read_spec(path)
        except run_folder.CorruptRun:
            continue
        for line in run_folder.read_metrics(path):
            step, epoch = line.pop("step"), line.pop("epoch", None)
            records += [
                (path.name, spec.net, spec.seed, step, epoch, key, float(value))
                for key, value in line.items()
                if isinstance(value, int | float)
            ]
        records += [
            (path.name, spec.net, spec.seed, step, epoch_at(spec, step), key, value)
            for found in measures.of(path)
            for step, key, value in found["rows"]
        ]
    columns = ["run_id", "net", "seed", "step", "epoch", "key", "value"]
    return pd.DataFrame(records, columns=columns)


def epoch_at(spec: RunSpec, step: int) -> int:
    """The epoch that ends or goes on after `step` steps; 0 before the first."""
    return spec.recipe.epoch_of(step - 1) if step else 0


def provenance(root: Path | str, run_id: str) -> dict[str, Any]:
    """A run's provenance.json, or {} when it has none yet, or one that is none of ours."""
    try:
        found = read_json(Path(root) / run_id / run_folder.PROVENANCE)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


SHOWN = (
    "id",
    "experiment",
    "net",
    "dataset",
    "dataset_digest",
    "recipe",
    "seed",
    "status",
    "train_error",
    "test_error",
    "weights_sha256",
    "seconds",
)
MACHINES = ("dataset_digest", "weights_sha256", "experiment")


def show(root: Path, form: str) -> int:
    """Print a row a run as 'csv', 'json' or 'table'; returns the exit status."""
    runs = load(root)[list(SHOWN)]
    if form == "csv":
        print(runs.to_csv(index=False), end="")
    elif form == "json":
        print(runs.to_json(orient="records", indent=2))
    else:
        _print(runs)
    return 0


def _print(runs: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="dim")
    # Digests and folders' names are for machines: --csv and --json have them.
    for name in (column for column in SHOWN if column not in MACHINES):
        table.add_column(name.replace("_", " "), overflow="fold", no_wrap=name == "id")
    for row_ in runs.drop(columns=list(MACHINES)).itertuples(index=False):
        table.add_row(*(_cell(value) for value in row_))
    Console(width=width()).print(table)


def _cell(value: Any) -> str:
    if value is None or value != value:  # NaN is not equal to itself
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _hardware(known: dict[str, Any]) -> str | None:
    """What the run was trained on, with the threads where that is a CPU."""
    its = known.get("hardware")
    its = its if isinstance(its, dict) else {}
    threads = f", {its.get('threads')} threads" if its.get("device") == "cpu" else ""
    return f"{its['name']}{threads}" if its.get("name") else None


def _spec_columns(spec: RunSpec) -> dict[str, Any]:
    return {
        "id": spec.id,
        "net": spec.net,
        "dataset": spec.dataset,
        "dataset_copy": spec.dataset_copy,
        "dataset_digest": spec.dataset_digest,
        "recipe": spec.recipe.name,
        "recipe_digest": spec.recipe_digest,
        "numerics": spec.numerics,
        "seed": spec.seed,
        "recipe_fields": json.dumps(asdict(spec.recipe), sort_keys=True),
    }
