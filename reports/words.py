"""Numbers and scopes in words: one way to print each, so that what is printed can be compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reports.elements import Cell, plain
from resnet.data.names import split
from resnet.terminal import count

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report
    from resnet.claims.contrasts import Contrast

MINUS, BLANK, NONE = "\u2212", "\u00a0", "–"

TONE = {
    "reproduced": "good",
    "reproduced in part": "partly",
    "contradicted": "bad",
    "undecided": "unsure",
    "observed": "seen",
    "not observed": "unseen",
    "not run": "none",
}
SAID = tuple(dict.fromkeys(said for word in TONE for said in (word, f"{word} in part")))
"""All that a verdict may say, in the order in which it is told."""
METRICS = {
    "train_error": "training error",
    "test_error": "test error",
    "test_error_10_crops": "test error, ten crops",
    "test_error_scales": "test error, five scales",
    "gradient_ratio": "first block's gradient over the last's, at initialisation",
    "gradient_ratio_lowest": "first block's gradient over the last's, lowest of the steps seen",
    "response_std": "standard deviation of responses",
    "start_gap": "error before the first step, less that of the net it starts from",
    "surface_negative_curvature": "negative curvature of the loss surface",
    "lesion_median_rise": "rise of the test error by one block less, median",
    "lesion_downsampling_excess": "further rise where the block downsamples",
    "lesion_chance_share": "one block less, on the way to chance, median",
    "lesion_ten_error": "test error with 10 of 54 blocks less, or in proportion",
    "lesion_correlation": "correlation of test error and blocks deleted",
    "shuffle_correlation": "correlation of test error and Kendall's τ",
    "short_path_share": "gradient along paths of 5 to 17 of 54 blocks, or in proportion",
    "path_length": "mean length of paths, weighted by gradient",
    "path_decay": "gradient along a path, by each block on it",
    "seconds": "seconds",
}


def number(value: Any, digits: int = 2, signed: bool = False) -> str:
    """`value` with a true minus sign; a dash for none."""
    if value is None or not math.isfinite(value):
        return NONE
    rounded = round(value, digits) + 0.0  # never a negative zero
    text = f"{rounded:+.{digits}f}" if signed else f"{rounded:.{digits}f}"
    return text.replace("-", MINUS)


def interval(low: float | None, high: float | None, signed: bool = False) -> str:
    """'[low, high]', which never breaks over a line; a dash where there is none."""
    if low is None or high is None:
        return NONE
    return f"[{number(low, signed=signed)},{BLANK}{number(high, signed=signed)}]"


def aim(contrast: Contrast) -> str:
    """The side of the margin that reproduces the claim: '> 0.20', 'within ±1.00'."""
    margin = number(contrast.margin, 2)
    if contrast.direction == "equal":
        middle = f"{number(contrast.bound, 2)}{BLANK}" if contrast.bound else "within "
        return f"{middle}±{margin}"
    sign, side = (
        ("<", -contrast.margin) if contrast.direction == "lower" else (">", contrast.margin)
    )
    return f"{sign}{BLANK}{number(contrast.bound + side, 2)}"


def duration(seconds: float) -> str:
    """Seconds as '34 s', '5 min 02 s' or '3 h 07 min'."""
    if not math.isfinite(seconds):
        return NONE
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f}{BLANK}s"
    if whole < 3600:
        return f"{whole // 60}{BLANK}min{BLANK}{whole % 60:02d}{BLANK}s"
    return f"{whole // 3600:,}{BLANK}h{BLANK}{whole % 3600 // 60:02d}{BLANK}min"


def short(digest: Any) -> str:
    """The first digits of a digest or id: enough to tell runs apart on paper."""
    return str(digest)[:8]


def row(*texts: Any) -> tuple[Cell, ...]:
    """A row of cells; what is a cell already stays."""
    return tuple(text if isinstance(text, Cell) else Cell(plain(text)) for text in texts)


def data_words(first: Any) -> str:
    """The data set, its part and its copy, from a row of runs."""
    whole, word = split(first["dataset"])
    part = f", {word}" if word else ""
    if first["dataset"].startswith("synthetic"):
        drawn = first["dataset"] == "synthetic-photographs"
        return f"SYNTHETIC {'pictures, not ImageNet' if drawn else 'images, not CIFAR-10'}{part}"
    name = {"cifar10": "CIFAR-10", "imagenet": "ImageNet"}.get(whole, whole)
    return f"{name}{part}, {first['dataset_copy']}"


def scope_words(runs: pd.DataFrame) -> str:
    """What a comparison holds for: data, its digest, recipe. '' for no runs.

    Where arms name recipes of their own, the recipe of the others comes first.
    """
    from resnet.claims.scope import recipes_text

    if runs.empty:
        return ""
    first = runs.iloc[0]
    digest = short(first["dataset_digest"])
    other = runs["net"].str.contains("@", na=False)
    said = recipes_text(runs.assign(other=other).sort_values("other", kind="stable"))
    return f"{data_words(first)} (digest {digest}); {said}"


def scope(report: Report) -> str:
    """The report's scope, for captions and the title."""
    return scope_words(report.runs) or "no runs"


def ids(runs: pd.DataFrame, most: int = 12) -> str:
    """The runs that a figure shows, by net; their number where the ids would fill the page."""
    short_of = int((runs["status"] != "done").sum())
    cut = f", {short_of} of them not finished" if short_of else ""
    if len(runs) > most:
        counts = runs.groupby("net", sort=False).size()
        each = ", ".join(f"{net}{BLANK}×{BLANK}{n}" for net, n in counts.items())
        return f"{count(len(runs), 'run')} ({each}){cut}"
    groups = runs.groupby("net", sort=False)["id"]
    each = ", ".join(f"{net} {' '.join(map(short, group))}" for net, group in groups)
    return f"runs {each}{cut}"
