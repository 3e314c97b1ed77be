"""What every entry point does first: a sign that the terminal lacks must not end the program."""

import io
import sys

PIPE = 120  # columns, where there is no terminal: fewer would cut tables


def forgive() -> None:
    """Let a '?' stand on stdout for a sign that its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # and no notebook's
        sys.stdout.reconfigure(errors="replace")


def width() -> int | None:
    """How wide tables may be; None where that is for the terminal to say."""
    return None if sys.stdout.isatty() else PIPE


def count(n: int, thing: str) -> str:
    """'1 run', '3 runs'."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
