"""Names of the data sets and their classes, and the error when a set cannot be had. Light."""

from resnet.errors import UserError, unknown

NAMES = ("cifar10", "synthetic")

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
