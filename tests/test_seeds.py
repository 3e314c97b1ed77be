"""Which seeds a command line asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet.errors import UserError
from resnet.planning.seeds import seeds, told


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1", (0,)),
        ("3", (0, 1, 2)),
        ("3-5", (3, 4, 5)),
        ("4-4", (4,)),
        ("0,4", (0, 4)),
        ("7, 1-3,2", (7, 1, 2, 3)),
    ],
)
def test_how_many_or_which(text: str, found: tuple[int, ...]) -> None:
    assert seeds(text) == found


@pytest.mark.parametrize(
    "text", ["", "0", "-3", "two", "5-3", "1,", "1.5", "-1-2", "20000", "0-20000"]
)
def test_what_is_no_seed_is_one_line(text: str) -> None:
    with pytest.raises(UserError) as error:
        seeds(text)
    assert str(error.value).startswith(f"--seeds {text}: ")


@given(st.lists(st.integers(0, 99), min_size=2, max_size=9, unique=True))
def test_seeds_by_name_come_as_they_are_named(names: list[int]) -> None:
    assert seeds(",".join(map(str, names))) == tuple(names)


def test_only_others_than_the_first_are_named() -> None:
    assert told((0,)) == "1 seed"
    assert told((0, 1, 2)) == "3 seeds"
    assert told((3, 4)) == "2 seeds (3, 4)"
