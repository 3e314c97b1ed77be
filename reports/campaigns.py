"""Every verdict of a campaign as a table, and those of several side by side, in Markdown.

A campaign is a source of runs (`reports.source.load`). It is put every claim of every experiment;
a claim that its runs say nothing about has no row, or no cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.scopes import SCOPE
from reports.source import load
from reports.tables import effect
from reports.words import BLANK, NONE, interval
from resnet.claims.verdicts import DECIDED

if TYPE_CHECKING:
    from reports.frames import Frames
    from resnet.claims.verdicts import Verdict

COLUMNS = ("experiment", "claim", "verdict", "effect", "interval", "seeds")
NOTHING = "No claim is answered by these runs."

Answers = Mapping[tuple[str, str], "Verdict"]
"""Verdicts by experiment and claim id."""


@dataclass(frozen=True)
class Row:
    """A claim as one experiment asks it, or several alike; verdicts by campaign."""

    experiments: tuple[str, ...]
    claim: str
    found: Mapping[str, Verdict]

    def alike(self, other: Row) -> bool:
        """Whether both are one claim, with the same answers wherever both are answered."""
        both = self.found.keys() & other.found.keys()
        same = all(_said(self.found[name]) == _said(other.found[name]) for name in both)
        return self.claim == other.claim and bool(both) and same

    def joined(self, other: Row) -> Row:
        """Both as one row."""
        experiments = (*self.experiments, *other.experiments)
        return Row(experiments, self.claim, {**other.found, **self.found})


def verdicts(sources: Sequence[str | Path]) -> str:
    """The table of one source, or of several side by side, in Markdown."""
    every = [load(source) for source in sources]
    told = [answers(frames) for frames in every]
    called = names(sources)
    table = alone(told[0]) if len(told) == 1 else beside(dict(zip(called, told, strict=True)))
    notes = map(left_out, called, every, told)
    return "\n".join([table, *("\n" + note for note in notes if note)])


def left_out(name: str, frames: Frames, told: Answers) -> str:
    """The recipes of which the source has runs that no answer rests on, in a line; '' for none.

    Each experiment answers for the scope that it has most runs of.
    """
    from resnet.data.names import split

    # Those on a part of the data are what others start from.
    whole = frames.runs["dataset"].map(lambda name: not split(str(name))[1])
    done = frames.runs[(frames.runs["status"] == "done") & whole]
    used = {run for verdict in told.values() for run in verdict.run_ids}
    scopes = done.groupby(list(SCOPE), sort=False)
    rest = [part for _, part in scopes if not used & set(part["id"])]
    what = dict.fromkeys(f"{part['recipe'].iloc[0]}, {part['dataset'].iloc[0]}" for part in rest)
    runs = sum(map(len, rest))
    return (
        f"{name}: {runs} further runs, on which no answer rests ({'; '.join(what)})."
        if rest
        else ""
    )


def answers(frames: Frames) -> dict[tuple[str, str], Verdict]:
    """The verdict on each claim that the runs say something about, experiment by experiment."""
    from reports.opening import narrowed
    from reports.summary import experiments

    every = experiments().items()
    found = ((name, v) for name, one in every for v in narrowed(one, frames).verdicts)
    return {(name, v.claim.id): v for name, v in found if v.word != "not run"}


def names(sources: Sequence[str | Path]) -> list[str]:
    """What each source is called: its last part, or all of it where two end alike."""
    short = [Path(str(source)).name.removesuffix(".pdf") or str(source) for source in sources]
    return [
        name if short.count(name) == 1 else str(source)
        for name, source in zip(short, sources, strict=True)
    ]


def alone(told: Answers) -> str:
    """The table of one campaign: a row an experiment and claim."""
    rows = [
        (name, _claim(v.claim.id, v.claim.asked), _word(v), effect(v),
         interval(v.low, v.high, signed=True), str(v.n))
        for (name, _), v in told.items()
    ]  # fmt: skip
    return _markdown(COLUMNS, rows)


def beside(told: Mapping[str, Answers]) -> str:
    """The table of several campaigns, a column each.

    What two experiments ask alike stands once. Where campaigns put a claim to different nets,
    each cell names its own.
    """
    rows = []
    for row in _rows(told):
        asked = {v.claim.asked for v in row.found.values()}
        common = asked.pop() if len(asked) == 1 else ""
        cells = (_cell(row.found.get(name), not common) for name in told)
        rows.append((", ".join(row.experiments), _claim(row.claim, common), *cells))
    return _markdown((*COLUMNS[:2], *told), rows)


def _rows(told: Mapping[str, Answers]) -> list[Row]:
    from reports.summary import experiments

    rows: list[Row] = []
    for key in ((name, claim.id) for name, one in experiments().items() for claim in one.claims):
        found = {name: verdicts[key] for name, verdicts in told.items() if key in verdicts}
        if not found:
            continue
        row = Row(key[:1], key[1], found)
        place = next((i for i, other in enumerate(rows) if other.alike(row)), len(rows))
        rows[place : place + 1] = [rows[place].joined(row) if place < len(rows) else row]
    return rows


def _claim(name: str, asked: str) -> str:
    return f"{name} ({asked})" if asked else name


def _word(verdict: Verdict) -> str:
    mark = "**" if verdict.said in DECIDED else "*"
    return f"{mark}{verdict.said}{mark}"


def _cell(verdict: Verdict | None, names_nets: bool) -> str:
    """Word, effect, interval and seeds; a dash for no answer."""
    if verdict is None:
        return NONE
    numbers = (effect(verdict), interval(verdict.low, verdict.high, signed=True))
    nets = f", {verdict.claim.asked}" if names_nets and verdict.claim.asked else ""
    shown = (number for number in numbers if number != NONE)
    return " ".join((_word(verdict), *shown, f"({verdict.n}){nets}"))


def _said(verdict: Verdict) -> str:
    return _cell(verdict, names_nets=True)


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(row) for row in rows]
    return "\n".join((_line(columns), "|---" * len(columns) + "|", *lines)) if lines else NOTHING


def _line(cells: Sequence[str]) -> str:
    texts = (cell.replace(BLANK, " ").replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(texts)} |"
