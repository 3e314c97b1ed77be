"""Run folders that look real, written through the suite's own record in a moment."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from resnet.nets import depth, family
from resnet.randomness import generator
from resnet.recipes import RECIPES, Recipe
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec

NETS = ("plain20", "plain56", "resnet20", "resnet56")
PROVENANCE: dict[str, Any] = {
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "diff": "",
    "versions": {"python": "3.11.9", "torch": "2.11.0", "numpy": "2.1.0"},
    "hardware": {
        "host": "secret-host",
        "device": "cpu",
        "name": "A processor",
        "cores": 2,
        "threads": 2,
    },
}


def spec(net: str, seed: int, recipe: Recipe | str = "quick", **changes: Any) -> RunSpec:
    """A run on the original CIFAR-10."""
    chosen = RECIPES[recipe] if isinstance(recipe, str) else recipe
    usual = {"dataset": "cifar10", "dataset_copy": "original", "dataset_digest": "ab12" * 16}
    return RunSpec(net=net, recipe=chosen, seed=seed, **{**usual, **changes})


def final_errors(net: str, seed: int) -> tuple[float, float]:
    """Training and test error in percent: plain nets degrade with depth, residual ones improve."""
    noise = generator(seed, "factory", net).normal(0, 0.3, 2)
    slope = 0.25 if family(net).startswith("plain") else -0.05
    train = 8.0 + slope * (depth(net) - 20) + noise[0]
    return float(train), float(train + 4 + noise[1])


def lines(one: RunSpec, epochs: int) -> list[dict[str, Any]]:
    """The metrics of a run: gradients at step 0, then a line an epoch."""
    train, test = final_errors(one.net, one.seed)
    norms = 0.01 * np.exp(generator(one.seed, "norms", one.net).normal(0, 0.1, 9))
    named = {f"gradient_norm/{i:04d}": float(n) for i, n in enumerate(norms)}
    ratio = math.log10(norms[0] / norms[-1])
    rows: list[dict[str, Any]] = [{"step": 0, "epoch": 0, "gradient_ratio": ratio, **named}]
    wobble = generator(one.seed, "wobble", one.net).normal(0, 1.0, (epochs, 2))
    for epoch in range(1, epochs + 1):
        left = math.exp(-4 * epoch / epochs) if epoch < epochs else 0.0
        shake = wobble[epoch - 1] * left
        rows.append(
            {
                "step": epoch * one.recipe.steps // epochs,
                "epoch": epoch,
                "time": 1.7e9 + epoch,
                "train_loss": (train + 60 * left) / 30,
                "train_error": train + 60 * left + float(shake[0]),
                "test_loss": (test + 55 * left) / 30,
                "test_error": test + 55 * left + 3 * float(shake[1]),
                "lr": one.recipe.lr,
            }
        )
    return rows


def write(root: Path, one: RunSpec, status: str = "done", epochs: int = 6, **more: Any) -> Path:
    """The folder of one run: 'done', 'failed', or 'partial' after half of its epochs."""
    folder = RunFolder(root, one)
    folder.open("degradation", print)
    kept = lines(one, epochs)[: None if status == "done" else 1 + epochs // 2]
    text = "".join(json.dumps(line) + "\n" for line in kept)
    (folder.path / "metrics-1.jsonl").write_text(text)
    attempts = [{"attempt": 1, "start": "2026-03-01T12:00:00+00:00", "seconds": 61.5}]
    (folder.path / "provenance.json").write_text(
        json.dumps({**PROVENANCE, "attempts": attempts, **more})
    )
    if status == "done":
        last = {k: v for k, v in kept[-1].items() if k.endswith(("_error", "_loss"))}
        folder.finish(
            {
                **last,
                "gradient_ratio": kept[0]["gradient_ratio"],
                "seconds": 61.5,
                "weights_sha256": one.id * 4,
            }
        )
    elif status == "failed":
        folder.fail(17, "the loss is nan")
    return folder.path


def write_all(
    root: Path,
    nets: Sequence[str] = NETS,
    seeds: Iterable[int] = range(3),
    recipe: Recipe | str = "quick",
    epochs: int = 6,
    **changes: Any,
) -> list[RunSpec]:
    """Finished runs of all nets and seeds; returns their specs."""
    specs = [spec(net, seed, recipe, **changes) for net in nets for seed in seeds]
    for one in specs:
        write(root, one, epochs=epochs)
    return specs


def renamed(name: str, **changes: Any) -> Recipe:
    """A recipe of its own: quick with changes."""
    return replace(RECIPES["quick"], name=name, **changes)
