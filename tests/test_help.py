"""--help breaks its lines between names, never within one."""

import re

import pytest

from resnet.experiment import get, names
from resnet.planning.help import Lines
from resnet.planning.options import parser
from resnet.recipes import RECIPES


@pytest.mark.parametrize("name", names())
def test_help_keeps_every_arm_and_recipe_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = set(re.split(r"[\s,;)]+", parser(get(name)).format_help()))
    assert {*get(name).every_net, *RECIPES} <= said


def test_lines_end_at_blanks_and_after_commas_between_names() -> None:
    assert Lines(12).wrap("one-two,three-four,five  six") == ["one-two,", "three-four,", "five six"]
    assert Lines(8).wrap("all of 5,410") == ["all of", "5,410"]
    assert Lines(4).wrap("longer than four") == ["longer", "than", "four"]
