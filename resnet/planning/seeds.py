"""Which seeds a command line asks for."""

import re

from resnet.errors import UserError

LARGEST = 2**31 - 1
MOST = 10_000  # runs an arm: more is a slip of the finger


def seeds(text: str) -> tuple[int, ...]:
    """The seeds in "3" (0 to 2), "3-5" or "0,4": in that order, each once.

    Raises:
        UserError: none of these forms, no seed, or more than anybody can mean.
    """
    text = text.strip()
    if re.fullmatch(r"-?\d+", text):
        if int(text) < 1:
            raise UserError(f"--seeds {text}: give the number of seeds, 1 or more")
        return _few(text, range(int(text)))
    found: dict[int, None] = {}
    for part in text.split(","):
        form = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not form or int(form[2] or form[1]) < int(form[1]):
            raise UserError(f"--seeds {text}: give how many, as in 3, or which, as in 3-5 or 0,4")
        if int(form[2] or form[1]) > LARGEST:
            raise UserError(f"--seeds {text}: the largest seed is {LARGEST:,}")
        found |= dict.fromkeys(_few(text, range(int(form[1]), int(form[2] or form[1]) + 1)))
    return tuple(found)


def told(found: tuple[int, ...]) -> str:
    """How many they are, and which, unless they are the first so many."""
    count = f"{len(found)} seed{'s' * (len(found) != 1)}"
    first = found == tuple(range(len(found)))
    return count if first else f"{count} ({', '.join(map(str, found))})"


def _few(text: str, found: range) -> tuple[int, ...]:
    if len(found) > MOST:
        raise UserError(f"--seeds {text}: {len(found):,} runs an arm; at most {MOST:,} are taken")
    return tuple(found)
