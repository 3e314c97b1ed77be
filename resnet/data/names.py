"""Names of the data sets and their classes, and the error when a set cannot be had. Light."""

from resnet.errors import UserError, unknown

WHOLE = ("cifar10", "synthetic")

# Labels of CIFAR-10. The synthetic set has the same parts by the same names, though its shapes
# are neither animals nor vehicles.
PARTS = {"animals": (2, 3, 4, 5, 6, 7), "vehicles": (0, 1, 8, 9)}

NAMES = (*WHOLE, *(f"{whole}-{part}" for whole in WHOLE for part in PARTS))

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
    whole, _, part = name.partition("-")
    return whole, part


def is_synthetic(name: str) -> bool:
    """Whether a set, or the whole that it is a part of, is the built-in stand-in."""
    return split(name)[0] == "synthetic"
