"""A process that trains the run of a folder once more, in one go, and prints its weights' digest.

Usage: python -m tests.train_again FOLDER ROOT THREADS
"""

import sys
from pathlib import Path

import torch

from resnet.data import load
from resnet.runs.folder import read_result, read_spec
from resnet.training.train import train


def main(folder: Path, root: Path, threads: int) -> None:
    """Train the same spec under `root`, with so many threads."""
    torch.set_num_threads(threads)
    spec, _ = read_spec(folder)
    train(spec, load(spec.dataset, say=lambda line: None), root, "test")
    print((read_result(root / spec.id) or {})["weights_sha256"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
