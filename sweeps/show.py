"""Plans and states as tables: live on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from resnet.planning.cluster import Cluster
from resnet.runs.spec import RunSpec
from sweeps import slurm
from sweeps.expected import makespan
from sweeps.pack import arrays, seconds_of
from sweeps.sending import Draft
from sweeps.states import ALIVE, RunState, counts

MOST = 30  # rows of runs that a table shows without --all
LINE_EVERY = 60.0  # seconds between two lines in a log

STYLES = {"done": "green", "running": "cyan", "queued": "dim", "waiting": "dim", "new": "dim"}


def plan_lines(draft: Draft, largest: int) -> list[str]:
    """What a submission would send, in words."""
    specs, cluster = draft.specs, draft.order.cluster
    recipe = specs[0].recipe
    found = counts(draft.states)
    under_way = sum(found.get(state, 0) for state in ALIVE)
    todo = [spec for task in draft.tasks for spec in task]
    lines = [
        f"runs      {len(specs)}: {found.get('done', 0)} done, {under_way} under way in other "
        f"jobs, {len(todo)} to send{_rest(found)}",
        f"nets      {', '.join(dict.fromkeys(spec.net for spec in specs))}",
        f"recipe    {recipe.name}, {recipe.steps:,} steps of {recipe.batch_size}",
        f"data      {_data(specs)}",
    ]
    if todo:
        parts = [len(part) for part in arrays(draft.tasks, largest)]
        lines.append(
            f"arrays    {len(parts)}, of {' + '.join(map(str, parts))} tasks, at most "
            f"{cluster.array_parallelism} at a time; {_packing(draft)}"
        )
        lines.append(f"a task    {_asks(cluster)}")
        lines.append(f"time      {_time(draft)}")
    return lines


def _data(specs: Sequence[RunSpec]) -> str:
    """The data sets, each once."""
    sets = (f"{s.dataset} ({s.dataset_copy}), digest {s.dataset_digest[:12]}" for s in specs)
    return " and ".join(dict.fromkeys(sets))


def _rest(found: dict[str, int]) -> str:
    known = ("done", "new", *ALIVE)
    rest = [f"{number} {state}" for state, number in found.items() if state not in known]
    return f" ({', '.join(rest)})" if rest else ""


def _packing(draft: Draft) -> str:
    sizes = [len(task) for task in draft.tasks]
    runs = str(max(sizes)) if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    return f"{runs} runs a task, {draft.order.cluster.at_a_time} at a time"


def _asks(cluster: Cluster) -> str:
    parts = [f"{cluster.nodes} nodes, each with"] if cluster.nodes > 1 else []
    parts += [f"{cluster.gpus_per_node} GPUs", f"{cluster.cores} cores"]
    parts += [cluster.mem] if cluster.mem else []
    parts.append(f"limit {cluster.timeout_min} min")
    parts.append(f"partition {cluster.partition or 'as the cluster chooses'}")
    return ", ".join(parts).replace("with,", "with")


def _time(draft: Draft) -> str:
    from resnet.console import duration, finish_time

    cluster, expected = draft.order.cluster, draft.expected
    if expected is None:
        return "unknown: no run of this kind was measured yet; it will be once a few are done"
    lengths = [seconds_of(task, cluster, expected) for task in draft.tasks]
    hours = sum(lengths) * max(1, cluster.gpus_per_node) * cluster.nodes / 3600
    unit = "GPU-hours" if cluster.gpus_per_node else "task-hours"
    wall = makespan(lengths, cluster.array_parallelism)
    return (
        f"about {hours:.1f} {unit}; {duration(wall)} once they run, "
        f"{finish_time(wall)} at the earliest ({expected.source})"
    )


def summary(states: Sequence[RunState]) -> str:
    """'12 runs: 8 done, 3 running, 1 error'."""
    parts = ", ".join(f"{number} {state}" for state, number in counts(states).items())
    return f"{len(states)} runs: {parts}"


def table(states: Sequence[RunState], all_: bool = False) -> Any:
    """A row a run that is not done (with `all_` every run), the troubled ones first."""
    from rich.table import Table
    from rich.text import Text

    chosen = [s for s in states if all_ or s.state != "done"]
    chosen.sort(key=lambda s: (s.state in ("queued", "waiting", "new"), s.state in ALIVE))
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("id", "run", "state", "step", "job, node", "cause"):
        # A narrow terminal wraps the rest: what it may not hide is which run is in which state.
        grid.add_column(name, no_wrap=name in ("id", "state", "step"), overflow="fold")
    for state in chosen if all_ else chosen[:MOST]:
        word = Text(state.state, style=STYLES.get(state.state, "bold red"))
        step = f"{state.step}/{state.steps}" if state.step else ""
        cause = state.cause or state.metrics
        where = f"{state.job} {state.node}".strip()
        grid.add_row(state.id, state.title, word, step, where, Text(cause))
    if not all_ and len(chosen) > MOST:
        grid.caption = f"and {len(chosen) - MOST} more (--all shows them)"
        grid.caption_justify = "left"
    return grid


def line(state: RunState) -> str:
    """A run in one line, for logs and pipes."""
    parts = (
        state.id,
        state.title,
        state.state,
        f"step {state.step}/{state.steps}" if state.step else "",
        f"job {state.job}" if state.job else "",
        f"on {state.node}" if state.node else "",
        state.cause or state.metrics,
    )
    return "  ".join(part for part in parts if part)


class Board:
    """Shows states again and again: a live table on a terminal, a line at a change in a log."""

    def __init__(self) -> None:
        from resnet.console import console, say

        self._say, self._last = say, ""
        self._live: Any = None
        self._said = float("-inf")
        if console.is_terminal:
            from rich.live import Live

            self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Board:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, states: list[RunState]) -> None:
        """Show the states as they are now."""
        text = summary(states)
        if self._live:
            from rich.console import Group

            self._live.update(Group(text, table(states)), refresh=True)
        elif text != self._last or time.monotonic() - self._said > LINE_EVERY:
            self._say(f"{time.strftime('%H:%M:%S')}  {text}{_steps(states)}")
            self._said = time.monotonic()
        self._last = text


def _steps(states: Sequence[RunState]) -> str:
    under_way = [f"{s.title} {s.step}/{s.steps}" for s in states if s.state == "running"]
    shown = ", ".join(under_way[:4])
    return f"  ({shown}{', …' if len(under_way) > 4 else ''})" if shown else ""


def largest_array() -> int:
    """The cluster's limit, or SLURM's default where there is no SLURM here."""
    return slurm.max_array_size()
