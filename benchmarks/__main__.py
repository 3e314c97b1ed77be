"""python -m benchmarks train | augment [flags]: each prints its ratio first."""

import importlib
import sys

NAMES = ("train", "augment")


def main() -> None:
    """Run the benchmark named first on the command line."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print(f"usage: python -m benchmarks {' | '.join(NAMES)} [flags]", file=sys.stderr)
        sys.exit(0 if sys.argv[1:] == ["--help"] else 2)
    importlib.import_module(f"benchmarks.{sys.argv.pop(1)}").main()


if __name__ == "__main__":
    main()
