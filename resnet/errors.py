"""Mistakes of the user's: one clear line that names the cause and the mend, exit status 2."""

import difflib
import errno
import traceback
from collections.abc import Iterable
from pathlib import Path


class UserError(Exception):
    """A mistake that the user can mend: printed as one line, exit status 2."""


def unknown(kind: str, word: str, valid: Iterable[str], hint: str = "") -> UserError:
    """The error for a `word` that names no `kind`, with the nearest valid names (all, when few)."""
    names = sorted(valid)
    near = difflib.get_close_matches(word, names, n=4, cutoff=0.5)
    if len(names) <= 12:
        mend = f"valid: {', '.join(names)}"
    elif near:
        mend = f"did you mean {', '.join(near)}?"
    else:
        mend = f"for example {', '.join(names[:6])}"
    return UserError(f"unknown {kind} '{word}': {mend}{'; ' + hint if hint else ''}")


FULL_OR_FORBIDDEN = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def mendable(error: OSError) -> UserError | None:
    """The user's side of a full disk or a forbidden folder; None for any other system error."""
    if error.errno not in FULL_OR_FORBIDDEN:
        return None
    place = f" at '{error.filename}'" if error.filename else ""
    reason = (error.strerror or str(error)).lower()
    return UserError(
        f"{reason}{place}: make room or choose another --output-dir; the same command then goes on"
    )


def first_line(error: BaseException) -> str:
    """The error's first line, or its kind where it says nothing."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def told(error: BaseException, path: Path) -> str:
    """What went wrong in the script at `path` in one line, with its line that led there."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path]
    what = [f"line {lines[-1]}"] if lines else []  # of a file that cannot be read, the error has it
    what += [] if isinstance(error, UserError) else [type(error).__name__]
    return ": ".join([*what, *([first_line(error)] if str(error) else [])])
