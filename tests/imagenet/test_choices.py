"""What is asked by flags: parts of the data, weights from files, costs."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision import models

from experiments import show, weights
from experiments.imagenet import EXPERIMENT
from resnet.analysis import foreign
from resnet.claims import paper
from resnet.claims.registry import claim
from resnet.data.feed import feed
from resnet.data.imagenet import mean, photographs
from resnet.data.imagenet.sets import PhotoSet
from resnet.errors import UserError
from resnet.nets import build
from resnet.nets.guess import net_of
from resnet.planning import estimate
from resnet.planning.options import parse
from resnet.planning.photographs import asked, fit
from resnet.planning.plan import make
from resnet.recipes import RECIPES, get
from resnet.runs.spec import RunSpec
from resnet.training.step import set_precision
from tests.imagenet.photos import recipe


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ("--classes 0", "--classes 0"),
        ("--images-per-class -3", "--images-per-class -3"),
        ("--decoder opencv", "torchvision"),
        ("--loader-workers many", "number of threads"),
        ("--crops 12", "scales"),
        ("--group tables", "figure4"),
        ("--group depth --nets plain18", "--nets"),
    ],
)
def test_a_mistake_in_a_flag_gets_one_line(flags: str, named: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(EXPERIMENT, flags.split())
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_groups_are_arms_that_their_claims_can_be_asked_of() -> None:
    ids = {
        name: [claim.id for claim in EXPERIMENT.claims_on(nets, "imagenet2015")]
        for name, nets in EXPERIMENT.groups.items()
    }
    assert ids == {
        "figure4": ["H15-F4", "H15-T2", "C9", "C9-value"],
        "shortcuts": ["C10"],
        "depth": ["C11"],
        "preactivation": ["H16-T5"],
        "ablation": ["C25"],
    }
    assert parse(EXPERIMENT, ["--group", "shortcuts"]).nets == EXPERIMENT.groups["shortcuts"]


def test_a_group_of_the_later_paper_is_trained_by_its_recipe() -> None:
    nets = parse(EXPERIMENT, ["--group", "preactivation"]).nets
    assert EXPERIMENT.recipe_of("paper", nets) == "imagenet2016"
    assert EXPERIMENT.recipe_of("quick", nets) == "quick-imagenet"
    for other in (None, EXPERIMENT.nets, EXPERIMENT.groups["depth"]):
        assert EXPERIMENT.recipe_of("paper", other) == "imagenet2015"


def test_the_plan_of_that_group_has_its_recipe(photos: PhotoSet, tmp_path: Path) -> None:
    flags = ["--group", "preactivation", "--output-dir", str(tmp_path), "--images-per-class", "6"]
    whole = get("imagenet2016")
    small = replace(whole, batch_size=8, bn_group=8, steps=whole.steps * 32)  # no shorter
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "imagenet2016", small)
        found = make(EXPERIMENT, parse(EXPERIMENT, flags), "paper", photos)  # type: ignore[arg-type]
    assert found.recipe.name.startswith("imagenet2016,")


@pytest.mark.parametrize("name", ["C9", "C10", "C11", "C9-value", "H15-T2"])
def test_the_arms_of_a_claim_are_those_that_its_paper_prints(name: str) -> None:
    for contrast in claim(name).contrasts():
        if contrast.metric != "train_error":
            found = paper.together(contrast.arms, "imagenet", contrast.metric)
            assert found, contrast.label


def test_pre_activation_is_asked_of_the_nets_of_its_table() -> None:
    for arm in claim("H16-T5").arms:
        assert [f for f in paper.printed(arm, "imagenet") if f.protocol == "1-crop 320, scale"]


def test_a_part_of_the_data_keeps_the_epochs(photos: PhotoSet) -> None:
    whole = get("imagenet2016")
    options = parse(EXPERIMENT, ["--classes", "2", "--images-per-class", "5"])
    part = fit(asked(whole, options.photographs), photos)
    assert (part.train_images, part.test_images, part.batch_size) == (10, 4, 256)
    assert part.steps == round(whole.steps * 10 / whole.train_images)
    assert part.name == "imagenet2016, 2 classes, 10 images"
    assert part.digest != whole.digest


def test_bn_is_synchronised_by_flag() -> None:
    paper = get("imagenet2015")
    assert paper.bn_group == 32
    together = asked(paper, parse(EXPERIMENT, ["--bn-group", "0"]).photographs)
    assert together == replace(paper, bn_group=0)
    with pytest.raises(UserError, match="divides"):
        asked(paper, parse(EXPERIMENT, ["--bn-group", "48"]).photographs)


def test_flags_for_photographs_need_a_recipe_for_them() -> None:
    with pytest.raises(UserError, match="trains on no photographs"):
        asked(get("paper"), parse(EXPERIMENT, ["--classes", "5"]).photographs)
    assert asked(get("paper"), parse(EXPERIMENT, []).photographs) == get("paper")


def test_a_short_recipe_keeps_its_steps(photos: PhotoSet) -> None:
    quick = fit(get("quick-imagenet"), photos)
    assert (quick.classes, quick.train_images, quick.test_images) == (4, 24, 8)
    assert (quick.steps, quick.name) == (120, "quick-imagenet")


def test_figures_stand_beside_their_own_protocol_alone() -> None:
    def printed(net: str, metric: str) -> float | None:
        found = paper.of_arm(net, "imagenet", metric)
        return found and found.value

    assert printed("resnet34-A", "test_error") is None  # the paper has ten crops only
    assert printed("resnet34-A", "test_error_10_crops") == 25.03
    assert printed("resnet50-v1", "test_error") == 24.7
    assert printed("resnet50-v1", "test_error_10_crops") == 22.85
    assert printed("resnet50-v1", "test_error_scales") == 20.74
    assert printed("resnet50-v1", "test_error_top5_scales") == 5.25


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "wide_resnet50_2", "resnext50_32x4d"])
def test_a_net_of_torchvisions_is_told_by_its_weights(name: str) -> None:
    with torch.device("meta"):
        state = models.get_model(name, num_classes=7).state_dict()
    assert net_of(state) == name.replace("_", "-").replace("wide-resnet50-2", "wide-resnet50-2")


def test_weights_of_another_net_are_refused() -> None:
    with torch.device("meta"), pytest.raises(UserError, match="--nets"):
        net_of(models.densenet121().state_dict(), "d.pth")


def test_weights_that_fit_several_nets_are_not_guessed_at() -> None:
    with torch.device("meta"):
        state = build("resnet18-A", 10).state_dict()
    with pytest.raises(UserError, match=r"fits plain18 and resnet18-A alike.*--nets resnet18-A"):
        net_of(state, "w.pt")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of random weights for ResNet-18, its classifier made decisive."""
    for seed in (0, 1):
        torch.manual_seed(seed)
        net = models.resnet18()
        torch.nn.init.normal_(net.fc.weight, std=1.0)
        torch.save(net.state_dict(), tmp_path / f"{seed}.pth")
    return [tmp_path / "0.pth", tmp_path / "1.pth"]


def test_weights_are_asked_as_torchvision_would(folder: Path, files: list[Path]) -> None:
    its = replace(get("torchvision-imagenet"), images_per_class=1, size=64, test_side=73)
    asked = foreign.questions(folder, its, say=lambda text: None)
    set_precision("tf32")  # as an earlier run of this process may have left it
    rows = list(foreign.evaluate(files, asked, ("1", "10")))
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert [(row.file, row.protocol) for row in rows] == [
        *(("0.pth", "1"), ("0.pth", "10"), ("1.pth", "1"), ("1.pth", "10")),
        *(("2 files", "1"), ("2 files", "10")),
    ]
    assert {row.images for row in rows} == {4}
    shares = []
    for file in files:
        theirs = models.resnet18()
        theirs.load_state_dict(torch.load(file, weights_only=True))
        x, y = next(asked.batches())
        with torch.no_grad():
            shares.append(theirs.eval()(x).softmax(1))
    assert y.tolist() == [0, 300, 600, 900]  # official numbers, though only four classes are there
    first = (shares[0].argmax(1) != y).double().mean() * 100
    together = ((shares[0] + shares[1]).argmax(1) != y).double().mean() * 100
    assert (rows[0].top1, rows[4].top1) == (float(first), float(together))


def test_weights_are_asked_with_the_mean_image_of_training(
    folder: Path, photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean of a few photographs of all classes, not of the class that is listed first."""
    monkeypatch.setattr(mean, "ENOUGH", 6)
    its = recipe()
    asked = foreign.questions(folder, its, say=lambda text: None)
    trained = feed(photos, its, seed=0).pipeline.normaliser.mean
    assert torch.equal(asked.pipeline.normaliser.mean, trained)


def test_a_dry_run_evaluates_no_weights(
    folder: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(foreign, "evaluate", lambda *_: pytest.fail("evaluated"))
    options = parse(EXPERIMENT, ["--weights", *map(str, files), "--dry-run"])
    assert weights.evaluate(replace(options, data_dir=folder)) == 0
    assert "to be evaluated with 1 crop, 10 crops" in capsys.readouterr().out.replace("\n", " ")


def test_the_cost_grows_with_multiply_adds_and_pixels(photos: PhotoSet) -> None:
    def cost(net: str, size: int) -> float:
        its = recipe(size=size)
        return estimate.layers(RunSpec(net, "imagenet", "", photos.digest, its, 0))

    assert cost("resnet18-A", 64) == pytest.approx(4 * cost("resnet18-A", 32))
    assert cost("resnet34-A", 32) / cost("resnet18-A", 32) == pytest.approx(2.0, rel=0.03)
    assert estimate.loading(photos, recipe(), "cpu", 1) > 0


def test_the_loader_bounds_a_gpu_and_adds_to_a_cpu(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = RunSpec("resnet8-B", "imagenet", "", photos.digest, recipe(), 0)
    monkeypatch.setattr(estimate, "seconds_per_layer_image", lambda *_: 1.0)
    amount = estimate.work(spec)
    images = amount / estimate.layers(spec)
    slow = 2 * estimate.layers(spec)  # seconds to load an image, twice what the net takes
    beside, shared = (estimate.times([spec], d, 1, loading=slow) for d in ("cuda", "cpu"))
    assert beside == [pytest.approx(slow * images)]
    assert shared == [pytest.approx(amount + slow * images)]
    for device, alone in (("cuda", beside), ("cpu", shared)):
        two = estimate.times([spec], device, 1, loading=slow, processes=2)
        assert two == [pytest.approx(alone[0] / 2)]
        measured = estimate.times([spec], device, 1, [0.0], [amount], slow, processes=2)
        assert measured == [pytest.approx(alone[0])]  # by the first process alone


def test_an_hour_on_two_gpus_costs_two(capsys: pytest.CaptureFixture[str]) -> None:
    show._costs(
        ["resnet18-A", "resnet18-A", "resnet34-A"], [1800.0, 1800.0, 7200.0], 0.01, "cuda", 2
    )
    said = capsys.readouterr().out
    assert "6.00 GPU-hours: resnet18-A 2.00, resnet34-A 4.00" in said
    assert "loading 200 images/s a run" in said


def test_measures_are_expected_at_the_pace_of_float32(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    paces = {"bfloat16": 10.0, "float32": 1.0}
    timed: list[str] = []

    def pace(spec: RunSpec, *_: object) -> float:
        timed.append(spec.recipe.precision)
        return paces[spec.recipe.precision]

    monkeypatch.setattr(estimate, "seconds_per_layer_image", pace)
    low = replace(recipe(), precision="bfloat16")
    specs = [RunSpec("resnet8-B", "imagenet", "", photos.digest, low, seed) for seed in range(2)]
    assert estimate.times(specs, "cpu", 1, [3.0, 0.0], [2.0, 2.0]) == [32.0, 2.0]
    assert sorted(timed) == ["bfloat16", "float32"]
    timed.clear()
    assert estimate.times(specs, "cpu", 1, [0.0, 0.0], [2.0, 4.0]) == [2.0, 4.0]
    assert timed == ["float32"]  # what nobody trains in is not timed


def test_the_stand_in_is_drawn_once_and_by_counter(tmp_path: Path) -> None:
    photographs.write(tmp_path / "one", {"train": 1, "val": 1})
    photographs.write(tmp_path / "two", {"train": 1, "val": 1})
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.jpg"))
    assert len(names) == 20
    contents = [(tmp_path / "one" / name).read_bytes() for name in names]
    assert contents == [(tmp_path / "two" / name).read_bytes() for name in names]
    assert len(set(contents)) == 20
