"""Scopes and the order of nets: which runs belong together, and how they are lined up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from resnet.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Scope = tuple[str, str, str]
SCOPE = ("dataset_digest", "recipe_digest", "numerics")


def in_scope(runs: pd.DataFrame, scope: Scope | None) -> Any:
    """Which rows are of `scope`; all for None."""
    return _alike(runs, scope, SCOPE)


def beside_scope(runs: pd.DataFrame, scope: Scope | None) -> Any:
    """Which rows have the data and the numerics of `scope`, under any recipe; none for None."""
    return _alike(runs, scope, ("dataset_digest", "numerics")) & (scope is not None)


def trained_like(runs: pd.DataFrame, scope: Scope | None) -> Any:
    """Which rows have the recipe and the numerics of `scope`, on however many images; all for None.

    A recipe is cut to the images that there are: two parts of a data set have one each.
    """
    fields = runs["recipe_fields"].map(_but_for_images)
    usual = set(fields[in_scope(runs, scope)])
    return fields.isin(usual) & _alike(runs, scope, ("numerics",))


def _but_for_images(text: object) -> str:
    fields = json.loads(text) if isinstance(text, str) and text else {}
    kept = {name: value for name, value in fields.items() if not name.endswith("_images")}
    return json.dumps(kept, sort_keys=True)


def _alike(runs: pd.DataFrame, scope: Scope | None, names: Collection[str]) -> Any:
    import pandas as pd

    keep = pd.Series(True, index=runs.index)
    for name, value in zip(SCOPE, scope or (), strict=False):
        if name in names:
            keep &= runs[name].astype(str) == str(value)
    return keep


def begins_others(runs: pd.DataFrame, nets: Collection[str]) -> pd.Series:
    """Which rows are runs on a part of the data that some of the `nets` start from."""
    import pandas as pd

    from resnet.data.names import split as split_set
    from resnet.nets.start import split as split_start

    starts = {(net, start) for net, start in map(split_start, nets) if start}
    named = zip(runs["net"], runs["dataset"], strict=True)
    found = [isinstance(s, str) and (net, split_set(s)[1]) in starts for net, s in named]
    return pd.Series(found, index=runs.index, dtype=bool)


def order(net: str) -> tuple[int, str, int]:
    """The sort key of a net: plain before residual, families together, shallow before deep."""
    kind, layers = family(net)
    return (0 if kind.startswith("plain") else 1, kind, layers)


def family(net: str) -> tuple[str, int]:
    """An arm's family and depth; a name unknown to this version is a family of its own."""
    from resnet import nets
    from resnet.claims.arms import split

    name, recipe = split(net)
    try:
        return nets.family(name) + (f"@{recipe}" if recipe else ""), nets.depth(name)
    except UserError:
        return net, 0


def on_part_of(runs: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The runs on the same part of whatever data set; all of them where there are none."""
    from resnet.data.names import split

    parts = runs["dataset"].map(lambda name: split(name)[1] if isinstance(name, str) else None)
    mine = runs[parts == split(dataset)[1]]
    return mine if len(mine) else runs


def scopes_of(runs: pd.DataFrame) -> list[Scope]:
    """The scopes that there are runs of, those with most runs first."""
    known = runs[runs["dataset_digest"].notna()]
    counts = Counter(zip(*(known[name].astype(str) for name in SCOPE), strict=True))
    return sorted(counts, key=lambda scope: (-counts[scope], scope))


def likeliest_scope(
    runs: pd.DataFrame, nets: tuple[str, ...], usual: Collection[str] = ()
) -> Scope | None:
    """The scope with most finished runs of `nets`.

    Of equals, one under a recipe that is `usual`, and of those the one that started last.
    """
    mine = runs[runs["net"].isin(nets) & runs["dataset_digest"].notna()]
    if mine.empty:
        return None

    def weight(group: pd.DataFrame) -> tuple[int, int, bool, str]:
        starts = [json.loads(text or "{}").get("started") or "" for text in group["provenance"]]
        done = int((group["status"] == "done").sum())
        return done, len(group), group["recipe"].iloc[0] in usual, max(starts)

    groups = {key: weight(group) for key, group in mine.groupby(list(SCOPE), dropna=False)}
    best = max(sorted(groups, key=str), key=lambda key: groups[key])
    return str(best[0]), str(best[1]), str(best[2])
