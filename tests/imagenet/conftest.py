"""One small folder of photographs for all tests that only read, and a cache of their own."""

from pathlib import Path

import pytest

from resnet.data.imagenet.sets import PhotoSet
from tests.imagenet.photos import dataset, write


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RESNET_DECODER", raising=False)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train/ and val/ of four classes, six and two pictures each."""
    return write(tmp_path_factory.mktemp("photographs"))


@pytest.fixture
def photos(folder: Path) -> PhotoSet:
    """The data set of `folder`."""
    return dataset(folder)
