"""What every entry point does first: a sign that the terminal lacks must not end the program."""

import io
import sys


def forgive() -> None:
    """Let a '?' stand on stdout for a sign that its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # and no notebook's
        sys.stdout.reconfigure(errors="replace")


def count(n: int, thing: str) -> str:
    """'1 run', '3 runs'."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
