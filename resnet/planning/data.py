"""The data that the options ask for: where it is looked for, and what stands in for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet.console import say
from resnet.planning.options import Options

if TYPE_CHECKING:
    from resnet.data import Dataset


TITLES = {"cifar10": "CIFAR-10", "imagenet": "ImageNet"}


def data_dir(options: Options) -> Path | None:
    """Where the data lies: as asked, else data/ in this folder if there is one."""
    here = Path("data")
    return options.data_dir or (here if here.is_dir() else None)


def load_data(options: Options, preset: str) -> Dataset:
    """The data asked for; quick falls back to a synthetic set, and says so loudly.

    Not where a folder was named that has no data: that is a mistake.

    Of a part, the whole: some runs start from others that were trained on another part.
    """
    from resnet.data import DataUnavailable, load
    from resnet.data.names import split, stand_in

    whole, _ = split(options.dataset)
    try:
        return load(whole, data_dir(options), say=say)
    except DataUnavailable as error:
        if preset != "quick" or options.data_dir is not None:
            raise
        say("=" * 78)
        name = TITLES.get(whole, whole)
        say(f"NO {name.upper()} HERE: this run is on the built-in SYNTHETIC set, not on {name}.")
        say(f"({error})")
        say("=" * 78)
        return load(stand_in(whole), say=say)
