"""Data: CIFAR-10 (original or a copy of it), the built-in synthetic set, batched augmentation.

Importing this package is light; torch is imported when one of its names is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from resnet.data.names import NAMES, DataUnavailable

if TYPE_CHECKING:
    from resnet.data.augment import Pipeline
    from resnet.data.loading import load
    from resnet.data.order import Draw, Stream
    from resnet.data.sets import Dataset, Split, Subset

__all__ = [
    "NAMES",
    "DataUnavailable",
    "Dataset",
    "Draw",
    "Pipeline",
    "Split",
    "Stream",
    "Subset",
    "load",
]

_HOME = {
    "Dataset": "sets",
    "Draw": "order",
    "Pipeline": "augment",
    "Split": "sets",
    "Stream": "order",
    "Subset": "sets",
    "load": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'resnet.data' has no attribute '{name}'")
    return getattr(import_module(f"resnet.data.{_HOME[name]}"), name)
