"""A folder that was named and has no data is a mistake; no folder at all is not."""

from pathlib import Path

import pytest

from experiments.degradation import EXPERIMENT
from resnet import data
from resnet.data import DataUnavailable
from resnet.planning.data import load_data
from resnet.planning.options import parse


def test_only_who_named_no_folder_gets_the_built_in_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = data.load

    def offline(name: str, *arguments: object, **options: object) -> object:
        if name == "cifar10":
            raise DataUnavailable("no network")
        return real(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(data, "load", offline)
    monkeypatch.chdir(tmp_path)
    assert load_data(parse(EXPERIMENT, []), "quick").name == "synthetic"
    assert "SYNTHETIC" in capsys.readouterr().out
    named = parse(EXPERIMENT, ["--data-dir", str(tmp_path)])
    with pytest.raises(DataUnavailable, match="no network"):
        load_data(named, "quick")
