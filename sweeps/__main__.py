"""python -m sweeps plan|submit|status|logs|cancel|resume EXPERIMENT…: runs on a SLURM cluster."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resnet.errors import UserError, mendable
from resnet.planning import cluster
from resnet.planning.options import Parser, add_arguments, add_places, add_ways
from resnet.terminal import forgive

COMMANDS = {
    "plan": "what a submission would send, and how long it would take; sends nothing",
    "submit": "send the runs that are neither done nor under way",
    "resume": "send again what was sent before and has not come to its end, and only that",
    "status": "every run that was sent: its state, and the cause in a line",
    "logs": "what the tasks of troubled runs wrote, with the trace",
    "cancel": "take jobs out of the queue; what they did is kept",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; returns the exit status, 2 for the user's mistakes."""
    from sweeps import commands

    forgive()
    try:
        values = _parse(sys.argv[1:] if arguments is None else arguments)
        return getattr(commands, values.command)(values)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` for example, has had enough
        sys.stderr.close()
        return 0
    except OSError as error:
        if (mend := mendable(error)) is None:
            raise
        print(f"error: {mend}", file=sys.stderr)
        return 2


def _parse(arguments: list[str]) -> argparse.Namespace:
    """The command and its flags; a command's own parser knows the flags that are near."""
    if arguments and arguments[0] in COMMANDS:
        name = arguments[0]
        parser = Parser(
            prog=f"python -m sweeps {name}", description=COMMANDS[name], allow_abbrev=False
        )
        _add_arguments(parser, name)
        return parser.parse_intermixed_args(arguments[1:])
    parser = Parser(prog="python -m sweeps", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, help_ in COMMANDS.items():
        commands.add_parser(name, help=help_)
    return parser.parse_args(arguments)


def _add_arguments(parser: Parser, name: str) -> None:
    many = "+" if name in ("plan", "submit") else "*"
    parser.add_argument("experiments", nargs=many, metavar="EXPERIMENT")
    if name in ("plan", "submit", "resume"):
        _add_resumed(parser) if name == "resume" else add_arguments(parser)
        parser.set_defaults(launcher="slurm")
    else:
        parser.add_argument(
            "--output-dir", type=Path, default=Path("runs"), metavar="DIR", help="of the runs"
        )
    if name in ("submit", "resume"):
        parser.add_argument("--wait", action="store_true", help="until all runs are over")
    if name == "status":
        parser.add_argument("--all", action="store_true", help="a row for done runs too")
        parser.add_argument("--json", action="store_true", help="as JSON")
    if name == "logs":
        parser.add_argument("--run", metavar="ID", help="this run, troubled or not")
        parser.add_argument("--lines", type=int, default=40, metavar="N", help="of each log")
    parser.set_defaults(command=name)


def _add_resumed(parser: Parser) -> None:
    """What may be other than it was when the runs were sent: not what a run is."""
    parser.add_argument("--nets", metavar="A,B", help="of the nets that were sent, these")
    add_places(parser, "the data")
    add_ways(parser)
    cluster.add_arguments(parser)


if __name__ == "__main__":
    sys.exit(main())
