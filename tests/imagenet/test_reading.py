"""A photograph that is no image is one thing, a machine that does not read for now another."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from resnet.analysis.measure import measure
from resnet.data.feed import feed
from resnet.data.imagenet import reading
from resnet.data.imagenet.decode import CorruptImage
from resnet.data.imagenet.protocols import PROTOCOLS, errors
from resnet.data.imagenet.sets import PhotoSet
from resnet.errors import UserError
from resnet.nets import build
from resnet.runs.folder import read_metrics
from resnet.training.train import train
from tests.imagenet.photos import dataset, recipe, write
from tests.imagenet.test_photo_training import spec_of

quiet = {"say": lambda text: None}


class Server:
    """A file server of photographs, which fails the next `down` reads with `number`."""

    def __init__(self) -> None:
        self.down, self.number = 0, errno.ESTALE

    def fail(self, path: Path) -> None:
        """Raise where it is down."""
        if path.suffix == ".JPEG" and self.down:
            self.down -= 1
            raise OSError(self.number, "Stale file handle", str(path))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """In the place of the disk, and no waiting for it."""
    found, there = Server(), Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        found.fail(path)
        return there(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(reading, "WAITS", (0.0, 0.0), raising=False)
    return found


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO, errno.EMFILE])
def test_a_passing_error_is_waited_out(photos: PhotoSet, server: Server, number: int) -> None:
    server.down, server.number = 2, number
    assert reading.read(photos.train, 0)
    server.down = 3
    with pytest.raises(reading.CannotRead, match=r"stale file handle; tried 3 times.*goes on"):
        reading.read(photos.train, 0)


def test_a_file_that_is_gone_is_corrupt_and_a_disk_that_is_gone_is_not(tmp_path: Path) -> None:
    photos = dataset(write(tmp_path))
    photos.train.path(3).unlink()
    with pytest.raises(CorruptImage, match="No such file"):
        reading.read(photos.train, 3)
    shutil.rmtree(photos.train.folder)
    with pytest.raises(reading.CannotRead):
        reading.read(photos.train, 3)


def test_no_mean_image_is_made_of_what_cannot_be_read_now(photos: PhotoSet, server: Server) -> None:
    server.down = 10**6
    with pytest.raises(UserError, match="cannot be read now"):
        feed(photos, recipe(skip_corrupt=True), 0)
    server.down = 0
    mean = feed(photos, recipe(skip_corrupt=True), 0).pipeline.normaliser.mean
    assert torch.equal(mean, feed(photos, recipe(), 0).pipeline.normaliser.mean)
    assert mean.mean() > 0.1


@pytest.mark.parametrize("skip", [True, False])
def test_a_run_that_the_disk_cut_short_goes_on(
    tmp_path: Path, photos: PhotoSet, server: Server, skip: bool
) -> None:
    spec = spec_of(photos, normalisation="imagenet", skip_corrupt=skip)
    server.down = 10**6
    with pytest.raises(UserError, match="cannot be read now"):
        train(spec, photos, tmp_path, "test", **quiet)
    server.down = 0
    assert train(spec, photos, tmp_path, "test", **quiet) == "done"


def test_the_mean_image_says_how_many_it_lacks(tmp_path: Path) -> None:
    photos = dataset(write(tmp_path))
    said: list[str] = []
    photos.train.path(5).write_bytes(b"\xff\xd8")
    feed(photos, recipe(skip_corrupt=True), 0, say=said.append)
    assert said == ["mean image of 23 photographs: of 24, 1 corrupt, left out"]
    feed(photos, recipe(skip_corrupt=True), 0, say=said.append)
    assert len(said) == 1  # from the cache


def test_there_is_no_mean_image_of_no_photographs(tmp_path: Path) -> None:
    photos = dataset(write(tmp_path))
    for number in range(24):
        photos.train.path(number).write_bytes(b"\xff\xd8")
    with pytest.raises(UserError, match="not one of 24 photographs"):
        feed(photos, recipe(skip_corrupt=True), 0)


def spoilt_test_set(root: Path, count: int) -> PhotoSet:
    """Eight test images, so many of them corrupt."""
    photos = dataset(write(root))
    for number in range(count):
        photos.test.path(number).write_bytes(b"\xff\xd8")
    return photos


def test_how_many_images_were_tested_is_on_record(tmp_path: Path) -> None:
    photos = spoilt_test_set(tmp_path / "data", 6)
    spec = spec_of(photos, skip_corrupt=True, normalisation="imagenet")
    assert train(spec, photos, tmp_path, "test", **quiet) == "done"
    assert read_metrics(tmp_path / spec.id)[-1]["test_images"] == 2
    found = measure(spec, photos, tmp_path, ("ten-crops", "many-scales"), **quiet)
    assert found["ten-crops"].rows == ((8, "test_images_10_crops", 2),)
    assert found["many-scales"].rows == ((8, "test_images_scales", 2),)


def test_a_batch_of_corrupt_photographs_alone_is_passed_over(tmp_path: Path) -> None:
    photos = spoilt_test_set(tmp_path, 6)
    one = feed(photos, recipe(skip_corrupt=True, normalisation="imagenet"), 0)
    one.pipeline.recipe = recipe(skip_corrupt=True, size=224, test_side=256)  # a batch of one
    net = build("resnet8-B", 4, seed=0).eval()
    found = errors(PROTOCOLS["10"](net, one.pipeline, photos.test))
    assert found["images"] == 2


def test_a_test_set_of_no_image_is_an_error(tmp_path: Path) -> None:
    photos = spoilt_test_set(tmp_path / "data", 8)
    spec = spec_of(photos, skip_corrupt=True, normalisation="imagenet", steps=3)
    with pytest.raises(UserError, match="not one test image can be read"):
        train(spec, photos, tmp_path, "test", **quiet)
    with pytest.raises(UserError, match="not one test image can be read"):
        errors(iter(()))
