"""Find out now, not after an hour, that runs or their report have nowhere to go."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from resnet.errors import UserError
from resnet.planning.options import Options


def check(options: Options) -> None:
    """UserError where the runs cannot be written, or the report that is wanted; makes no folder."""
    try:
        _try(options.output_dir)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"--output-dir '{options.output_dir}' is a file, not a folder") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        mend = "make room, or choose" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "choose"
        raise UserError(
            f"cannot write into --output-dir '{options.output_dir}': {why}; {mend} another"
        ) from None
    if not options.report:
        return
    try:
        _try(options.reports)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(
            f"cannot write the report into '{options.reports}': {why}; mend that, choose another "
            "--output-dir, or leave the report out with --no-report"
        ) from None


def _try(folder: Path) -> None:
    """Write something, kept by nobody, into the folder or where it would be made."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    with tempfile.TemporaryFile(dir=there) as file:
        file.write(b"\0" * 65_536)
