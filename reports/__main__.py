"""`python -m reports`: make reports, verify one, keep what they are made from, or list verdicts.

    python -m reports EXPERIMENT… [--source runs/]… [--nets A,B] [--output reports/pdf]
    python -m reports summary
    python -m reports verify FILE.pdf…
    python -m reports data FOLDER [--source runs/]…    # the tables alone: small, and a source again
    python -m reports data FOLDER --epochs N           # every run as it was after N epochs
    python -m reports verdicts SOURCE…                 # every verdict, a column a source

Of several sources, each run is read once: a finished one before an unfinished one, and otherwise
the one that is given first.

Exit status: 0; 1 when a report does not verify; 2 for a mistake of the user's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet.errors import UserError
from resnet.terminal import forgive

if TYPE_CHECKING:
    from reports.frames import Frames

DEFAULT_OUTPUT = "reports/pdf"
OTHERS = ("verify", "data", "verdicts", "summary")
"""What may be asked for beside an experiment's report."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    usual = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser("python -m reports", description=__doc__, formatter_class=usual)
    forms = "EXPERIMENT | summary | verify FILE.pdf | data FOLDER | verdicts SOURCE"
    made.add_argument("what", nargs="+", metavar=forms)
    where = "a folder of runs, wandb:ENTITY/PROJECT, journals:DIR, or another report"
    where += "; several times, for the runs of all (default: runs/)"
    made.add_argument("--source", action="append", default=[], help=where)
    made.add_argument("--output", default=DEFAULT_OUTPUT, help=f"default: {DEFAULT_OUTPUT}")
    nets = "of a report: on these nets (default: the experiment's own)"
    made.add_argument("--nets", metavar="A,B", help=nets)
    cut = "of data: end every run that got so far with this epoch, as if its recipe ended there"
    made.add_argument("--epochs", type=int, metavar="N", help=cut)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; returns the exit status."""
    forgive()
    asked = parser().parse_args(arguments)
    source = asked.source or ["runs/"]
    try:
        if asked.epochs is not None and asked.what[0] != "data":
            raise UserError("--epochs goes with data: python -m reports data FOLDER --epochs N")
        if asked.nets is not None and {*OTHERS} & {*asked.what}:
            raise UserError("--nets goes with an experiment: python -m reports NAME --nets A,B")
        if asked.what[0] == "verify":
            return max(map(_verify, asked.what[1:] or _nothing()))
        if asked.what[0] == "data":
            return max(_keep(name, source, asked.epochs) for name in asked.what[1:] or _nowhere())
        if asked.what[0] == "verdicts":
            return _list(asked.what[1:])
        # Not `reports.make`: where a folder reports/ of PDFs lies in the working directory, that
        # folder is what `import reports` finds, and it has modules of ours but no names.
        from reports.build import make

        _check(asked.what, source)
        wanted = _runs_of(asked.nets, source)
        for name in asked.what:
            print(make(name, source, Path(asked.output), wanted=wanted))
        return 0
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _check(names: Sequence[str], source: list[str]) -> None:
    """UserError for a name that is no experiment's, before any is made, and for no runs at all."""
    from reports.opening import find
    from reports.source import load

    for name in names:
        find(name)
    if load(source).runs.empty:
        raise UserError(f"no runs in {', '.join(source)}: give the folder that they went to")


def _nothing() -> list[str]:
    raise UserError("verify needs a file: python -m reports verify FILE.pdf")


def _nowhere() -> list[str]:
    raise UserError("data needs a folder: python -m reports data results/NAME --source runs/")


def _runs_of(nets: str | None, source: list[str]) -> list[str] | None:
    """The ids of the runs of the arms named, where some are: NET, or NET@RECIPE beside it.

    A bare NET is one under the recipe that most runs of these nets are under.
    """
    from reports.scopes import beside_scope, likeliest_scope
    from reports.source import load
    from resnet.claims.scope import labelled

    if nets is None:
        return None
    runs, names = load(source).runs, [name.strip() for name in nets.split(",") if name.strip()]
    scope = likeliest_scope(runs, tuple(name for name in names if "@" not in name))
    arms = labelled(runs, scope[1])["net"] if scope else runs["net"]
    if lacking := [name for name in names if name not in set(arms)]:
        raise UserError(f"no run of {', '.join(lacking)} in {', '.join(source)}")
    return list(runs.loc[arms.isin(names) & beside_scope(runs, scope), "id"])


def _list(sources: list[str]) -> int:
    """Print the verdicts of each source."""
    from reports.campaigns import verdicts

    if not sources:
        raise UserError("verdicts needs a source: python -m reports verdicts results/quick")
    print(verdicts(sources))
    return 0


def _keep(folder: str, source: list[str], epochs: int | None) -> int:
    from reports.frames import write
    from reports.source import load

    frames = load(source)
    if epochs is not None:
        from reports.until import until

        frames = until(frames, epochs)
    _spare(Path(folder), frames)
    for path in write(frames, Path(folder)):
        print(f"{path}: {path.stat().st_size / 1024:,.0f} KiB, {len(frames.runs)} runs")
    return 0


def _spare(folder: Path, frames: Frames) -> None:
    """UserError where runs are in `folder` that what is to be written there has not."""
    from reports.frames import RUNS
    from reports.source import load

    before = set(load(folder).runs["id"]) if (folder / RUNS).is_file() else set()
    if lost := before - set(frames.runs["id"]):
        raise UserError(
            f"{folder} has {len(lost)} runs that are not in the sources: name it as a --source "
            "too, or choose another folder"
        )


def _verify(name: str) -> int:
    """Print what differs in one report; 1 when anything does."""
    from reports.check import differences, foreign

    found = differences(Path(name))
    for line in found:
        print(f"{name}: {line}")
    said = f"{len(found)} differences" if found else "every number of ours follows from its data"
    if not found and (others := foreign(Path(name))):
        said += f"; not recomputed: {others} output{'s' * (others > 1)} of other cells"
    print(f"{name}: {said}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
