"""How figures look: a paper's serif, the Okabe-Ito hues, marks that tell lines apart in grey."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X")
WIDTH = 6.2
"""Inches: the width of the text, so that figures are never scaled and type keeps its size."""

SETTINGS: Any = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.4,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "lines.linewidth": 1.0,
    "pdf.fonttype": 42,
    "path.simplify": False,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "resnet",
}


def context() -> AbstractContextManager[Any]:
    """The settings, for the time of a `with`."""
    import matplotlib

    return matplotlib.rc_context(SETTINGS)


def canvas(panels: int, height: float = 2.6) -> tuple[Any, list[Any]]:
    """A figure of the text's width with `panels` axes side by side; no global state."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(WIDTH, height))
    return drawing, list(drawing.subplots(1, panels, squeeze=False)[0])


def look(place: int) -> dict[str, Any]:
    """Colour and mark of the arm at `place` in its panel."""
    return {"color": HUES[place % len(HUES)], "marker": MARKS[place % len(MARKS)]}


def seethrough(n: int) -> float:
    """The opacity of each of `n` lines that lie over each other: all seeds stay visible."""
    return max(0.12, min(1.0, n**-0.5))


def opaque(legend: Any) -> None:
    """Draw the marks of a legend in full colour, however see-through the lines they stand for."""
    for handle in legend.legend_handles:
        handle.set_alpha(1)
