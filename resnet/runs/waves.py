"""Looks that were taken at a run while its arm's seeds were bought in waves.

waves.json    the seeds an arm has at each look, all looks together: {"waves": [3, 5, 8]}

They stay with the run: whoever reads it later must allow for them (`resnet.claims.looks`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resnet.runs.files import read_json, write_json

WAVES = "waves.json"


def read(path: Path) -> tuple[int, ...]:
    """The waves on record in a run folder; () where the run was never one of a wave.

    Raises:
        ValueError: when they are cut or altered.
    """
    try:
        found = read_json(path / WAVES)
    except FileNotFoundError:
        return ()
    waves = found.get("waves") if isinstance(found, dict) else None
    whole = isinstance(waves, list) and all(isinstance(n, int) and n > 1 for n in waves)
    if not (waves and whole and waves == sorted(set(waves))):
        raise ValueError(f"{WAVES} is none of ours")
    return tuple(waves)


def record(root: Path, ids: Iterable[str], waves: Iterable[int]) -> None:
    """Put the looks of a design on record in the folders of these runs, beside earlier ones."""
    for path in (root / name for name in ids):
        if path.is_dir() and (every := sorted({*read(path), *waves})) != list(read(path)):
            write_json(path / WAVES, {"waves": every})
