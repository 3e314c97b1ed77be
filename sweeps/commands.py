"""The commands of `python -m sweeps`; each returns the exit status."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from resnet import experiment as experiments
from resnet.errors import UserError
from resnet.planning import places
from resnet.planning.cluster import Cluster
from resnet.planning.options import from_values
from resnet.runs import folder as run_folder
from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps import sending, slurm
from sweeps.again import again
from sweeps.driver import trouble
from sweeps.events import Events
from sweeps.launch import jobs_text, wait
from sweeps.manifest import Manifest
from sweeps.show import largest_array, line, plan_lines, summary, table
from sweeps.states import ALIVE, OVER, RunState, Survey
from sweeps.submit import Order


def plan(values: argparse.Namespace) -> int:
    """Print what would be sent."""
    options, cluster = _options(values)
    for name in values.experiments:
        made = sending.plan(experiments.get(name), options, cluster)
        draft = sending.draft(made.runs, sending.order(made, options, cluster))
        _print_plan(name, plan_lines(draft, largest_array()))
    return 0


def submit(values: argparse.Namespace) -> int:
    """Send what is missing; with --wait stay until it is over."""
    options, cluster = _options(values)
    status = 0
    for name in values.experiments:
        made = sending.plan(experiments.get(name), options, cluster)
        status |= _send(made.runs, sending.order(made, options, cluster), values)
    return status


def resume(values: argparse.Namespace) -> int:
    """Send again what was sent and is neither over nor under way."""
    options, status = from_values(vars(values)), 0
    for specs, order in again(_manifests(values), options, values.experiments):
        status |= _send(specs, order, values)
    return status


def status(values: argparse.Namespace) -> int:
    """Print the state of every run; 1 when some are in trouble."""
    found = _manifests(values)
    survey = Survey(values.output_dir, found)
    groups: dict[str, list[RunState]] = {}
    for name, runs in _runs(values, found).items():
        groups[name] = survey.states(runs)
    if values.json:
        rows = [{"experiment": name, **asdict(s)} for name, g in groups.items() for s in g]
        print(json.dumps(rows, indent=2))
    else:
        _print_states(groups, values.all)
    return int(any(trouble([s for s in g if s.state not in ALIVE]) for g in groups.values()))


def logs(values: argparse.Namespace) -> int:
    """Print the trace and the end of the task's log of each troubled run, or of one named."""
    found = _manifests(values)
    survey = Survey(values.output_dir, found)
    runs = {run: spec for group in _runs(values, found).values() for run, spec in group.items()}
    if values.run:
        runs = {run: spec for run, spec in runs.items() if run.startswith(values.run)}
        if not runs:
            raise UserError(f"--run {values.run}: no run has such an id; status --all lists them")
    if not found:
        raise UserError(_nothing_in(values.output_dir))
    for state in survey.states(runs):
        if values.run or state.state not in (*OVER, *ALIVE):
            _print_log(survey, state, values.lines)
    return 0


def cancel(values: argparse.Namespace) -> int:
    """Take the experiments' jobs out of the queue."""
    if not values.experiments:
        raise UserError("cancel what? name the experiments")
    found = _manifests(values)
    if not found:
        raise UserError(_nothing_in(values.output_dir))
    survey = Survey(values.output_dir, found)
    jobs = set()
    for manifest in found:
        for number, runs in enumerate(manifest.tasks):
            if (job := survey.job(manifest, number)) in survey.queue:
                jobs.add(job)
                Events(manifest.events(number).path, echo=False).add("cancel")
                print(f"job {job}: {_titles([manifest.runs[run] for run in runs])}")
    slurm.cancel(jobs)
    if jobs:
        print(f"{len(jobs)} jobs cancelled; their runs can go on with: python -m sweeps resume")
    else:
        print("nothing to cancel: none of their jobs is in the queue")
    here = [manifest.name for manifest in found if manifest.name in survey.local]
    if here:
        print(f"on this machine still: {', '.join(here)}; stop those with Ctrl-C where they run")
    return 0


def _titles(specs: list[dict[str, Any]]) -> str:
    """The runs of a task in a few words."""
    first = ", ".join(f"{spec['net']} seed {spec['seed']}" for spec in specs[:3])
    return first + (f" and {len(specs) - 3} more" if len(specs) > 3 else "")


def _options(values: argparse.Namespace) -> tuple[Any, Cluster]:
    options = from_values(vars(values))
    script = f"python experiments/{values.experiments[0]}.py"
    if options.launcher != "slurm":
        raise UserError(f"--launcher {options.launcher}: sweeps go to SLURM; without it: {script}")
    if options.until_decided is not None:
        raise UserError(
            "--until-decided needs somebody who looks between its waves: "
            f"{script} --launcher slurm --until-decided {options.until_decided}"
        )
    places.check(replace(options, report=False))
    return options, sending.cluster_of(options)


def _send(specs: tuple[RunSpec, ...], order: Order, values: argparse.Namespace) -> int:
    if values.dry_run:
        _print_plan(order.experiment, plan_lines(sending.draft(specs, order), largest_array()))
        return 0
    draft, sent = sending.submit(specs, order)
    _print_plan(order.experiment, plan_lines(draft, largest_array()))
    print(f"  sent      as jobs {jobs_text(sent.jobs)}" if sent else "  sent      nothing")
    if not values.wait:
        return 0
    lines = trouble(wait(draft, order, values.output_dir))
    for text in lines:
        print(f"error: {text}")
    return 2 if lines else 0


def _manifests(values: argparse.Namespace) -> list[Manifest]:
    for name in values.experiments:
        experiments.get(name)
    return manifests.load(values.output_dir, tuple(values.experiments))


def _runs(values: argparse.Namespace, found: list[Manifest]) -> dict[str, dict[str, Any]]:
    """By experiment: the specs, as JSON, of the runs that were sent or are there."""
    from resnet.runs.table import folders

    runs: dict[str, dict[str, Any]] = {}
    known: set[str] = set()
    for manifest in found:
        mine = {run: manifest.runs[run] for run in manifest.order}
        runs.setdefault(manifest.experiment, {}).update(mine)
        known.update(mine)
    for path in folders(values.output_dir):
        if path.name in known:
            continue
        try:
            spec, name = run_folder.read_spec(path)
        except run_folder.CorruptRun:
            continue
        if not values.experiments or name in values.experiments:
            runs.setdefault(name, {})[path.name] = spec.to_json()
    if not runs:
        raise UserError(_nothing_in(values.output_dir))
    return runs


def _nothing_in(root: Path) -> str:
    return f"no runs were sent from '{root}' (--output-dir?)"


def _print_plan(name: str, lines: list[str]) -> None:
    print(name)
    for text in lines:
        print(f"  {text}")


def _print_states(groups: dict[str, list[RunState]], all_: bool) -> None:
    import sys

    for name, states in groups.items():
        print(f"{name}: {summary(states)}")
        if sys.stdout.isatty():
            from resnet.console import console

            console.print(table(states, all_))
        else:
            for state in states:
                if all_ or state.state != "done":
                    print(f"  {line(state)}")


def _print_log(survey: Survey, state: RunState, lines: int) -> None:
    """The trace where the run left one, else the end of its task's log; where the log lies."""
    print(f"== {line(state)}")
    trace = survey.root / state.id / run_folder.TRACE
    if trace.exists():
        print(trace.read_text().rstrip())
    if last := survey.last_place(state.id):
        manifest, number = last
        job = survey.job(manifest, number) or state.job
        for log in sorted(manifest.logs.glob(f"{job}/{job}_*_log.out")) if job else []:
            text = log.read_text(errors="replace").splitlines()
            shown = [] if trace.exists() else text[-lines:]
            print(f"-- {log}, last {len(shown)} of {len(text)} lines")
            print("\n".join(shown))
