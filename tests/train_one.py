"""A process that trains one run and saves at every step: to be killed by test_kill.py.

Usage: python tests/train_one.py ROOT
"""

import sys
from pathlib import Path

import torch

from resnet.training import callbacks
from resnet.training.train import train
from tests.conftest import make_dataset, spec_of


def main(root: Path) -> None:
    """Train resnet8 for 60 steps under `root`, with one thread."""
    torch.set_num_threads(1)
    callbacks.SAVE_EVERY = callbacks.SAVE_SHARE = 0.0
    dataset = make_dataset()
    spec = spec_of(dataset, "resnet8", steps=60, milestones=(40,))
    print("ready", flush=True)
    print(train(spec, dataset, root, "test"), spec.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
