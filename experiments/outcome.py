"""The outcome: arms and verdicts as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from resnet.console import console, say
from resnet.planning.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

    from resnet.claims.looks import Design
    from resnet.claims.model import Claim
    from resnet.claims.verdicts import Verdict

COLOURS = {
    "reproduced": "bold green",
    "observed": "green",
    "contradicted": "bold red",
    "not observed": "red",
    "undecided": "yellow",
    "not run": "dim",
}
SINGLE = "one seed: no interval, no verdict"


def more_seeds(plan: Plan, root: Path, design: Design) -> int:
    """How many seeds more each arm should get under a sequential design; 0 when it may stop.

    The look is put on record in the runs' folders, so that every reader of them allows for it.
    """
    from resnet.claims.sequential import next_wave
    from resnet.runs import waves

    runs = _runs(plan, root)
    if (runs["status"] == "done").any():
        waves.record(root, runs.loc[runs["status"] != "corrupt", "id"], design.waves)
    return next_wave(_claims(plan), runs, design)


def check_budget(plan: Plan, root: Path, design: Design) -> None:
    """UserError where a claim was looked at with a smaller budget: that one is spent.

    Looks at some of its arms alone were looks at other claims.
    """
    from resnet.claims import evidence
    from resnet.claims.looks import looked_at
    from resnet.errors import UserError

    if not root.is_dir():
        return
    runs = _runs(plan, root)
    for claim in _claims(plan):
        mine = evidence.of(claim, runs)
        seen = [looked_at(mine[mine["net"] == net]) for net in claim.arms]
        spent = max((one.budget for one in seen if one is not None), default=0)
        if None not in seen and spent < design.budget:
            raise UserError(
                f"--until-decided {design.budget}: the runs of {claim.id} were looked at with a "
                f"budget of {spent} seeds, on which the whole error rate was spent; ask for "
                f"{spent}, or begin elsewhere (--output-dir)"
            )


def show(plan: Plan, root: Path) -> list[str]:
    """Print arms and verdicts of the plan's runs; returns a line for each run that failed."""
    from resnet.claims.verdicts import decide_all

    runs = _runs(plan, root)
    first = plan.specs[0]
    recipe = f"recipe {plan.recipe.name}"
    if any("@" in net for net in plan.nets):
        recipe += " where an arm names no other"
    scope = f"{first.dataset}, {first.dataset_copy}, {recipe}"
    if first.dataset.startswith("synthetic"):
        scope = f"SYNTHETIC data, {recipe}"
    say(f"\nArms: error in percent, mean [95 % interval] over seeds; {scope}")
    console.print(_arms(plan, runs))
    verdicts = decide_all(_claims(plan), runs)
    waves = sorted({wave for verdict in verdicts for wave in verdict.waves})
    looks = f"; intervals allow for looks at {', '.join(map(str, waves))} seeds" if waves else ""
    if verdicts:
        say(f"Verdicts: {scope}{looks}")
        console.print(_verdicts(verdicts))
    if any(SINGLE in verdict.reason for verdict in verdicts):
        say(f"{SINGLE}. Claims need 3 seeds or more: --seeds 3\n")
    for claim, needs in plan.experiment.not_asked(plan.nets, plan.recipe.name).items():
        say(f"not asked: {claim} {needs}")
    failed = runs[runs["status"] == "failed"]
    return [f"run {r.id} ({r.net} seed {r.seed}) failed: {r.reason}" for r in failed.itertuples()]


def _claims(plan: Plan) -> tuple[Claim, ...]:
    return plan.experiment.claims_on(plan.nets, plan.recipe.name)


def _runs(plan: Plan, root: Path) -> pd.DataFrame:
    """The plan's runs, named as its arms are."""
    from resnet.claims.scope import labelled
    from resnet.runs import table

    runs = table.load(root)
    mine = runs[runs["id"].isin([spec.id for spec in plan.specs])]
    return labelled(mine, plan.recipe.digest)


def _arms(plan: Plan, runs: pd.DataFrame) -> Table:
    from resnet.claims import paper

    table = Table(box=SIMPLE_HEAD)
    for name in ("net", "seeds", "training error", "test error", "paper, test"):
        table.add_column(name, justify="left" if name == "net" else "right", no_wrap=True)
    for net in plan.nets:
        done = runs[(runs["net"] == net) & (runs["status"] == "done")]
        printed = paper.of_arm(net, plan.specs[0].dataset)
        table.add_row(
            net,
            str(len(done)),
            _mean(done["train_error"]),
            _mean(done["test_error"]),
            f"{printed.value:g}" if printed else "–",
        )
    return table


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("verdict", no_wrap=True)
    table.add_column("effect", justify="right")
    table.add_column("seeds", justify="right")
    table.add_column("claim", ratio=1)
    for verdict in verdicts:
        claim = Text(verdict.claim.sentence)
        claim.append(f"\n{verdict.claim.id}: {verdict.claim.source}", style="dim")
        if asked := verdict.claim.asked:
            claim.append(f"\nasked here {asked}", style="bold")
        if why := _why(verdict):
            claim.append(f"\n{why}", style="italic")
        claim.append("\n")
        word = Text(verdict.said, style=COLOURS[verdict.word])
        table.add_row(word, _effect(verdict), str(verdict.n), claim)
    return table


def _effect(verdict: Verdict) -> str:
    """The number that the verdict hangs on, what the claim says of it, and its interval."""
    if verdict.effect is None or verdict.decisive is None:
        return "–"
    lines = [f"{verdict.effect:+.2f} {verdict.unit}"]
    if verdict.low is not None:
        lines.append(f"[{verdict.low:+.2f}, {verdict.high:+.2f}]")
    return "\n".join([*lines, f"claimed {verdict.decisive.contrast.asserted}"])


def _why(verdict: Verdict) -> str:
    reasons = [part for part in verdict.reason.split("; ") if part and part != SINGLE]
    if verdict.more_seeds and verdict.n > 1:
        reasons.append(f"{verdict.more_seeds} more seed{'s' * (verdict.more_seeds > 1)} needed")
    return "; ".join(reasons)


def _mean(values: pd.Series) -> str:
    """Mean, and a 95 % t interval over the seeds where there are two or more."""
    from resnet.claims.statistics import t_interval

    if not len(values):
        return "–"
    mean = f"{values.mean():.2f}"
    if len(values) == 1:
        return mean
    interval = t_interval(values.to_numpy(float), 0.95)
    return f"{mean}\n[{interval.low:.2f}, {interval.high:.2f}]"
