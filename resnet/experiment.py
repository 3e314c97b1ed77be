"""An experiment: some arms, the claims that they decide, and a notebook that shows them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resnet.claims.model import Claim
from resnet.errors import unknown

FOLDER = Path(__file__).resolve().parents[1] / "experiments"


@dataclass(frozen=True)
class Experiment:
    """What a script in `experiments/` declares; it never trains, plots or reads a file itself.

    `name` names the script, the notebook `reports/<name>.ipynb` and the PDF. `recipes` and `seeds`
    go by preset, 'quick' or 'paper'. `measures` (`resnet.runs.measures`) are taken of each run.
    """

    name: str
    title: str
    question: str
    nets: tuple[str, ...]
    claims: tuple[Claim, ...]
    recipes: Mapping[str, str] = field(default_factory=lambda: {"quick": "quick", "paper": "paper"})
    seeds: Mapping[str, int] = field(default_factory=lambda: {"quick": 1, "paper": 3})
    measures: tuple[str, ...] = ()

    def claims_on(self, nets: tuple[str, ...]) -> tuple[Claim, ...]:
        """The claims that the nets at hand can decide, asked of those nets."""
        asked = (claim.on(nets) for claim in self.claims)
        return tuple(claim for claim in asked if claim is not None)


def names() -> list[str]:
    """The experiments that there are, by name."""
    scripts = (p for p in FOLDER.glob("*.py") if "EXPERIMENT =" in p.read_text())
    return sorted(path.stem for path in scripts)


def get(name: str) -> Experiment:
    """The experiment that `experiments/<name>.py` declares; UserError for an unknown name."""
    if name not in names():
        raise unknown("experiment", name, names())
    return importlib.import_module(f"experiments.{name}").EXPERIMENT
