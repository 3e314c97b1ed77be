"""`python -m resnet nets` and `python -m resnet summary NET`."""

import json

import pytest

from resnet import nets
from resnet.errors import UserError
from resnet.nets.catalogue import CATALOGUE
from resnet.nets.counts import stages, totals
from resnet.nets.tables import main_nets, main_summary, summary


def test_the_table_has_a_row_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main_nets(json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == nets.names()
    assert all(row["parameters"] > 0 and row["multiply_adds"] > 0 and row["paper"] for row in rows)


def test_the_table_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {name: CATALOGUE[name] for name in ("resnet1202", "wrn-28-10", "resnet50-v1")}
    monkeypatch.setattr("resnet.nets.tables.CATALOGUE", listed)
    assert main_nets(json=False) == 0
    text = capsys.readouterr().out
    for word in ("19,421,274", "2.83 G", "wrn-28-10", "Zagoruyko & Komodakis 2016", "3.86 G"):
        assert word in text


@pytest.mark.parametrize(
    "name", ["resnet20", "plain44", "preact-resnet164", "wrn-16-4", "se-resnet110", "resnet50-v1"]
)
def test_the_short_way_to_count_equals_the_whole_net(name: str) -> None:
    """`totals` multiplies equal blocks; `stages` builds them all."""
    whole = stages(name)[-1]
    assert totals(name) == (whole.parameters, whole.multiply_adds)


def test_summary_of_resnet50_is_the_table_of_the_literature() -> None:
    rows = {row.stage: row for row in summary("resnet50")}
    assert [row.output for row in rows.values()] == [
        "64×112×112",
        "64×56×56",
        "256×56×56",
        "512×28×28",
        "1024×14×14",
        "2048×7×7",
        "1000",
        "1000",
    ]
    assert rows["layer3"].blocks == "6 × (1×1, 256; 3×3, 256; 1×1, 1024)"
    assert rows["conv1"].blocks == "7×7, 64"
    assert rows["fc"].multiply_adds == 2048 * 1000
    assert rows["conv1"].multiply_adds == 64 * 3 * 49 * 112 * 112
    assert rows["conv1"].parameters == 64 * 3 * 49 + 128
    assert rows["all"].parameters == 25_557_032


@pytest.mark.parametrize("name", ["resnet20", "resnext29-8x64d", "vgg15-bn", "torchvision:alexnet"])
def test_a_summary_adds_up(name: str) -> None:
    *parts, whole = summary(name)
    assert sum(row.parameters for row in parts) == whole.parameters
    assert sum(row.multiply_adds for row in parts) == whole.multiply_adds


def test_json_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main_summary("resnet56", json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[-1]["parameters"] == 853_018
    assert main_summary("resnet56", json=False) == 0
    text = capsys.readouterr().out
    assert "853,018" in text
    assert "9 × (3×3, 64; 3×3, 64)" in text


def test_an_unknown_net_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match="resnet50"):
        main_summary("resnt50", json=False)
