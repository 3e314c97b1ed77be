"""python -m benchmarks NAME [flags]: each prints its ratio first; --help tells what it measures."""

import importlib
import sys

NAMES = {
    "step": "a step, plain and fast, against the usual loop's; share of the floor",
    "compiled": "a step with compiled blocks against eager ones, and when that has paid",
    "train": "a whole run against the usual loop, and against the bare step",
    "augment": "batched augmentation against PIL",
    "decode": "decoders of photographs against PIL, a core",
    "startup": "from the start of Python to the first step",
    "packing": "runs side by side against one after another",
    "lesion": "deleting blocks with and without reuse of activations",
    "tables": "a table of 1,000 runs",
    "growth": "time by depth and by epochs",
    "tiles": "how to cut each convolution into programs on this GPU",
    "early": "kernels launched early against kernels that are not, on a Hopper GPU",
    "gpu": "every goal on a GPU, in one call of less than ten minutes",
}


def main() -> None:
    """Run the benchmark named first on the command line."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print("usage: python -m benchmarks NAME [flags]\n", file=sys.stderr)
        for name, what in NAMES.items():
            print(f"  {name:9}{what}", file=sys.stderr)
        sys.exit(0 if sys.argv[1:] == ["--help"] else 2)
    importlib.import_module(f"benchmarks.{sys.argv.pop(1)}").main()


if __name__ == "__main__":
    main()
