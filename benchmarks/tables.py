"""A table of 1,000 runs: seconds to find, check and tabulate them, and to read their histories.

The ratio is to 1,000 bare reads of the same files' JSON: what no table can do without.

    python -m benchmarks tables [--runs 1000] [--turns 3]
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.common import Result, compare, in_turns, parser, seconds, show

DUE = 2.0  # seconds
EPOCHS = 6


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, the ratio first."""
    options = parser("tables", __doc__ or "", turns=3)
    options.add_argument("--runs", type=int, default=1_000)
    given = options.parse_args(arguments)
    show([measure(given.runs, given.turns)], given.json)


def measure(runs: int, turns: int) -> Result:
    """Make the folders, then read them in turns."""
    from resnet.runs import table

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        make(root, runs)
        arms = {
            "table": lambda: seconds(lambda: table.load(root)),
            "histories": lambda: seconds(lambda: table.history(root)),
            "bare": lambda: seconds(lambda: bare(root)),
        }
        in_turns(arms, 1)
        values = in_turns(arms, turns)
        tabulated = table.load(root)
    assert len(tabulated) == runs
    assert set(tabulated["status"]) == {"done"}
    result = compare(f"x a bare read, table of {runs:,} runs", values, "table", "bare", "s")
    slow = result.medians["table"] > DUE
    verdict = f"due at most {DUE:g} s: {'NOT MET' if slow else 'met'}"
    return replace(result, more={"table of 1,000 runs": verdict} if runs == 1_000 else {})


def make(root: Path, runs: int) -> None:
    """So many finished runs of ten nets, as training leaves them but for weights and provenance."""
    from resnet.recipes import get
    from resnet.runs.folder import RunFolder
    from resnet.runs.spec import RunSpec

    nets = [f"{kind}{depth}" for kind in ("plain", "resnet") for depth in (20, 32, 44, 56, 110)]
    for number in range(runs):
        seed, net = divmod(number, len(nets))
        spec = RunSpec(nets[net], "synthetic", "synthetic", "0" * 64, get("quick"), seed)
        folder = RunFolder(root, spec)
        folder.open("benchmark", print)
        rows = [{"step": 32 * e, "epoch": e, "train_error": 50.0 - e} for e in range(1, EPOCHS + 1)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder.path / "metrics-1.jsonl").write_text(text)
        result = {"train_error": 44.0, "test_error": 50.0, "steps": 192, "seconds": 1.0}
        folder.finish({**result, "weights_sha256": f"{number:064x}"})


def bare(root: Path) -> int:
    """Read and parse every run's spec and result; how many there were."""
    found = 0
    for path in root.iterdir():
        with contextlib.suppress(FileNotFoundError):
            json.loads((path / "spec.json").read_text())
            json.loads((path / "result.json").read_text())
            found += 1
    return found


if __name__ == "__main__":
    main()
