"""Recipes are data: what they say is arithmetic that can be checked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.errors import UserError
from resnet.recipes import PAPER, RECIPES, Recipe, differences, get
from resnet.training.step import learning_rate


def test_the_paper_trains_64k_iterations_of_128() -> None:
    assert (PAPER.steps, PAPER.batch_size, PAPER.lr, PAPER.weight_decay) == (64_000, 128, 0.1, 1e-4)
    rates = [learning_rate(PAPER, 20, s, None) for s in (0, 31_999, 32_000, 47_999, 48_000, 63_999)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert PAPER.epochs == 164  # paper_claims: 163.7 epochs of 50k


def test_the_split_of_the_paper_is_45k_5k() -> None:
    split = PAPER.split(5_000)
    assert (split.train_images, split.validation_images, split.epochs) == (45_000, 5_000, 183)


@pytest.mark.parametrize("images", [-1, 50_000])
def test_an_impossible_split_is_the_users_mistake(images: int) -> None:
    with pytest.raises(UserError, match="hold"):
        PAPER.split(images)


def test_warm_up_at_110_lasts_until_the_error_is_below_80_percent() -> None:
    assert learning_rate(PAPER, 110, 5_000, None) == 0.01
    assert learning_rate(PAPER, 110, 400, 400) == 0.1
    assert learning_rate(PAPER, 56, 0, None) == 0.1


def test_akamaster_never_returns_to_a_tenth_at_110() -> None:
    recipe = get("akamaster")
    rates = [learning_rate(recipe, 110, s, None) for s in (0, 39_099, 39_100, 58_650)]
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.0001])
    assert learning_rate(recipe, 56, 0, None) == 0.1


def test_fb_cuts_the_rate_for_its_epochs_81_and_122() -> None:
    recipe = get("fb")
    batches = 391  # an epoch
    assert recipe.steps == 164 * batches
    steps = [epoch * batches for epoch in (81 - 1, 122 - 1)]
    rates = [learning_rate(recipe, 20, s, None) for cut in steps for s in (cut - 1, cut)]
    assert rates == pytest.approx([0.1, 0.01, 0.01, 0.001])


def test_2016_warms_every_net_up_for_400_steps() -> None:
    recipe = get("paper2016")
    assert [learning_rate(recipe, 20, s, None) for s in (0, 399, 400)] == [0.01, 0.01, 0.1]


def test_differences_name_every_field_that_departs_and_no_other() -> None:
    assert differences(PAPER) == []
    assert differences(replace(PAPER, lr=0.2, steps=10)) == [
        ("steps", "10", "64,000"),
        ("learning rate", "0.2", "0.1"),
    ]


def test_the_digest_is_of_the_values_and_not_of_the_name() -> None:
    assert replace(PAPER, name="other").digest == PAPER.digest
    digests = [recipe.digest for recipe in RECIPES.values()]
    assert len(set(digests)) == len(digests)


def test_a_precision_that_nothing_trains_in_is_refused() -> None:
    with pytest.raises(UserError, match="bfloat16"):
        replace(PAPER, precision="bfloat15")


def test_an_unknown_recipe_gets_the_valid_ones() -> None:
    with pytest.raises(UserError, match="akamaster"):
        get("akmaster")


@given(images=st.integers(1, 500), batch=st.integers(1, 64), steps=st.integers(1, 400))
def test_epochs_cover_the_steps_without_gap_or_overlap(images: int, batch: int, steps: int) -> None:
    recipe = Recipe("any", train_images=images, batch_size=batch, steps=steps)
    ends = [recipe.epoch_end(e) for e in range(1, recipe.epochs + 1)]
    assert ends == sorted(ends)
    assert ends[-1] == steps
    for step in range(steps):
        epoch = recipe.epoch_of(step)
        assert step < recipe.epoch_end(epoch) or recipe.epoch_end(epoch) == steps
        assert epoch == 1 or step >= recipe.epoch_end(epoch - 1) - 1
