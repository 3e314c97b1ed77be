"""What this process may use of its machine."""

import os


def cores() -> int:
    """Cores that this process may run on: in a share of a machine, fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
