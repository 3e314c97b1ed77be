"""What README says can be done can be done."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from experiments import checkpoints, surfaces
from experiments.degradation import EXPERIMENT as DEGRADATION
from reports.campaigns import answers
from reports.source import load
from reports.tables import effect
from reports.words import BLANK, METRICS, interval
from resnet import recipes
from resnet.__main__ import _parser
from resnet.claims.registry import claims
from resnet.data import Dataset
from resnet.experiment import Experiment, get, names
from resnet.planning.declared import check
from resnet.planning.options import parser
from resnet.recipes import RECIPES
from resnet.training.train import train
from tests.conftest import spec_of

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_experiment_in_readme_is_one() -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    assert len(code.splitlines()) < 40
    names: dict[str, object] = {"__name__": "shortcuts56"}
    exec(compile(code, "README.md", "exec"), names)  # our own text
    experiment = names["EXPERIMENT"]
    assert isinstance(experiment, Experiment)
    check(experiment, report=False)
    (claim,) = experiment.claims_on(experiment.nets)
    assert claim.arms == ("resnet56-B", "resnet56")


def test_every_flag_and_recipe_in_readme_exists() -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    main = set(parser(DEGRADATION)._option_string_actions)
    elsewhere = {"--csv", "--source", "--epochs"}  # of `resnet runs` and of `reports`
    others = set(checkpoints.parser(get("block_deletion"))._option_string_actions)
    others |= set(surfaces.parser(get("landscape"))._option_string_actions)
    others |= {flag for name in names() for flag in parser(get(name))._option_string_actions}
    assert flags - elsewhere <= main | others
    listed = re.search(r"--recipe (\S+)", README)
    assert listed is not None
    assert set(listed[1].split("|")) <= set(RECIPES)
    for name in re.findall(r"`--recipe ([\w-]+)`", README):  # cut-down rivals are not listed
        assert recipes.get(name).name == name


def test_readme_has_every_experiment() -> None:
    rows = re.findall(r"^\| `([a-z_0-9]+)` \|", README, re.MULTILINE)
    assert set(rows) <= set(names())
    assert {name for name in names() if registered(name)} <= set(rows)


def registered(name: str) -> bool:
    """Whether an experiment is the suite's own: its claims are in the registry."""
    return all(claim.id.partition("@")[0] in claims() for claim in get(name).claims)


def test_the_tables_of_a_campaign_are_read_as_readme_says() -> None:
    """The lines of Python in README that open one, run as they stand."""
    (lines,) = re.findall(
        r"```python\n(from reports.source import load\n.+?)```", README, re.DOTALL
    )
    told: dict[str, Any] = {}
    exec(lines.replace('"results/small"', repr(str(ROOT / "results/small"))), told)
    assert len(told["errors"]) > 10
    assert {"mean", "std", "count"} <= set(told["errors"].columns)
    assert any(verdict.word == "reproduced" for verdict in told["verdicts"])


def test_weights_go_into_anybodys_net_as_readme_says(tmp_path: Path, dataset: Dataset) -> None:
    (lines,) = re.findall(r"```python\n(import torch\n.+?)```", README, re.DOTALL)
    spec = spec_of(dataset, "resnet20")
    train(spec, dataset, tmp_path, "made")
    kept = tmp_path / spec.id / "weights" / f"{spec.recipe.steps}.pt"
    told: dict[str, Any] = {}
    exec(lines.replace('"runs/<id>/weights/64000.pt"', repr(str(kept))), told)
    x = torch.zeros(2, 3, 32, 32)
    assert told["net"](x).shape == (2, 10)


@pytest.mark.parametrize("line", re.findall(r"-m resnet ([a-z]+.*?)(?:  |$)", README, re.M))
def test_every_command_of_the_library_in_readme_parses(line: str) -> None:
    assert callable(_parser().parse_args(line.split()).command)


def test_the_claims_in_front_are_those_of_their_campaign() -> None:
    told = answers(load(ROOT / "results/paper-to-epoch-155"))
    lines = re.findall(r"^\| (H15-[\w-]+): .+$", README, re.MULTILINE)
    assert len(lines) == 5
    for name in lines:
        verdict = told["degradation", name]
        (line,) = re.findall(rf"^\| {name}: .+$", README, re.MULTILINE)
        cells = [cell.strip() for cell in line.strip("|").split("|")[1:]]
        assert cells[0] == f"**{verdict.said}**"
        assert verdict.decisive is not None
        assert cells[1] == effect(verdict).replace(BLANK, " ")
        metric = METRICS.get(verdict.decisive.contrast.metric, "").removesuffix(" error")
        assert cells[1].endswith(f"({metric})") or verdict.unit != "points"
        assert cells[2] == interval(verdict.low, verdict.high, signed=True).replace(BLANK, " ")
        assert cells[3] == str(verdict.n)


def test_readme_leaves_no_blank() -> None:
    assert "<!--" not in README
