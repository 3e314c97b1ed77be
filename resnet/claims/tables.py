"""`python -m resnet claims`: every claim with its source and, on given runs, its verdict."""

from __future__ import annotations

import json as json_format
from typing import TYPE_CHECKING, Any

from resnet.claims.model import Claim
from resnet.terminal import width

if TYPE_CHECKING:
    from rich.table import Table

    from resnet.claims.verdicts import Verdict

COLOURS = {
    "reproduced": "green",
    "contradicted": "red",
    "undecided": "yellow",
    "observed": "cyan",
    "not observed": "magenta",
    "not run": "bright_black",
}


def main_claims(runs_dir: str | None = None, json: bool = False) -> int:
    """Print all claims; with `runs_dir`, their verdicts on its runs, scope by scope.

    Those that experiments alone declare come last. Returns the exit status. UserError where there
    is no such folder.
    """
    from resnet.experiment import every_claim

    claims = list(every_claim().values())
    verdicts = _verdicts(claims, runs_dir) if runs_dir is not None else []
    if json:
        records = [describe(v.claim) | outcome(v) for v in verdicts] or list(map(describe, claims))
        print(json_format.dumps(records, indent=2, ensure_ascii=False, allow_nan=False))
        return 0
    from rich.console import Console

    Console(width=width()).print(_verdict_table(verdicts) if verdicts else _claim_table(claims))
    return 0


def describe(claim: Claim) -> dict[str, Any]:
    """A claim as plain JSON values."""
    return {
        "id": claim.id,
        "sentence": claim.sentence,
        "paper": claim.source.paper,
        "where": claim.source.where,
        "status": claim.source.status,
        "kind": claim.kind,
        "dataset": claim.dataset,
        "arms": list(claim.arms),
        "metrics": list(claim.metrics),
        "asserts": [f"{part.label} {part.asserted}" for part in claim.contrasts()],
        "margin": claim.margin_why,
        "min_seeds": claim.min_seeds,
        "disputes": list(claim.disputes),
        "note": claim.note,
    }


def outcome(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values, without its claim."""
    return {
        "verdict": verdict.word,
        "in_part": verdict.claim.asked_in_part,
        "asked": verdict.claim.asked,
        "reason": verdict.reason,
        "effect": verdict.effect,
        "unit": verdict.unit,
        "low": verdict.low,
        "high": verdict.high,
        "n": verdict.n,
        "seeds": list(verdict.seeds),
        "more_seeds": verdict.more_seeds,
        "scope": verdict.scope,
        "run_ids": list(verdict.run_ids),
        "failed": list(verdict.failed),
        "parts": [
            {
                "asserts": part.label,
                "verdict": part.word,
                "effect": part.effect,
                "low": part.low,
                "high": part.high,
                "more_seeds": part.more_seeds,
            }
            for part in verdict.parts
        ],
    }


def _verdicts(claims: list[Claim], runs_dir: str) -> list[Verdict]:
    from resnet.claims.verdicts import survey
    from resnet.runs import table

    return survey(claims, table.load(runs_dir))


def _claim_table(claims: list[Claim]) -> Table:
    from rich.table import Table

    table = Table("id", "claim", "source", "kind", title=f"{len(claims)} claims", show_lines=True)
    for claim in claims:
        source = f"{claim.source}\n[dim]{claim.source.status}[/]"
        table.add_row(claim.id, claim.sentence, source, claim.kind)
    return table


def _verdict_table(verdicts: list[Verdict]) -> Table:
    from rich.table import Table

    table = Table("claim", "verdict", "effect (95 %)", "scope", show_lines=True)
    table.columns[1].no_wrap = True
    for verdict in verdicts:
        claim, colour = verdict.claim, COLOURS[verdict.word]
        interval = "" if verdict.low is None else f"\n{verdict.low:+.2f} to {verdict.high:+.2f}"
        effect = "" if verdict.effect is None else f"{verdict.effect:+.2f} {verdict.unit}"
        hinge = f"\n[dim]{verdict.decisive.label}[/]" if verdict.decisive else ""
        table.add_row(
            f"[bold]{claim.id}[/] {claim.sentence}\n[dim]{claim.source} ({claim.source.status})[/]",
            f"[{colour}]{verdict.said}[/]",
            effect.rstrip() + interval + hinge,
            "\n".join(filter(None, (verdict.scope, verdict.reason))),
        )
    return table
