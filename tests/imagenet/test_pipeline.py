"""The stream is a pure function of the step: in any order, by any number of threads or ranks."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from resnet.data.feed import Feed, feed
from resnet.data.imagenet.draws import Stream
from resnet.data.imagenet.sets import PhotoSet
from resnet.errors import UserError
from tests.imagenet.photos import dataset, recipe, write


def fed(photos: PhotoSet, **changes: object) -> Feed:
    return feed(photos, recipe(**changes), seed=3)


def test_every_epoch_shows_every_photograph_once(photos: PhotoSet) -> None:
    stream = Stream(0, 24, recipe(batch_size=5))
    for epoch in range(3):
        shown = [stream.index(place) for place in range(24 * epoch, 24 * (epoch + 1))]
        assert sorted(shown) == list(range(24))
    assert [stream.index(p) for p in range(24)] != [stream.index(p) for p in range(24, 48)]


def test_batches_do_not_depend_on_what_was_asked_before(photos: PhotoSet) -> None:
    straight, jumping = fed(photos), fed(photos)
    batches = [_batch(straight, step) for step in range(5)]
    for step in (3, 0, 4, 1):
        x, y = _batch(jumping, step)
        assert torch.equal(x, batches[step][0])
        assert torch.equal(y, batches[step][1])


def test_threads_change_nothing(photos: PhotoSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESNET_LOADER_WORKERS", "1")
    alone = _batch(fed(photos), 1)
    monkeypatch.setenv("RESNET_LOADER_WORKERS", "5")
    many = fed(photos)
    assert many.pipeline.loader.threads == 5
    assert torch.equal(_batch(many, 1)[0], alone[0])


@pytest.mark.parametrize("decoder", ["torchvision", "pil"])
def test_decoders_change_nothing(
    photos: PhotoSet, monkeypatch: pytest.MonkeyPatch, decoder: str
) -> None:
    usual = _batch(fed(photos), 0)[0]
    monkeypatch.setenv("RESNET_DECODER", decoder)
    assert torch.equal(_batch(fed(photos), 0)[0], usual)


def test_ranks_share_a_batch_out(photos: PhotoSet) -> None:
    whole, first, second = fed(photos), fed(photos), fed(photos)
    for step in range(3):
        draw = whole.stream.batch(step)
        x = whole.pipeline.train(draw)
        parts = [first.pipeline.train(draw[0:4]), second.pipeline.train(draw[4:8])]
        assert torch.equal(torch.cat(parts), x)
        assert torch.equal(second.pipeline.labels(draw[4:8]), whole.pipeline.labels(draw)[4:8])


def test_the_next_steps_are_under_way(photos: PhotoSet) -> None:
    one = fed(photos)
    _batch(one, 0)
    began = one.pipeline._ahead
    _batch(one, 1)
    assert one.pipeline._ahead is began  # gone on with, not begun again


def test_arms_with_one_seed_see_the_same(photos: PhotoSet) -> None:
    assert torch.equal(_batch(fed(photos), 2)[0], _batch(fed(photos), 2)[0])
    other = feed(photos, recipe(), seed=4)
    assert not torch.equal(_batch(other, 2)[0], _batch(fed(photos), 2)[0])


def test_a_scaled_crop_differs_little_from_a_full_one(photos: PhotoSet) -> None:
    """Scaled decoding is an average of pixels, as resizing is: the pictures must look alike."""
    from resnet.data.imagenet import views

    stream = Stream(0, 24, recipe(size=16, sides=(18, 20)))
    content = photos.train.path(0).read_bytes()
    scaled = views._crop(content, stream, 0, 16).float()
    full = views._crop(content + b"", stream, 0, 16)
    assert torch.equal(scaled, full.float())
    original = views.reduction
    try:
        views.reduction = lambda have, enough: 1  # type: ignore[assignment]
        whole = views._crop(content, stream, 0, 16).float()
    finally:
        views.reduction = original
    assert not torch.equal(whole, scaled)  # it was scaled
    assert (whole - scaled).abs().mean() < 8


def test_the_mean_image_is_the_mean(photos: PhotoSet) -> None:
    one = fed(photos)
    shown = torch.cat([x for x, _ in one.pipeline.test(one.subset.train)])
    assert one.pipeline.normaliser.mean.shape == (3, 32, 32)
    assert torch.allclose(shown.mean(0), torch.zeros(3, 32, 32), atol=1e-6)
    again = fed(photos)  # from the cache
    assert torch.equal(again.pipeline.normaliser.mean, one.pipeline.normaliser.mean)


def test_a_part_of_the_classes_is_relabelled_and_the_same_for_all(photos: PhotoSet) -> None:
    part = photos.narrowed(recipe(classes=2, images_per_class=3))
    assert len(part.classes) == 2
    assert list(part.classes) == sorted(part.classes)
    assert part.train.labels.bincount().tolist() == [3, 3]
    assert part.test.labels.bincount().tolist() == [2, 2]
    assert all(
        part.train.path(n).parent.name == part.classes[part.train.labels[n]] for n in range(6)
    )
    again = photos.narrowed(recipe(classes=2, images_per_class=3))
    assert np.array_equal(again.train.paths, part.train.paths)


def test_more_classes_than_there_are(photos: PhotoSet) -> None:
    with pytest.raises(UserError, match="4"):
        photos.narrowed(recipe(classes=5))


def spoilt(root: Path) -> tuple[PhotoSet, Path]:
    """A set with one photograph that is cut in the middle, after it was listed."""
    found = dataset(write(root))
    victim = found.train.path(7)
    victim.write_bytes(victim.read_bytes()[: os.path.getsize(victim) // 2])
    return found, victim


def test_a_corrupt_photograph_is_named_and_stops_the_run(tmp_path: Path) -> None:
    photos, victim = spoilt(tmp_path)
    one = fed(photos, normalisation="imagenet")
    with pytest.raises(UserError) as caught:
        [_batch(one, step) for step in range(3)]
    assert victim.name in str(caught.value)
    assert "--skip-corrupt" in str(caught.value)


def test_a_skipped_one_is_replaced_by_the_next_and_counted(tmp_path: Path) -> None:
    photos, _ = spoilt(tmp_path)
    one = fed(photos, normalisation="imagenet", skip_corrupt=True)
    shown = [one.pipeline._batch(one.stream.batch(step)).shown for step in range(3)]
    asked = torch.tensor([one.stream.index(place) for place in range(24)])
    changed = (torch.cat(shown) != asked).nonzero().flatten().tolist()
    assert len(changed) == one.pipeline.take_replaced() == 1
    assert one.pipeline.take_replaced() == 0
    place = changed[0]
    assert one.subset.train.path(int(asked[place])).name == photos.train.path(7).name
    assert int(torch.cat(shown)[place]) == one.stream.index(place + 1)


def test_test_images_that_are_corrupt_are_left_out_only_if_asked(tmp_path: Path) -> None:
    photos = dataset(write(tmp_path))
    photos.test.path(3).write_bytes(b"\xff\xd8")
    one = fed(photos, skip_corrupt=True)
    assert sum(len(y) for _, y in one.pipeline.test(photos.test)) == 7
    with pytest.raises(UserError, match=photos.test.path(3).name):
        list(fed(photos).pipeline.test(photos.test))


def test_normalisation_by_channel_is_refused(photos: PhotoSet) -> None:
    with pytest.raises(UserError, match="channel"):
        feed(photos, replace(recipe(), normalisation="channel"), 0)


def _batch(one: Feed, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    draw = one.stream.batch(step)
    return one.pipeline.train(draw), one.pipeline.labels(draw)
