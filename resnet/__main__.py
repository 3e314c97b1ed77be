"""python -m resnet nets | summary NET | claims | runs DIR | test FILE: all there is, in tables."""

import argparse
import sys
from pathlib import Path

from resnet.errors import UserError
from resnet.planning import testing
from resnet.planning.options import Parser
from resnet.terminal import forgive


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; returns the exit status, 2 for the user's mistakes."""
    forgive()
    try:
        options = _parser().parse_args(arguments)
        return options.command(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, `head` for example, has had enough
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.filename is None:
            raise
        why = (error.strerror or str(error)).lower()
        print(f"error: {why}: '{error.filename}'; choose one that can be read", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m resnet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    nets = commands.add_parser("nets", help="every net by name, with its counts and its paper")
    nets.set_defaults(command=_nets)
    summary = commands.add_parser("summary", help="a net stage by stage")
    summary.add_argument("net")
    summary.set_defaults(command=_summary)
    claims = commands.add_parser("claims", help="every claim, its source and its verdict")
    claims.add_argument("--runs", metavar="DIR", help="the runs to decide on (default runs/)")
    claims.set_defaults(command=_claims)
    runs = commands.add_parser("runs", help="a row a run")
    runs.add_argument("dir", nargs="?", default="runs", type=Path)
    runs.add_argument("--csv", action="store_true", help="as CSV")
    runs.set_defaults(command=_runs)
    test = commands.add_parser("test", help="what trained CIFAR weights get wrong")
    testing.add_arguments(test)
    test.set_defaults(command=testing.main_test)
    for command in (nets, summary, claims, runs, test):
        command.add_argument("--json", action="store_true", help="as JSON")
    return parser


def _nets(options: argparse.Namespace) -> int:
    from resnet.nets.tables import main_nets

    return main_nets(options.json)


def _summary(options: argparse.Namespace) -> int:
    from resnet.nets.tables import main_summary

    return main_summary(options.net, options.json)


def _claims(options: argparse.Namespace) -> int:
    from resnet.claims.tables import main_claims

    default = "runs" if Path("runs").is_dir() else None
    return main_claims(options.runs or default, options.json)


def _runs(options: argparse.Namespace) -> int:
    from resnet.runs import table

    return table.show(options.dir, "csv" if options.csv else "json" if options.json else "table")


if __name__ == "__main__":
    sys.exit(main())
