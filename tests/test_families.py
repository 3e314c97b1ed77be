"""The experiments as declared, and arms that name their recipe, from plan to verdict and report."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from resnet import experiment as experiments
from resnet.claims import arms, paper, registry
from resnet.claims.contrasts import difference
from resnet.claims.model import Claim, Source
from resnet.claims.scope import scopes
from resnet.claims.verdicts import decide, decide_all, survey
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.nets.counts import totals
from resnet.planning import plan as planning
from resnet.planning.options import Options, from_values, parser
from resnet.recipes import RECIPES
from tests.claims.tables import runs

FAMILIES = ("depth", "preactivation", "recipes", "relatives", "shortcuts")
ROOT = Path(experiments.__file__).resolve().parents[1]
MILLION = 1_000_000
BETTER = Claim(
    "X",
    "s",
    Source("p", "w"),
    (difference("test_error", "resnet20@fb", "resnet20@paper", "lower"),),
    "none",
)


@pytest.fixture(params=experiments.names())
def declared(request: pytest.FixtureRequest) -> Experiment:
    return experiments.get(request.param)


def test_every_experiment_declares_what_exists(declared: Experiment) -> None:
    assert [arms.check(net) for net in declared.every_net] == list(declared.every_net)
    assert set(declared.recipes.values()) <= set(RECIPES)
    assert (ROOT / "reports" / f"{declared.name}.ipynb").is_file()
    assert len((ROOT / "experiments" / f"{declared.name}.py").read_text().splitlines()) <= 45


def test_every_claim_of_the_registry_is_asked_by_an_experiment() -> None:
    asked = {c.id for name in experiments.names() for c in experiments.get(name).claims}
    assert set(registry.claims()) <= asked


@pytest.mark.parametrize("name", FAMILIES)
def test_the_paper_preset_asks_every_claim_and_quick_some(name: str) -> None:
    family = experiments.get(name)
    assert len(set(family.nets)) == len(family.nets)
    assert family.not_asked(family.nets) == {}
    short = quick_arms(family)
    asked = family.claims_on(short, "quick")
    assert len(asked) >= 3
    assert {c.id for c in asked} | set(family.not_asked(short, "quick")) == {
        claim.id for claim in family.claims
    }
    for claim in asked:
        mine = [arms.with_recipe(net, "quick") for net in short] if claim.names_recipes else short
        assert set(claim.arms) <= set(mine)


def quick_arms(family: Experiment) -> tuple[str, ...]:
    """The quick preset's arms as a plan calls them."""
    pairs = [arms.split(net) for net in family.nets_of("quick")]
    return tuple(f"{net}@quick-{recipe}" if recipe else net for net, recipe in pairs)


@pytest.mark.parametrize("name", [*FAMILIES, "degradation"])
def test_quick_is_less_than_twice_the_work_of_degradation(name: str) -> None:
    """Which ends within four minutes on two quiet cores: so this does within eight."""
    work = {n: sum(totals(arms.split(net)[0])[1] for net in experiments.get(n).nets_of("quick"))
            for n in (name, "degradation")}  # fmt: skip
    assert work["degradation"] == pytest.approx(332 * MILLION, rel=0.01)
    assert work[name] < 1.9 * work["degradation"]
    recipes = {experiments.get(name).recipes["quick"]}
    assert recipes == {"quick"}


def plan(dataset: Dataset, *nets: str, **more: object) -> planning.Plan:
    options = replace(Options(recipe="smoke", nets=nets, output_dir=Path("nowhere")), **more)
    return planning.make(experiments.get("recipes"), options, "quick", dataset)  # type: ignore[arg-type]


def test_an_arm_is_the_run_of_its_net_under_its_recipe(dataset: Dataset) -> None:
    made = plan(dataset, "resnet8", "resnet8@fb", "resnet8@paper", "resnet8@smoke-fb")
    assert made.nets == ("resnet8", "resnet8@smoke-fb")  # the paper cut down is smoke itself
    alone = plan(dataset, "resnet8", recipe="smoke-fb")
    assert made.specs[1].id == alone.specs[0].id != made.specs[0].id
    assert [spec.title for spec in made.specs] == ["resnet8 seed 0", "resnet8@smoke-fb seed 0"]
    split = plan(dataset, "resnet8", "resnet8@fb", validation_images=32)
    assert {spec.recipe.validation_images for spec in split.specs} == {32}


@pytest.mark.parametrize("images", [33, 95])
def test_a_batch_of_more_images_than_there_are_is_one_line(dataset: Dataset, images: int) -> None:
    with pytest.raises(UserError, match="batches of 64 images, and there are") as error:
        plan(dataset, "resnet8", validation_images=images)
    assert "\n" not in str(error.value)


def test_nets_on_the_command_line_may_name_recipes() -> None:
    asked = parser(experiments.get("recipes"))
    values = vars(asked.parse_args(["--nets", "resnet20-A@fb,resnet20@quick-paper"]))
    assert from_values(values).nets == ("resnet20@fb", "resnet20@quick")
    for wrong in ("resnet20@bf", "resnt20@fb"):
        with pytest.raises(UserError, match="did you mean"):
            from_values(vars(asked.parse_args(["--nets", wrong])))


def under(recipe: str, errors: list[float], net: str = "resnet20", **more: object) -> pd.DataFrame:
    return runs("test_error", {net: errors}, recipe=recipe, recipe_digest=recipe, **more)


def test_a_claim_that_names_recipes_compares_across_them_and_no_other_does() -> None:
    table = pd.concat([under("paper", [8.7, 8.8, 8.9]), under("fb", [8.2, 8.2, 8.4])])
    verdict = decide(BETTER, table)
    assert (verdict.word, verdict.n) == ("reproduced", 3)
    assert verdict.scope == "cifar10, original, recipes paper / fb, n = 3"
    plain = replace(BETTER, parts=(difference("test_error", "resnet20", "plain20", "lower"),))
    with pytest.raises(UserError, match=r"recipes differ \(paper / fb\)"):
        decide(plain, table)


def test_runs_on_other_data_are_not_compared_across_recipes_either() -> None:
    table = pd.concat([under("paper", [8.7] * 3), under("fb", [8.2] * 3, dataset_digest="e" * 64)])
    with pytest.raises(UserError, match="data sets differ"):
        decide(BETTER, table)
    assert {v.word for v in decide_all([BETTER], table)} == {"not run"}


def test_two_recipes_of_one_name_are_two_scopes() -> None:
    split = under("fb", [9.0] * 3).assign(recipe_digest="other")
    table = pd.concat([under("paper", [8.7] * 3), under("fb", [8.2] * 3), split])
    found = decide_all([BETTER], table)
    assert [round(v.effect, 3) for v in found if v.effect is not None] == [-0.5, 0.3]
    named = table.assign(net=[f"{n}@{r}" for n, r in zip(table.net, table.recipe, strict=True)])
    assert len(scopes(named)) == 2


def test_short_recipes_stand_for_whole_ones_and_shallow_nets_for_deep() -> None:
    deep = difference("test_error", "resnet110@fb", "resnet110@paper", "lower", general=True)
    assert deep.on(["resnet20@quick-fb", "resnet20@quick"]).arms == (  # type: ignore[union-attr]
        "resnet20@quick-fb",
        "resnet20@quick",
    )
    assert deep.on(["resnet20@quick-fb", "resnet56@quick"]) is None
    assert deep.on(["resnet20@fb", "resnet20@quick"]) is not None
    assert replace(deep, general=False).on(["resnet20@fb", "resnet20@paper"]) is None
    assert registry.claim("R-akamaster-value").on(["resnet20@quick-akamaster"]) is not None
    table = under("quick-akamaster", [8.2] * 3)
    (verdict,) = survey([registry.claim("R-akamaster-value")], table)
    assert verdict.word == "not run"
    assert "at full length" in verdict.reason


def test_a_claim_under_another_recipe_is_of_the_same_nets() -> None:
    claim = registry.under("H15-F1", "modern")
    assert claim.id == "H15-F1@modern"
    assert claim.arms == ("plain56@modern", "plain20@modern")
    moved = claim.on(["plain20@quick-modern", "plain38@quick-modern"])
    assert moved is not None
    assert moved.asked_of == ("plain38@quick-modern", "plain20@quick-modern")


def test_claims_of_placements_and_of_bottlenecks_move_to_the_nets_at_hand() -> None:
    gain = registry.claim("C14").on([f"{w}resnet{d}" for d in (20, 56) for w in ("", "preact-")])
    assert gain is not None
    assert len(gain.parts) == 1  # both of the paper's comparisons have become this one
    assert gain.arms == ("resnet56", "preact-resnet56", "resnet20", "preact-resnet20")
    at_20 = ["plain20", "resnet20", "resnet20-C", "resnet20-shortcut-gating-6"]
    (groups,) = registry.claim("C12-order").on([*at_20, "resnet56"]).parts  # type: ignore[union-attr]
    assert groups.arms == ("resnet20", "resnet20-shortcut-gating-6", "resnet20-C", "plain20")


@pytest.mark.parametrize(
    ("arm", "printed"),
    [
        ("resnet20", 8.75),
        ("resnet20@quick", 8.75),
        ("resnet20@akamaster", 8.27),
        ("resnet20@quick-akamaster", 8.27),
        ("resnet110@fb", 6.04),
        ("resnet110@gcr", 6.73),
    ],
)
def test_the_figure_beside_an_arm_is_its_recipes_own(arm: str, printed: float) -> None:
    assert paper.of_arm(arm).value == printed  # type: ignore[union-attr]


def test_no_figure_is_printed_for_a_recipe_of_ours() -> None:
    assert paper.of_arm("resnet20@modern") is paper.of_arm("resnet20@chained") is None


def test_many_arms_are_counted_and_few_are_named() -> None:
    assert arms.listed(["plain20", "plain20", "resnet20"]) == "plain20, resnet20"
    many = [f"{kind}{d}@fb" for kind in ("plain", "resnet") for d in (20, 32, 56)]
    assert arms.listed(many) == "6 nets of 20 and 32 and 56 layers under fb"
