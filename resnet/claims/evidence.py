"""The runs that bear on a claim: gathered by scope, paired by seed, failures named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resnet.claims.contrasts import Contrast
from resnet.claims.model import Claim
from resnet.claims.scope import as_named, barred, of, scope_text, scopes, why_not_compared
from resnet.claims.statistics import Array
from resnet.data import names
from resnet.runs.measures import beside_it

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Evidence",
    "as_named",
    "at_hand",
    "barred",
    "gather",
    "of",
    "scope_text",
    "scopes",
    "some",
    "why_not_compared",
]


GUESSED = 0.95  # of the error of guessing: who is above has not learned


@dataclass(frozen=True)
class Evidence:
    """The numbers of a claim's arms on the seeds that all of them have.

    `failed` names the failed runs, `missing` the arms without any ended run, `unmeasured` those
    whose finished runs lack a metric, `unpaired` the seeds that not every arm has, `lacking` those
    whose runs lack a metric, `undefined` those of them where it was looked for and cannot be said,
    `beyond` those that the design of the looks does not pay for, `guessing` the arms that have not
    learned.
    """

    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]
    scope: str
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    unmeasured: tuple[str, ...]
    unfinished: int
    unpaired: tuple[int, ...]
    lacking: tuple[int, ...]
    undefined: tuple[int, ...]
    beyond: tuple[int, ...]
    guessing: tuple[str, ...]
    table: dict[tuple[str, str], Array]

    def numbers(self, contrast: Contrast) -> Array:
        """The contrast's number for each seed [n], in its unit."""
        terms = [weight * self.table[net, contrast.metric] for net, weight in contrast.terms]
        return np.asarray(np.sum(terms, axis=0), dtype=np.float64)

    @property
    def gap(self) -> str:
        """What stands between the runs at hand and the claim; '' for nothing."""
        bad, waiting = len(self.failed), self.unfinished
        phrases = {
            f"no finished run of {some(self.missing)}": self.missing,
            f"what it asks was not measured in {some(self.unmeasured)}": self.unmeasured,
            f"{_runs(bad)} failed and left out: {'; '.join(self.failed)}": bad,
            f"{_runs(waiting)} not finished": waiting,
            f"{_seeds(self.unpaired)}, which not every arm has, left out": (
                self.unpaired and not (self.missing or self.unmeasured)
            ),
            f"{_seeds(self.lacking)}, where not all that it asks was measured, left out": (
                self.lacking and not self.unmeasured
            ),
            f"{_seeds(self.beyond)}, beyond the seeds that the looks were planned for, left out": (
                self.beyond
            ),
        }
        return "; ".join(phrase for phrase, said in phrases.items() if said)


def gather(
    claim: Claim, runs: pd.DataFrame, seeds_seen: Callable[[int], int] | None = None
) -> Evidence:
    """The evidence in `runs`, all of one scope: the claim's arms by seed, metrics as columns."""
    finished = runs[runs["status"] == "done"]
    done = _measured(claim, finished)
    by_arm = {net: _by_seed(done, net) for net in claim.arms}
    common = sorted(set.intersection(*(set(rows) for rows in by_arm.values())))
    ran = [set(finished.loc[finished["net"] == net, "seed"].astype(int)) for net in claim.arms]
    everywhere = set.intersection(*ran)
    seeds = common[: seeds_seen(len(common))] if seeds_seen else common
    picked = {net: [rows[seed] for seed in seeds] for net, rows in by_arm.items()}
    table = {
        (net, metric): np.array([row[metric] for row in rows], dtype=np.float64)
        for net, rows in picked.items()
        for metric in (claim.metrics if seeds else ())
    }
    failed = _failures(runs)
    ended = set(runs[runs["status"].isin(["done", "failed"])]["net"])
    missing = tuple(net for net in claim.arms if net not in ended)
    unmeasured = tuple(sorted(set(finished["net"]) - set(done["net"])))
    return Evidence(
        seeds=tuple(int(seed) for seed in seeds),
        run_ids=tuple(str(row["id"]) for rows in picked.values() for row in rows),
        scope=scope_text(claim, runs, len(seeds)),
        failed=failed,
        missing=missing,
        unmeasured=unmeasured,
        unfinished=int(runs["status"].isin(["running", "partial"]).sum()),
        unpaired=tuple(sorted(set().union(*by_arm.values()) - everywhere)),
        lacking=tuple(sorted(everywhere - set(common))),
        undefined=_undefined(claim, finished, everywhere - set(common)),
        beyond=tuple(common[len(seeds) :]),
        guessing=tuple(net for net, rows in picked.items() if _guesses(rows)),
        table=table,
    )


def at_hand(claim: Claim, runs: pd.DataFrame) -> dict[str, int]:
    """Seeds by net of the runs that tell something about the claim.

    Those are the finished ones that were measured for it. A net with a run that failed counts as
    if it had seeds enough: it must not drop out for having diverged.
    """
    known = runs[runs["status"] == "done"]
    known = known.dropna(subset=[name for name in claim.metrics if name in known])
    seeds = {
        str(net): int(n) for net, n in known.groupby("net", sort=False)["seed"].nunique().items()
    }
    failed = dict.fromkeys(map(str, runs.loc[runs["status"] == "failed", "net"]), claim.min_seeds)
    return seeds | {net: max(n, seeds.get(net, 0)) for net, n in failed.items()}


def _seeds(numbers: tuple[int, ...]) -> str:
    return f"seed{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def some(nets: tuple[str, ...], most: int = 3) -> str:
    """The first nets by name, and how many more there are."""
    more = f" and {len(nets) - most} more" if len(nets) > most else ""
    return ", ".join(nets[:most]) + more


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _measured(claim: Claim, done: pd.DataFrame) -> pd.DataFrame:
    """The finished runs that have a finite value of every metric that the claim asks of them."""
    import pandas as pd

    keep = pd.Series(True, index=done.index)
    numbers = done.copy()
    for metric in claim.metrics:
        column = done[metric] if metric in done else pd.Series(np.nan, index=done.index)
        numbers[metric] = pd.to_numeric(column, errors="coerce").astype(float)
        needs = {net for part in claim.parts if part.metric == metric for net in part.arms}
        keep &= np.isfinite(numbers[metric]) | ~done["net"].isin(needs)
    return numbers[keep]


def _undefined(claim: Claim, finished: pd.DataFrame, seeds: set[int]) -> tuple[int, ...]:
    """Those of `seeds` where a run lacks a metric though its measure was taken."""
    found = set()
    for metric in claim.metrics:
        beside = [name for name in beside_it(metric) if name in finished]
        needs = {net for part in claim.parts if part.metric == metric for net in part.arms}
        mine = finished[finished["net"].isin(needs) & finished["seed"].isin(seeds)]
        if beside and metric in finished:
            found |= set(mine.loc[mine[metric].isna() & mine[beside].notna().any(axis=1), "seed"])
    return tuple(sorted(int(seed) for seed in found))


def _guesses(rows: list[dict]) -> bool:
    """Whether an arm's runs are no better than guessing, on average."""
    guessing = names.guessing(str(rows[0]["dataset"])) if rows else None
    errors = [float(row["test_error"]) for row in rows if row.get("test_error") is not None]
    known = [error for error in errors if np.isfinite(error)]
    return bool(guessing and known and np.mean(known) > GUESSED * guessing)


def _by_seed(done: pd.DataFrame, net: str) -> dict[int, dict]:
    """A row a seed; of two runs with one seed (and one scope) the first by id."""
    rows = done[done["net"] == net].sort_values("id").drop_duplicates("seed")
    return {int(row["seed"]): row for row in rows.to_dict("records")}


def _failures(runs: pd.DataFrame) -> tuple[str, ...]:
    rows = runs[runs["status"] == "failed"].drop_duplicates("id").sort_values(["net", "seed"])
    return tuple(
        f"{row['net']} seed {row['seed']} (run {row['id']}): {row['reason'] or 'failed'}"
        for row in rows.to_dict("records")
    )
