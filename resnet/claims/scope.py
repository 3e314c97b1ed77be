"""Which runs bear on a claim, and which may be compared: those of one scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet.claims.model import Claim

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "net", "dataset", "dataset_copy", "recipe", "seed", "status", "reason")
SCOPE = ("dataset_digest", "recipe_digest", "numerics")
STAND_IN = "synthetic"
SHORT = ("smoke", "quick", "small")


def of(claim: Claim, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of `runs` that are arms of the claim, on its data set or the synthetic stand-in.

    A claim that names an error rate takes no stand-in, no lossy copy and no shortened recipe.
    """
    if runs.empty:
        return runs.reindex(columns=[*COLUMNS, *SCOPE])
    kind = runs["dataset"].isin([claim.dataset, STAND_IN])
    if claim.absolute:
        lossy = runs["dataset_copy"].str.contains("lossy", na=False)
        kind = (runs["dataset"] == claim.dataset) & ~lossy & ~runs["recipe"].isin(SHORT)
    return runs[runs["net"].isin(claim.arms) & kind & (runs["status"] != "corrupt")]


def barred(claim: Claim, runs: pd.DataFrame) -> str:
    """Why runs of the claim's nets do not bear on it, in one line; '' where none is barred."""
    if runs.empty or not claim.absolute or len(of(claim, runs)):
        return ""
    if not runs["net"].isin(claim.arms).any():
        return ""
    return f"names an error rate: asked of {claim.dataset} itself, at full length, only"


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


def scope_text(claim: Claim, runs: pd.DataFrame, n: int) -> str:
    """Data set and copy, recipe, the nets where the claim was moved, and n; '' for no runs."""
    if runs.empty:
        return ""
    first = runs.iloc[0]
    copy = "" if first["dataset"] == STAND_IN else f", {first['dataset_copy']}"
    nets = f", asked of {', '.join(claim.asked_of)}" if claim.asked_of else ""
    return f"{first['dataset']}{copy}, recipe {first['recipe']}{nets}, n = {n}"


def _differing(runs: pd.DataFrame, what: str, digest: str, labels: tuple[str, ...]) -> str:
    """'what (one / other)'; the digest's first digits where the labels are alike."""
    kinds = runs.drop_duplicates(digest)
    if len(kinds) < 2:
        return ""
    words = [" ".join(str(row[label]) for label in labels) for row in kinds.to_dict("records")]
    if len(set(words)) < len(words):
        words = [f"{w} {str(d)[:6]}" for w, d in zip(words, kinds[digest], strict=True)]
    return f"{what} ({' / '.join(words)})"
