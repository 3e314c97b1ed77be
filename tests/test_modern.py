"""The modern recipe: every part against torch, torchvision or arithmetic, and exact resume."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from torchvision.transforms import v2

from resnet.data import Dataset
from resnet.data.soften import cut_out, cutmix_box, mixed, softened
from resnet.errors import UserError
from resnet.nets import build
from resnet.randomness import generator
from resnet.recipes import PAPER, RECIPES, beside, differences, full_length, get, is_short
from resnet.recipes.compare import told
from resnet.runs.folder import RunFolder
from resnet.training.signals import Interrupted
from resnet.training.step import learning_rate, plain_step, sgd
from resnet.training.train import train
from tests.conftest import spec_of
from tests.test_training import Stopper

MODERN = get("modern")
X = torch.arange(4 * 3 * 32 * 32, dtype=torch.float32).view(4, 3, 32, 32) + 1
Y = torch.tensor([3, 0, 9, 3])


def test_the_rate_rises_in_a_line_and_falls_as_a_cosine_to_zero() -> None:
    rate = [learning_rate(MODERN, 20, s, None) for s in range(MODERN.steps)]
    warm, left = MODERN.warmup_steps, MODERN.steps - MODERN.warmup_steps
    assert rate[0] == pytest.approx(0.1 / (warm + 1))
    assert rate[warm] == 0.1 == max(rate)
    assert rate[warm + left // 2] == pytest.approx(0.05, rel=1e-3)
    assert rate[-1] == pytest.approx(0.05 * (1 + math.cos(math.pi * (1 - 1 / left))))
    assert all(a < b for a, b in pairwise(rate[: warm + 1]))
    assert all(a >= b for a, b in pairwise(rate[warm:]))


def test_label_smoothing_is_torchs() -> None:
    losses = []
    for smoothing in (0.0, 0.1):
        net = build("plain8", 10)
        losses.append(float(plain_step(net, sgd(net, PAPER), X / 1e4, Y, 0.0, smoothing)[0]))
    logits = build("plain8", 10)(X / 1e4).detach()
    shares = torch.full((4, 10), 0.01) + 0.9 * F.one_hot(Y, 10)
    assert losses[0] == pytest.approx(float(F.cross_entropy(logits, Y)))
    assert losses[1] == pytest.approx(float(-(shares * logits.log_softmax(1)).sum(1).mean()))


def test_shares_of_classes_train_as_labels_do_where_they_are_whole() -> None:
    pairs = [(build("plain8", 10), y) for y in (Y, F.one_hot(Y, 10).float())]
    results = [plain_step(net, sgd(net, PAPER), X / 1e4, y, 0.1) for net, y in pairs]
    assert int(results[0][1]) == int(results[1][1])
    for one, other in zip(*(net.parameters() for net, _ in pairs), strict=True):
        torch.testing.assert_close(one, other)


@given(
    row=st.integers(0, 31), column=st.integers(0, 31), side=st.integers(1, 8).map(lambda k: 2 * k)
)
def test_cutout_erases_what_torchvisions_erase_does(row: int, column: int, side: int) -> None:
    cut = cut_out(X[:1], torch.tensor([[row], [column]]), side)
    top, left = max(row - side // 2, 0), max(column - side // 2, 0)
    bottom, right = min(row + side // 2, 32), min(column + side // 2, 32)
    box = (top, left, bottom - top, right - left)
    assert torch.equal(cut, v2.functional.erase(X[:1], *box, torch.zeros(1)))
    assert int((cut == 0).sum()) == 3 * box[2] * box[3]


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_mixing_is_torchvisions_with_its_draws_replaced(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(MODERN, mix=kind)
    transform = (v2.MixUp if kind == "mixup" else v2.CutMix)(num_classes=10)
    for step in range(5):
        random = Draws(step)
        monkeypatch.setattr(transform, "_dist", random)
        monkeypatch.setattr(torch, "randint", random.randint)
        expected = transform(X, Y)
        monkeypatch.undo()
        images, shares = mixed(X, Y, recipe, 0, step, 10)
        torch.testing.assert_close(images, expected[0], rtol=0, atol=0)
        torch.testing.assert_close(shares, expected[1], rtol=0, atol=0)
        torch.testing.assert_close(shares.sum(1), torch.ones(4))


class Draws:
    """The draws of `mixed`, in torchvision's order, for a transform that draws by itself."""

    def __init__(self, step: int) -> None:
        random = generator(0, "mix", step)
        self.share = float(random.beta(1.0, 1.0))
        random.integers(1)
        self.places = [int(random.integers(32)) for _ in range(2)]

    def sample(self, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.tensor([self.share], dtype=torch.float64)

    def randint(self, high: int, size: tuple[int, ...]) -> torch.Tensor:
        return torch.tensor([self.places.pop(0)])


@given(share=st.floats(0, 1), row=st.integers(0, 31), column=st.integers(0, 31))
def test_a_cutmix_box_lies_in_the_image_and_its_share_is_its_area(
    share: float, row: int, column: int
) -> None:
    found = cutmix_box(share, row, column, 32, 32)
    x1, y1, x2, y2 = found["box"]  # type: ignore[misc]
    assert 0 <= x1 <= x2 <= 32
    assert 0 <= y1 <= y2 <= 32
    assert found["lam_adjusted"] == 1 - (x2 - x1) * (y2 - y1) / 1024


def test_softening_is_a_function_of_seed_and_step_and_keeps_the_layout() -> None:
    x = X.contiguous(memory_format=torch.channels_last)
    for step in range(6):
        one, other = (softened(x, Y, MODERN, 0, step, 10) for _ in range(2))
        assert torch.equal(one[0], other[0])
        assert one[0].is_contiguous(memory_format=torch.channels_last)
        assert not torch.equal(one[0], softened(x, Y, MODERN, 1, step, 10)[0])
    assert softened(X, Y, PAPER, 0, 0, 10)[0] is X


def test_a_modern_run_stopped_goes_on_to_the_same_weights(tmp_path: Path, dataset: Dataset) -> None:
    mix = {"label_smoothing": 0.1, "cutout": 16, "mix": "mixup or cutmix"}
    warm = {"schedule": "cosine", "milestones": (), "warmup": "linear", "warmup_steps": 3}
    spec = spec_of(dataset, steps=10, **warm, **mix)
    hashes = []
    for name in ("whole", "cut"):
        root = tmp_path / name
        if name == "cut":
            with pytest.raises(Interrupted):
                train(spec, dataset, root, "modern", progress=Stopper(6), say=lambda _: None)
        assert train(spec, dataset, root, "modern", say=lambda _: None) == "done"
        result = RunFolder(root, spec).result()
        assert result is not None
        hashes.append(result["weights_sha256"])
    assert hashes[0] == hashes[1]


def test_modern_departs_from_the_paper_in_what_is_modern_alone() -> None:
    names = {name for name, _, _ in differences(MODERN)}
    fields = ("schedule", "milestones", "warmup", "warmup_steps", "warmup_min_depth",
              "label_smoothing", "cutout", "mix")  # fmt: skip
    assert names == set(map(told, fields))


@pytest.mark.parametrize("field", ["schedule", "warmup", "mix"])
def test_an_unknown_word_in_a_recipe_gets_the_valid_ones(field: str) -> None:
    with pytest.raises(UserError, match="valid"):
        replace(PAPER, **{field: "cosin"})


def test_a_rival_cut_down_keeps_its_differences_and_the_scale_of_the_short_one() -> None:
    quick, rival = get("quick"), get("quick-akamaster")
    assert rival.name == "quick-akamaster"
    fields = ("decay_all", "normalisation", "pad_value", "warmup", "warmup_lr", "warmup_min_depth")
    assert {n for n, _, _ in differences(rival, quick)} == set(map(told, fields))
    assert (rival.warmup_lr, rival.lr, rival.steps) == (0.002, 0.02, 192)
    assert get("quick-modern").warmup_steps == round(1_955 / 64_000 * 192)
    rates = [learning_rate(get("quick-chained"), 20, s, None) for s in (0, 143, 144)]
    assert rates == pytest.approx([0.002, 0.002, 0.0002])


@pytest.mark.parametrize("short", ["quick", "smoke", "small"])
def test_the_paper_cut_down_is_the_short_recipe_itself(short: str) -> None:
    assert get(f"{short}-paper") is get(short)
    assert get(f"{short}-no-warmup") is get(short)  # none of them warms up
    assert full_length(short) == "paper"
    for name, rival in RECIPES.items():
        if not is_short(name) and not rival.photographs:
            assert full_length(get(f"{short}-{name}").name) in RECIPES
            assert is_short(f"{short}-{name}")


def test_beside_a_short_recipe_rivals_are_short() -> None:
    assert beside("fb", "paper").name == "fb"
    assert beside("fb", "quick").name == beside("fb", "quick-li").name == "quick-fb"
    assert beside("quick-fb", "quick").name == "quick-fb"
    with pytest.raises(UserError, match="akamaster"):
        get("quick-akamster")
    with pytest.raises(UserError, match="unknown recipe"):
        get("quick-quick-imagenet")


def test_rivals_for_photographs_are_cut_down_to_photographs() -> None:
    """They keep their differences; what is looked at, and for how long, is the short recipe's."""
    quick, rival = get("quick-imagenet"), beside("torchvision-imagenet", "quick-imagenet")
    assert rival == replace(
        quick,
        name="quick-torchvision-imagenet",
        decay_all=True,
        normalisation="imagenet",
        init="fan-out",
        crop="scale and aspect",
        colour="none",
    )
    assert full_length(rival.name) == "torchvision-imagenet"
    assert beside(rival.name, quick.name) == get(rival.name) == rival
    assert get("quick-fb-imagenet").nesterov
    for name in ("imagenet2015", "imagenet2016"):  # they differ in how long they last
        assert beside(name, "quick-imagenet") is quick


@pytest.mark.parametrize("short", ["smoke", "small", "eighth"])
def test_a_scale_that_no_photographs_are_trained_at_is_refused(short: str) -> None:
    with pytest.raises(UserError, match=f"no recipe at the scale of '{short}' .valid: quick"):
        get(f"{short}-torchvision-imagenet")
