"""Which runs bear on a claim, and which may be compared: those of one scope."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

from resnet.claims.arms import with_recipe
from resnet.claims.model import Claim
from resnet.data.names import is_synthetic, stand_in
from resnet.recipes import CUT, is_short, scale

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("id", "net", "dataset", "dataset_copy", "recipe", "seed", "status", "reason")
SCOPE = ("dataset_digest", "recipe_digest", "numerics")


def labelled(runs: pd.DataFrame, recipe_digest: str) -> pd.DataFrame:
    """The runs of an experiment, those under another recipe than its own called NET@RECIPE."""
    rows = zip(runs["net"], runs["recipe"], runs["recipe_digest"], strict=True)
    nets = [net if not net or d == recipe_digest else with_recipe(net, r) for net, r, d in rows]
    return runs.assign(net=nets)


def as_named(claim: Claim, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs as the claim calls its arms: with their recipes, if it names recipes."""
    if not claim.names_recipes:
        return runs
    pairs = zip(runs["net"], runs["recipe"], strict=True)
    return runs.assign(net=[with_recipe(net, recipe) if net else net for net, recipe in pairs])


def of(claim: Claim, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of `runs` that are arms of the claim, on its data set or the synthetic stand-in.

    A claim that names an error rate takes no stand-in, no lossy copy and no shortened recipe.
    """
    if runs.empty:
        return runs.reindex(columns=[*COLUMNS, *SCOPE])
    runs = as_named(claim, runs)
    kind = runs["dataset"].isin([claim.dataset, stand_in(claim.dataset)])
    if claim.absolute:
        other = runs["dataset_copy"].str.contains("lossy|part", na=False)
        kind = (runs["dataset"] == claim.dataset) & ~other & ~_short(runs)
    return runs[runs["net"].isin(claim.arms) & kind & (runs["status"] != "corrupt")]


def barred(claim: Claim, runs: pd.DataFrame) -> str:
    """Why runs of the claim's nets do not bear on it, in one line; '' where none is barred."""
    if not runs.empty and "seconds" in claim.metrics and _machines(of(claim, runs)) > 1:
        return "compares times: asked of runs on one kind of hardware only"
    if runs.empty or not claim.absolute or len(of(claim, runs)):
        return ""
    if not as_named(claim, runs)["net"].isin(claim.arms).any():
        return ""
    return f"names an error rate: asked of {claim.dataset} itself, at full length, only"


def _machines(runs: pd.DataFrame) -> int:
    """How many kinds of hardware the finished runs were trained on, as far as is known."""
    done = runs[runs["status"] == "done"]
    return done["hardware"].dropna().nunique() if "hardware" in runs else 0


def scopes(runs: pd.DataFrame) -> list[pd.DataFrame]:
    """The runs split by (data, recipe, numerics): only runs of one part are ever compared.

    Where every run's name has its recipe, by (data, numerics, scale of the recipe), with one
    recipe to a name: what one recipe does at full length says nothing of another cut short.
    """
    if runs.empty:
        return []
    if not _named(runs):
        return [part for _, part in runs.groupby(list(SCOPE), sort=False, dropna=False)]
    parts: list[pd.DataFrame] = []
    by = ["dataset_digest", "numerics", _scales(runs)]
    for _, part in runs.groupby(by, sort=False, dropna=False):
        digests = part.groupby("recipe", sort=False)["recipe_digest"].unique()
        parts += [part[part["recipe_digest"].isin(chosen)] for chosen in product(*digests)]
    return parts


def _named(runs: pd.DataFrame) -> bool:
    return bool(runs["net"].str.contains("@", na=False).all())


def _short(runs: pd.DataFrame) -> pd.Series:
    """Short recipes, those that ended early, and those cut to a part of the data (a comma)."""
    cut = _of_recipe(runs, lambda name, its: is_short(name, its) or CUT in name or "," in name)
    return cut.astype(bool)


def _scales(runs: pd.DataFrame) -> pd.Series:
    """What `resnet.recipes.scale` says of each run's recipe, as text."""
    return _of_recipe(runs, lambda name, its: str(scale(name, its)))


def _of_recipe(runs: pd.DataFrame, ask: Callable[[str, str], Any]) -> pd.Series:
    """The answer on each run's recipe by name and fields; '' for fields that are not known."""
    import pandas as pd

    fields = runs["recipe_fields"].fillna("") if "recipe_fields" in runs else [""] * len(runs)
    pairs = list(zip(runs["recipe"].map(str), fields, strict=True))
    told = {pair: ask(*pair) for pair in dict.fromkeys(pairs)}
    return pd.Series([told[pair] for pair in pairs], index=runs.index)


def why_not_compared(runs: pd.DataFrame) -> str:
    """What differs between the runs, in one line; '' where all are of one scope."""
    if len(scopes(runs)) < 2:
        return ""
    twice = runs.drop_duplicates(["recipe", "recipe_digest"])
    scales = runs.assign(scale=_scales(runs))
    if _named(runs):  # recipes differ then on purpose, but for two of one name
        twice = twice[twice["recipe"].duplicated(keep=False)]
    else:
        scales = scales.iloc[:0]
    return "; ".join(
        filter(
            None,
            (
                _differing(runs, "data sets differ", "dataset_digest", ("dataset", "dataset_copy")),
                _differing(twice, "recipes differ", "recipe_digest", ("recipe",)),
                _differing(scales, "lengths of recipes differ", "scale", ("recipe",)),
                _differing(runs, "versions of the numerics differ", "numerics", ("numerics",)),
            ),
        )
    )


def scope_text(claim: Claim, runs: pd.DataFrame, n: int) -> str:
    """Data set and copy, recipe, the nets where the claim was moved, and n; '' for no runs."""
    if runs.empty:
        return ""
    first = runs.iloc[0]
    copy = "" if is_synthetic(first["dataset"]) else f", {first['dataset_copy']}"
    nets = f", asked of {', '.join(claim.asked_of)}" if claim.asked_of else ""
    return f"{first['dataset']}{copy}, {recipes_text(runs)}{nets}, n = {n}"


def recipes_text(runs: pd.DataFrame) -> str:
    """'recipe paper', or 'recipes paper / fb' where several are compared."""
    names = list(dict.fromkeys(map(str, runs["recipe"])))
    return f"recipe{'s' * (len(names) > 1)} {' / '.join(names)}"


def _differing(runs: pd.DataFrame, what: str, digest: str, labels: tuple[str, ...]) -> str:
    """'what (one / other)'; the digest's first digits where the labels are alike."""
    kinds = runs.drop_duplicates(digest)
    if len(kinds) < 2:
        return ""
    words = [" ".join(str(row[label]) for label in labels) for row in kinds.to_dict("records")]
    if len(set(words)) < len(words):
        words = [f"{w} {str(d)[:6]}" for w, d in zip(words, kinds[digest], strict=True)]
    return f"{what} ({' / '.join(words)})"
