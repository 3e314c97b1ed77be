"""A process that trains a run in one go, and prints its weights' digest.

Usage: python -m tests.train_again SPEC ROOT THREADS, where SPEC is what `RunSpec.to_json` gives.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resnet.runs.spec import RunSpec

REPOSITORY = Path(__file__).resolve().parents[1]


def started(spec: RunSpec, root: Path, threads: int) -> subprocess.Popen[str]:
    """Such a process, which trains `spec` under `root` with so many threads."""
    words = [sys.executable, "-m", "tests.train_again", json.dumps(spec.to_json()), str(root)]
    return subprocess.Popen(
        [*words, str(threads)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )


def main(text: str, root: Path, threads: int) -> None:
    """Train, without a word about it."""
    import torch

    from resnet.data import load
    from resnet.runs.folder import read_result
    from resnet.runs.spec import RunSpec
    from resnet.training.train import train

    torch.set_num_threads(threads)
    spec = RunSpec.from_json(json.loads(text))
    train(spec, load(spec.dataset, say=lambda line: None), root, "test", say=lambda line: None)
    print((read_result(root / spec.id) or {})["weights_sha256"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
