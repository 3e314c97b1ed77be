"""The code that a run depends on: its digest file by file, and a copy that cannot change."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from resnet.errors import UserError
from resnet.runs import provenance
from resnet.runs.files import write_json

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("resnet", "sweeps")
# What cannot change a number: claims are asked of runs that are done.
APART = ("resnet/claims", "resnet/planning")


class CodeChanged(UserError):
    """The code is not the code that was submitted."""


def digests(root: Path = ROOT) -> dict[str, str]:
    """SHA-256 (first 16 hex digits) of every source file that a run depends on, by path."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            # An editor's lock is a hidden link to nothing.
            if not name.startswith(APART) and not path.name.startswith(".") and path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def check(submitted: Mapping[str, str], root: Path = ROOT) -> None:
    """CodeChanged, naming a file, when the code differs from the digests `submitted`."""
    now = digests(root)
    if now == submitted:
        return
    changed = [name for name in {**submitted, **now} if submitted.get(name) != now.get(name)]
    more = f" and {len(changed) - 1} more files" if len(changed) > 1 else ""
    raise CodeChanged(
        f"the code changed since it was submitted ({changed[0]}{more}): "
        "resume to send it as it is now, or submit with --snapshot"
    )


def snapshot(target: Path) -> Path:
    """Copy the code to `target`, with its commit and diff; returns `target`."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            target / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"),
            ignore_dangling_symlinks=True,
        )
    write_json(target / provenance.CODE, provenance.code())
    return target
