"""What every entry point does first: a sign that the terminal lacks must not end the program."""

import io
import os
import sys

PIPE = 120  # columns, where nobody says how many there are: less would cut tables


def forgive() -> None:
    """Let a '?' stand on stdout for a sign that its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # and no notebook's
        sys.stdout.reconfigure(errors="replace")


def width() -> int | None:
    """How wide tables may be; None where that is for the terminal, or the user, to say."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE


def count(n: int, thing: str) -> str:
    """'1 run', '3 runs'."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
