"""The plan before, the tables after: what an experiment prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from experiments.console import console, duration, finish_time, say
from resnet.planning import estimate
from resnet.planning.options import Options
from resnet.planning.plan import Plan
from resnet.training.recipes import differences
from sweeps.pool import share

if TYPE_CHECKING:
    import pandas as pd

    from resnet.claims.verdicts import Verdict
    from resnet.data import Dataset

COLOURS = {
    "reproduced": "green",
    "observed": "green",
    "contradicted": "red",
    "not observed": "red",
    "undecided": "yellow",
    "not run": "dim",
}


def plan(plan: Plan, options: Options, dataset: Dataset, device: str) -> float:
    """Print what will happen before anything does; returns the expected seconds."""
    recipe, todo = plan.recipe, plan.pending
    title = plan.experiment.title
    if dataset.name == "synthetic":
        title += "  (SYNTHETIC data: nothing here is about CIFAR-10)"
    say(f"\n{title}\n{plan.experiment.question}\n")
    runs = f"{len(plan.specs)}: {len(plan.nets)} nets × {len(plan.specs) // len(plan.nets)} seeds"
    say(f"  runs      {runs}; {plan.count('done')} done, {len(todo)} to train{_trouble(plan)}")
    say(f"  nets      {', '.join(plan.nets)}")
    say(f"  data      {dataset.name}, {dataset.copy}, digest {dataset.digest[:12]}")
    say(f"            {dataset.source}")
    say(
        f"  recipe    {recipe.name}: {recipe.train_images:,} images, {recipe.steps:,} steps of "
        f"{recipe.batch_size} ({recipe.epochs} epochs), learning rate {recipe.lr:g}"
    )
    for name, ours, papers in differences(recipe):
        say(f"            {name}: {ours} (paper: {papers})")
    say(f"  device    {_device_name(device)}")
    say(f"  output    {options.output_dir}/")
    seconds = 0.0
    if todo and options.launcher == "local":
        workers, threads = share(len(plan.specs), device, options.workers)
        say(f"  at a time {workers} runs{f' of {threads} threads' if threads else ''}")
        seconds = estimate.seconds(todo, device, workers, threads)
        say(f"  time      about {duration(seconds)}, done at {finish_time(seconds)}")
    say("")
    return seconds


def outcome(plan: Plan, options: Options) -> list[str]:
    """Print arms and verdicts; returns a line for each run that failed."""
    from resnet.claims.verdicts import decide_all
    from resnet.runs import table

    runs = table.load(options.output_dir)
    runs = runs[runs["id"].isin([spec.id for spec in plan.specs])]
    copy = plan.specs[0].dataset_copy
    scope = f"{plan.specs[0].dataset} ({copy}), recipe {plan.recipe.name}"
    console.print(_arms(plan, runs, scope))
    console.print(_verdicts(decide_all(plan.experiment.claims_on(plan.nets), runs), scope))
    failed = runs[runs["status"] == "failed"]
    return [f"run {r.id} ({r.net} seed {r.seed}) failed: {r.reason}" for r in failed.itertuples()]


def _arms(plan: Plan, runs: pd.DataFrame, scope: str) -> Table:
    from resnet.claims import paper

    table = Table(title=f"Arms: error in percent, {scope}", title_justify="left")
    for name in ("net", "seeds", "training error", "test error", "paper, test"):
        table.add_column(name, justify="left" if name == "net" else "right")
    for net in plan.nets:
        done = runs[(runs["net"] == net) & (runs["status"] == "done")]
        printed = paper.figure(net)
        table.add_row(
            net,
            str(len(done)),
            _mean(done["train_error"]),
            _mean(done["test_error"]),
            f"{printed.value:g}" if printed else "not printed",
        )
    return table


def _verdicts(verdicts: list[Verdict], scope: str) -> Table:
    table = Table(title=f"Verdicts, {scope}", title_justify="left")
    for name in ("claim", "sentence", "verdict", "effect", "interval", "seeds"):
        table.add_column(name, justify="right" if name in ("effect", "interval") else "left")
    for verdict in verdicts:
        table.add_row(
            f"{verdict.claim.id}\n{verdict.claim.source}",
            verdict.claim.sentence,
            Text(verdict.word, style=COLOURS[verdict.word]).append(_why(verdict), style="default"),
            "" if verdict.effect is None else f"{verdict.effect:+.2f} {verdict.unit}",
            "" if verdict.low is None else f"{verdict.low:+.2f} to {verdict.high:+.2f}",
            str(verdict.n),
        )
    return table


def _why(verdict: Verdict) -> str:
    more = f"{verdict.more_seeds} more seeds needed" if verdict.more_seeds else ""
    reason = "; ".join(part for part in (verdict.reason, more) if part)
    return f"\n{reason}" if reason else ""


def _mean(values: pd.Series) -> str:
    """Mean, and a 95 % t interval over the seeds where there are two or more."""
    from resnet.claims.statistics import t_interval

    if not len(values):
        return "–"
    mean = f"{values.mean():.2f}"
    if len(values) == 1:
        return mean
    interval = t_interval(values.to_numpy(float), 0.95)
    return f"{mean} [{interval.low:.2f}, {interval.high:.2f}]"


def _trouble(plan: Plan) -> str:
    counts = {status: plan.count(status) for status in ("partial", "failed", "corrupt")}
    words = {"partial": "cut short, to go on", "failed": "failed before", "corrupt": "corrupt"}
    return "".join(f", {count} {words[status]}" for status, count in counts.items() if count)


def _device_name(device: str) -> str:
    from resnet.runs.provenance import hardware

    found = hardware(device)
    return f"{device}: {found['name']}, {found['threads']} threads"
