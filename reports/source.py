"""Runs and their histories from wherever they are, in the schema of `reports.frames`.

`load` reads a folder of runs, a W&B project ('wandb:ENTITY/PROJECT'), a folder of W&B's offline
journals ('journals:DIR'), the data inside a report ('FILE.pdf'), or that data unpacked; of several
of these, the runs of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reports.frames import HISTORY, RUNS, Frames, merged, unpacked

ROOT = Path(__file__).resolve().parent.parent
Sources = str | Path | Sequence[str | Path]
"""One place that runs are read from, or several."""


def load(source: Sources) -> Frames:
    """The runs at `source`, with their histories; those of several sources are `merged`.

    Raises:
        UserError: for a source that is not there or not of a known kind.
    """
    if not isinstance(source, str | Path):
        return merged([load(one) for one in source])
    text = str(source)
    if text.startswith("wandb:"):
        from reports.wandb_source import online

        return online(text.removeprefix("wandb:"))
    if text.startswith("journals:"):
        from reports.wandb_source import offline

        return offline(Path(text.removeprefix("journals:")))
    if text.endswith(".pdf"):
        from reports.attach import contents

        found = contents(Path(text))
        return unpacked(found[RUNS], found[HISTORY])
    path = Path(text)
    if not path.exists() and (ROOT / text).exists():
        path = ROOT / text  # a notebook's own folder is `reports/`, not the project's
    if (path / RUNS).is_file() and (path / HISTORY).is_file():
        return unpacked((path / RUNS).read_bytes(), (path / HISTORY).read_bytes())
    from reports import folder_source

    return folder_source.load(path)
