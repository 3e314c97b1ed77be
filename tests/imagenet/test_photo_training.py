"""Runs on photographs: the plain loop's weights, exact resuming, plateaus, protocols."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from resnet.analysis.measure import measure
from resnet.data.feed import feed
from resnet.data.imagenet.protocols import PROTOCOLS, errors
from resnet.data.imagenet.sets import Photographs, PhotoSet
from resnet.errors import UserError
from resnet.nets import build, initialise
from resnet.recipes import get
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training import train as training
from resnet.training.module import Classifier
from resnet.training.signals import Interrupted
from resnet.training.start import weights_sha256
from resnet.training.step import learning_rate, plain_step, sgd
from resnet.training.train import train
from sweeps.team import Seats, team
from tests.imagenet.photos import dataset, recipe, write


def spec_of(photos: PhotoSet, **changes: object) -> RunSpec:
    """A run of seconds: a small net for photographs of 32 pixels."""
    its = recipe(**changes)
    return RunSpec("resnet8-B", photos.name, photos.copy, photos.digest, its, 0)


def result(root: Path, spec: RunSpec) -> dict:
    found = RunFolder(root, spec).result()
    assert found is not None
    return found


def test_a_run_is_the_plain_loop_on_the_stream(tmp_path: Path, photos: PhotoSet) -> None:
    spec = spec_of(photos)
    assert train(spec, photos, tmp_path, "test", say=lambda text: None) == "done"
    one = feed(photos, spec.recipe, spec.seed)
    net = build(spec.net, num_classes=4, seed=0)
    initialise(net, 0, spec.recipe.init)
    net = net.to(memory_format=torch.channels_last)
    optimizer = sgd(net, spec.recipe)
    for step in range(spec.recipe.steps):
        draw = one.stream.batch(step)
        rate = learning_rate(spec.recipe, 8, step, None)
        plain_step(net, optimizer, one.pipeline.train(draw), one.pipeline.labels(draw), rate)
    found = result(tmp_path, spec)
    assert found["weights_sha256"] == weights_sha256(net)
    net.eval()
    asked = errors(PROTOCOLS["1"](net, one.pipeline, one.subset.test))  # type: ignore[arg-type]
    assert (found["test_error"], found["test_error_top5"]) == (asked["error"], 0.0)


def test_two_processes_share_the_photographs_of_a_run(tmp_path: Path, photos: PhotoSet) -> None:
    spec = spec_of(photos, bn_group=2)
    two = team(Seats(2, 2), spec, photos, "cpu", 1)
    assert train(spec, photos, tmp_path / "two", "test", team=two) == "done"
    assert train(spec, photos, tmp_path / "one", "test") == "done"
    (one, shared) = (RunFolder(tmp_path / name, spec) for name in ("one", "two"))
    first = spec.recipe.kept[0]
    for name, value in one.load_weights(first).items():
        assert torch.allclose(shared.load_weights(first)[name], value, atol=1e-4), name
    metrics = [read_metrics(folder.path)[-1] for folder in (one, shared)]
    assert metrics[0].keys() == metrics[1].keys()
    assert metrics[1]["train_loss"] == pytest.approx(metrics[0]["train_loss"], rel=1e-2)


def test_a_photograph_that_another_process_cannot_read_is_the_runs_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    photos = dataset(write(tmp_path / "data"))
    spec = spec_of(photos, bn_group=2, normalisation="imagenet", steps=12)
    draws = feed(photos, spec.recipe, spec.seed).stream
    places = [{draws.index(p): p for p in range(start, start + 24)} for start in (0, 24, 48)]
    others = ({n for n, place in there.items() if place % 8 >= 4} for there in places)
    spoilt = photos.train.path(set.intersection(*others).pop())
    cut = Stopper(1, lambda: spoilt.write_bytes(b"\xff\xd8 cut"))
    two = team(Seats(2, 2), spec, photos, "cpu", 1)
    with pytest.raises(UserError, match=rf"^process 1: .*{spoilt.name}.*--skip-corrupt"):
        train(spec, photos, tmp_path, "test", team=two, progress=cut)
    assert spoilt.name in capfd.readouterr().err  # who waits in CUDA may never ask


def stop() -> None:
    """Ask this process to save and stop."""
    os.kill(os.getpid(), signal.SIGTERM)


class Stopper:
    """Progress that sends this process a signal after so many steps, or does what it is told."""

    def __init__(self, after: int, act: Callable[[], object] = stop) -> None:
        self.after, self.act = after, act

    def start(self, spec: RunSpec, step: int) -> None:
        """Nothing."""

    def advance(self, step: int) -> None:
        """Act at the step."""
        if step == self.after:
            self.act()

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """Nothing."""


@pytest.mark.parametrize("after", [2, 3, 7])  # an epoch is three steps
def test_a_run_stopped_in_the_middle_ends_as_if_undisturbed(
    tmp_path: Path, photos: PhotoSet, after: int
) -> None:
    spec = spec_of(photos, plateau=1, milestones=())
    quiet = {"say": lambda text: None}
    train(spec, photos, tmp_path / "whole", "test", **quiet)
    with pytest.raises(Interrupted):
        train(spec, photos, tmp_path / "cut", "test", progress=Stopper(after), **quiet)
    assert train(spec, photos, tmp_path / "cut", "test", **quiet) == "done"
    whole, cut = (result(tmp_path / name, spec) for name in ("whole", "cut"))
    for found in (whole, cut):
        del found["seconds"]
    assert cut == whole


def test_photographs_are_trained_on_a_step_at_a_time_which_changes_no_number(
    tmp_path: Path, photos: PhotoSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, sizes = spec_of(photos), list[int]()
    real = training.steps_a_chunk

    def on_a_gpu(net: torch.nn.Module, device: str, photographs: bool = False) -> int:
        sizes.append(real(net, "cuda", photographs))
        return sizes[-1]

    monkeypatch.setattr(training, "steps_a_chunk", on_a_gpu)
    train(spec, photos, tmp_path / "one", "test")
    monkeypatch.setattr(training, "steps_a_chunk", lambda *_: 50)
    train(spec, photos, tmp_path / "many", "test")
    assert sizes == [1]  # signals are served at the end of each
    one, many = (result(tmp_path / name, spec) for name in ("one", "many"))
    for found in (one, many):
        del found["seconds"]
    assert one == many


def test_skipped_photographs_are_counted_on_the_record(tmp_path: Path) -> None:
    photos = dataset(write(tmp_path / "data"))
    photos.train.path(5).write_bytes(b"\xff\xd8 cut")
    spec = spec_of(photos, skip_corrupt=True, steps=9)  # three whole epochs
    assert train(spec, photos, tmp_path, "test", say=lambda text: None) == "done"
    lines = (tmp_path / spec.id / "metrics-1.jsonl").read_text().splitlines()[1:]
    assert [json.loads(line)["replaced"] for line in lines] == [1, 1, 1]
    assert spec.id != spec_of(photos).id


def test_the_rate_is_cut_when_the_error_no_longer_falls(photos: PhotoSet) -> None:
    spec = spec_of(photos, plateau=2, plateau_gain=1.0, plateau_cuts=2)
    one = feed(photos, spec.recipe, 0)
    module = Classifier(spec, build(spec.net, 4), one.pipeline, one.stream)
    cuts = []
    #        gain  gain  near  gain  1     2     1     2     1     2
    for error in (90.0, 88.0, 87.5, 87.0, 86.5, 86.2, 88.0, 86.1, 86.1, 90.0):
        module._look_for_plateau(error)
        cuts.append(module.position.cuts)
    assert cuts == [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert module._rate(0) == pytest.approx(spec.recipe.lr / 100)


def test_no_plateau_is_looked_for_unless_asked(photos: PhotoSet) -> None:
    spec = spec_of(photos)
    one = feed(photos, spec.recipe, 0)
    module = Classifier(spec, build(spec.net, 4), one.pipeline, one.stream)
    for _ in range(9):
        module._look_for_plateau(50.0)
    assert module.position.cuts == 0


def test_measures_ask_the_trained_net_under_other_protocols(
    tmp_path: Path, photos: PhotoSet
) -> None:
    spec = spec_of(photos)
    train(spec, photos, tmp_path, "test", say=lambda text: None)
    found = measure(spec, photos, tmp_path, ("ten-crops", "many-scales"), say=lambda text: None)
    assert set(found["ten-crops"].values) == {"test_error_10_crops", "test_error_top5_10_crops"}
    assert set(found["many-scales"].values) == {"test_error_scales", "test_error_top5_scales"}


def protocols_net() -> torch.nn.Module:
    net = build("resnet8-B", num_classes=4, seed=1)
    initialise(net, 1)
    with torch.no_grad():  # batch statistics that are not the identity
        net.train()(torch.randn(8, 3, 32, 32))
    return net.eval()


def test_ten_crops_are_the_mean_over_torchvisions_crops(photos: PhotoSet) -> None:
    from torchvision.transforms import v2

    one, net = feed(photos, recipe(normalisation="imagenet"), 0), protocols_net()
    shares, y = next(PROTOCOLS["10"](net, one.pipeline, one.subset.test))
    image = torch.from_numpy(_pixels(one.subset.test, 0)).permute(2, 0, 1)
    crops = torch.stack(v2.TenCrop(32)(v2.Resize(36, antialias=True)(image)))
    with torch.no_grad():
        expected = net(one.pipeline.normalised(crops)).softmax(1).mean(0)
    assert torch.allclose(shares[0], expected, atol=1e-5)
    assert torch.equal(y, one.subset.test.labels[: len(y)])


def test_many_scales_are_the_mean_over_whole_photographs(photos: PhotoSet) -> None:
    from torchvision.transforms import v2

    one, net = feed(photos, recipe(normalisation="imagenet"), 0), protocols_net()
    shares, y = (
        torch.cat(part)
        for part in zip(*PROTOCOLS["scales"](net, one.pipeline, one.subset.test), strict=True)
    )
    assert torch.equal(y, one.subset.test.labels)
    for number in (0, 5):
        image = torch.from_numpy(_pixels(one.subset.test, number)).permute(2, 0, 1)
        sides = [round(side * 32 / 224) for side in (224, 256, 384, 480, 640)]
        with torch.no_grad():
            each = [
                net(one.pipeline.normalised(v2.Resize(side, antialias=True)(image)[None]))
                for side in sides
            ]
        expected = torch.stack([logits.softmax(1)[0] for logits in each]).mean(0)
        assert torch.allclose(shares[number], expected, atol=1e-5)


def _pixels(split: Photographs, number: int) -> np.ndarray:
    from resnet.data.imagenet.decode import decode

    return decode(split.path(number).read_bytes())


def test_errors_count_the_first_and_the_first_five() -> None:
    shares = torch.eye(8)[[0, 1, 2, 3]] + torch.arange(8) / 100
    found = errors(iter([(shares, torch.tensor([0, 7, 0, 6]))]))
    # 0 is first; 7 is second of 1's; 0 is last of 2's; 6 is third of 3's
    assert found == {"error": 75.0, "error_top5": 25.0, "images": 4}


def test_imagenets_recipes_are_the_papers_arithmetic() -> None:
    paper, later = get("imagenet2015"), get("imagenet2016")
    assert (paper.steps, paper.batch_size, paper.sides) == (600_000, 256, (256, 480))
    assert round(paper.steps * 256 / paper.train_images) == 120  # epochs
    assert (later.epoch_of(later.milestones[0]), later.epoch_of(later.milestones[1])) == (31, 61)
    assert later.epochs == 90  # the last step runs on into the next epoch, which is none
    assert later.epoch_end(90) == later.steps
