"""What counts as far shorter than the paper's, told by the recipe's own data."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest

from experiments import show
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.experiment import get as experiment
from resnet.planning import plan as planning
from resnet.planning.options import parse
from resnet.recipes import (
    PAPER,
    RECIPES,
    Recipe,
    beside,
    full_length,
    get,
    is_short,
    left_out,
    names,
    scale,
    scales,
)

Declare = Callable[..., Recipe]
FULL = ("paper", "paper2016", "akamaster", "fb", "gcr", "li", "modern", "chained", "no-warmup",
        "paper-tf32", "paper-bf16", "frozen", "two-rates", "imagenet2015", "imagenet2016",
        "fb-imagenet", "torchvision-imagenet")  # fmt: skip
SHORT = ("smoke", "quick", "small", "eighth", "quick-imagenet")


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Declare]:
    """Declares a recipe as one among the variants is, for one test."""

    def add(name: str, like: Recipe = PAPER, **changes: Any) -> Recipe:
        recipe = replace(like, name=name, **changes)
        monkeypatch.setitem(RECIPES, name, recipe)
        forget()
        return recipe

    yield add
    monkeypatch.undo()
    forget()


def forget() -> None:
    names.leaders.cache_clear()
    names.scales.cache_clear()


def fields(recipe: Recipe) -> str:
    return json.dumps(asdict(recipe))


def test_every_recipe_here_is_what_it_was_by_its_name() -> None:
    assert {*FULL, *SHORT} == set(RECIPES)
    assert {name for name in RECIPES if is_short(name)} == set(SHORT)
    assert {name for name, its in RECIPES.items() if is_short("x", fields(its))} == set(SHORT)
    assert scales() == ("smoke", "quick", "small", "eighth")
    told = [scale(name) for name in ("quick-fb", "quick-imagenet", "fb", "", "smoke-unheard-of")]
    assert told == [("quick", ""), ("quick", ""), ("", ""), ("", ""), ("smoke", "")]
    assert scale("paper-to-epoch-5", fields(get("quick"))) == ("", "5")
    assert not is_short("imagenet2015, 10 classes, 300 images", fields(get("quick-imagenet")))


def test_a_short_recipe_of_ones_own_is_short_under_any_name(declare: Declare) -> None:
    mine = declare("mine", steps=500, train_images=2_000)
    assert is_short("mine")
    assert full_length("mine") == "paper"
    rival = beside("fb", "mine")
    assert (rival.name, rival.steps, rival.nesterov) == ("mine-fb", 500, True)
    assert full_length("mine-fb") == "fb"
    assert scale("mine-fb") == scale("mine") != scale("quick")
    assert get("mine-paper") is mine
    assert beside("mine", "quick") is mine


def test_a_variation_of_a_short_recipe_is_of_its_scale(declare: Declare) -> None:
    declare("slow", get("quick"), lr=0.005)
    assert scale("slow") == scale("quick")
    assert full_length("slow") == "slow"  # a rival of quick, not the paper cut down
    assert beside("fb", "slow").name == "quick-fb"
    assert scales() == ("smoke", "quick", "small", "eighth")


def test_a_longer_recipe_of_ones_own_is_not_short(declare: Declare) -> None:
    declare("mine", steps=40_000)
    assert not is_short("mine")
    assert get("quick-mine") is get("quick")  # but for its length it is the paper's


def test_a_record_is_believed_before_a_name() -> None:
    """Of a recipe that is declared elsewhere, or that was another when it was trained."""
    short = fields(replace(PAPER, name="mine", steps=500))
    assert is_short("mine", short)
    assert not is_short("mine")
    assert scale("mine", short) == ("500 steps of 128", "")
    assert not is_short("quick", fields(PAPER))
    for unreadable in ("{", '{"of": "a later version"}', "[]"):
        assert is_short("quick", unreadable)


def test_a_full_recipe_called_like_a_rival_cut_down_is_refused(declare: Declare) -> None:
    declare("quick-mine", weight_decay=5e-4)
    with pytest.raises(UserError, match="recipe 'quick-mine': names that begin with 'quick-'"):
        get("quick-mine")
    declare("quick-fb", get("quick"))
    with pytest.raises(UserError, match="call it otherwise"):
        get("quick-fb")


def test_what_a_cut_down_rival_leaves_out_is_known(declare: Declare) -> None:
    quick, eighth = get("quick"), get("eighth")
    batch = declare("mine", batch_size=256, steps=32_000, milestones=(16_000,), nesterov=True)
    assert left_out(batch, quick) == [("batch size", "256", "64")]
    warm = declare("warm", warmup_error=70.0)
    assert left_out(warm, eighth) == [("error that ends the warm-up", "70.0", "80.0")]
    assert left_out(replace(PAPER, name="lr", lr=0.2), quick) == []
    bn = ("images that BN averages over", "64", "the whole batch")
    assert left_out(get("fb-imagenet"), get("quick-imagenet")) == [bn]
    for name in ("akamaster", "fb", "gcr", "li", "modern", "paper2016", "two-rates"):
        assert left_out(get(name), quick) == left_out(get(name), eighth) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"batch_size": 256, "nesterov": True},
            "smoke-mine leaves out: batch size 256 (smoke: 64)",
        ),
        ({"batch_size": 256}, "batch size 256 (smoke: 64), and so is smoke itself"),
        ({"steps": 80_000}, "            smoke-mine is smoke itself"),
        ({"nesterov": True}, ""),
    ],
)
def test_the_plan_says_what_a_rival_loses(
    declare: Declare,
    capsys: pytest.CaptureFixture[str],
    dataset: Dataset,
    changes: dict[str, Any],
    said: str,
) -> None:
    declare("mine", **changes)
    flags = ["--recipe", "smoke", "--nets", "plain8,resnet8@mine", "--dataset", "synthetic"]
    options = parse(experiment("degradation"), [*flags, "--launcher", "slurm"])
    large = replace(dataset, name="synthetic")
    made = planning.make(experiment("degradation"), options, "quick", large)
    show.plan(made, options, large, "cpu")
    told = capsys.readouterr().out
    assert (said in told) if said else "smoke-mine leaves" not in told
    alone = ["--recipe", "smoke-mine", "--nets", "plain8", "--dataset", "synthetic"]
    options = parse(experiment("degradation"), [*alone, "--launcher", "slurm"])
    show.plan(planning.make(made.experiment, options, "quick", large), options, large, "cpu")
    told = capsys.readouterr().out
    assert (said in told) if said else "smoke-mine leaves" not in told
