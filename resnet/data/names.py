"""Names of the data sets and their classes, and the error when a set cannot be had. Light."""

from resnet.errors import UserError, unknown

WHOLE = ("cifar10", "synthetic")

# Labels of CIFAR-10. The synthetic set has the same parts by the same names, though its shapes
# are neither animals nor vehicles.
PARTS = {"animals": (2, 3, 4, 5, 6, 7), "vehicles": (0, 1, 8, 9)}

# Photographs stay on disk; the second is drawn, and stands in for the first.
PHOTOGRAPHS = ("imagenet", "synthetic-photographs")

NAMES = (*WHOLE, *(f"{whole}-{part}" for whole in WHOLE for part in PARTS), *PHOTOGRAPHS)

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


class DataUnavailable(UserError):
    """The set is not on this machine and could not be downloaded; another set may serve."""


def check(name: str) -> str:
    """Return `name`, or raise UserError with the valid names."""
    if name not in NAMES:
        raise unknown("data set", name, NAMES)
    return name


def split(name: str) -> tuple[str, str]:
    """('cifar10', 'animals') of 'cifar10-animals'; no part: ''."""
    if name in PHOTOGRAPHS:
        return name, ""
    whole, _, part = name.partition("-")
    return whole, part


def guessing(name: str) -> float | None:
    """The error of guessing, in percent; None for photographs, whose recipe chooses the classes."""
    if name in PHOTOGRAPHS:
        return None
    return 100 * (1 - 1 / len(PARTS.get(split(name)[1], CIFAR10_CLASSES)))


def is_synthetic(name: str) -> bool:
    """Whether a set, or the whole that it is a part of, is a built-in stand-in."""
    return name.startswith("synthetic")


def stand_in(name: str) -> str:
    """The built-in set that stands in for a set where that is not at hand."""
    if name in PHOTOGRAPHS:
        return PHOTOGRAPHS[1]
    return named(WHOLE[1], split(name)[1])


def named(whole: str, part: str) -> str:
    """The name of a part of a set: the inverse of `split`."""
    return f"{whole}-{part}" if part else whole
