"""The runs that bear on a claim: gathered by scope, paired by seed, failures named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from resnet.claims.contrasts import Contrast
from resnet.claims.model import Claim
from resnet.claims.statistics import Array

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "net", "dataset", "dataset_copy", "recipe", "seed", "status", "reason")
SCOPE = ("dataset_digest", "recipe_digest", "numerics")
STAND_IN = "synthetic"


@dataclass(frozen=True)
class Evidence:
    """The numbers of a claim's arms on the seeds that all of them have.

    `failed` names the failed runs, `missing` the arms without any ended run, `unmeasured` those
    whose finished runs lack a metric, `unpaired` the seeds that not every arm has.
    """

    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]
    scope: str
    failed: tuple[str, ...]
    missing: tuple[str, ...]
    unmeasured: tuple[str, ...]
    unfinished: int
    unpaired: tuple[int, ...]
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
            f"no finished run of {', '.join(self.missing)}": self.missing,
            f"a metric was not measured in {', '.join(self.unmeasured)}": self.unmeasured,
            f"{_runs(bad)} failed and left out: {'; '.join(self.failed)}": bad,
            f"{_runs(waiting)} not finished": waiting,
            f"seeds {', '.join(map(str, self.unpaired))} left out: not every arm has them": (
                self.unpaired and not (self.missing or self.unmeasured)
            ),
        }
        return "; ".join(phrase for phrase, said in phrases.items() if said)


def of(claim: Claim, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of `runs` that are arms of the claim, on its data set or the synthetic stand-in.

    A claim that names an error rate takes no stand-in and no lossy copy.
    """
    if runs.empty:
        return runs.reindex(columns=[*COLUMNS, *SCOPE])
    kind = runs["dataset"].isin([claim.dataset, STAND_IN])
    if claim.absolute:
        lossy = runs["dataset_copy"].str.contains("lossy", na=False)
        kind = (runs["dataset"] == claim.dataset) & ~lossy
    return runs[runs["net"].isin(claim.arms) & kind & (runs["status"] != "corrupt")]


def scopes(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """The runs split by (data, recipe, numerics): only runs of one part are ever compared."""
    if runs.empty:
        return []
    return [part for _, part in runs.groupby(list(SCOPE), sort=False, dropna=False)]


def why_not_compared(runs: pd.DataFrame) -> str:
    """What differs between the runs, in one line; '' where all are of one scope."""
    if len(scopes(runs)) < 2:
        return ""
    return "; ".join(
        filter(
            None,
            (
                _differing(runs, "data sets differ", "dataset_digest", ("dataset", "dataset_copy")),
                _differing(runs, "recipes differ", "recipe_digest", ("recipe",)),
                _differing(runs, "versions of the numerics differ", "numerics", ("numerics",)),
            ),
        )
    )


def gather(
    claim: Claim, runs: pd.DataFrame, seeds_seen: Callable[[int], int] | None = None
) -> Evidence:
    """The evidence in `runs`, all of one scope: the claim's arms by seed, metrics as columns."""
    finished = runs[runs["status"] == "done"]
    done = _measured(claim, finished)
    by_arm = {net: _by_seed(done, net) for net in claim.arms}
    common = sorted(set.intersection(*(set(rows) for rows in by_arm.values())))
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
        unpaired=tuple(sorted(set().union(*by_arm.values()) - set(seeds))),
        table=table,
    )


def scope_text(claim: Claim, runs: pd.DataFrame, n: int) -> str:
    """Data set and copy, recipe, n, and the nets where the claim was moved; '' for no runs."""
    if runs.empty:
        return ""
    first = runs.iloc[0]
    copy = "" if first["dataset"] == STAND_IN else f" ({first['dataset_copy']})"
    nets = f", asked of {', '.join(claim.asked_of)}" if claim.asked_of else ""
    return f"{first['dataset']}{copy}, recipe {first['recipe']}, n = {n}{nets}"


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


def _differing(runs: pd.DataFrame, what: str, digest: str, labels: tuple[str, ...]) -> str:
    """'what (one / other)'; the digest's first digits where the labels are alike."""
    kinds = runs.drop_duplicates(digest)
    if len(kinds) < 2:
        return ""
    words = [" ".join(str(row[label]) for label in labels) for row in kinds.to_dict("records")]
    if len(set(words)) < len(words):
        words = [f"{w} {str(d)[:6]}" for w, d in zip(words, kinds[digest], strict=True)]
    return f"{what} ({' / '.join(words)})"
