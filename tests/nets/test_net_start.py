"""Names of nets that start from trained ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import nets
from resnet.claims import arms
from resnet.errors import UserError
from resnet.nets.grammar import parse, render
from resnet.nets.start import split

DEPTHS = st.integers(1, 9).map(lambda n: 6 * n + 2)
KINDS = st.sampled_from(["cifar-plain{}-basic", "cifar-resnet{}-basic", "cifar-resnet{}-basic-B"])


@given(KINDS, st.lists(DEPTHS, min_size=2, max_size=4), st.sampled_from(["", "-from-animals"]))
def test_each_spelling_has_one_canonical_name(kind: str, depths: list[int], part: str) -> None:
    name = "-from-".join(kind.format(d) for d in sorted(depths, reverse=True)) + part
    canonical = nets.check(name)
    assert nets.check(canonical) == canonical
    assert parse(canonical) == parse(name)
    assert render(parse(name)) == canonical
    assert nets.depth(name) == max(depths)


def test_the_start_is_spelt_in_one_way() -> None:
    assert nets.check("resnet20-A-from-resnet8-A") == "resnet20-from-resnet8"
    assert split("plain56-from-plain20-from-animals") == ("plain56", "plain20-from-animals")
    assert split("plain56") == ("plain56", "")


def test_it_is_an_arm_of_its_own_beside_the_net_from_scratch() -> None:
    names = ["plain20", "plain56", "plain56-from-plain20", "plain20-from-plain20"]
    assert arms.by_depth(names, "plain110") == {20: "plain20", 56: "plain56"}
    assert len({arms.architecture(name) for name in names[1:]}) == 2
    assert nets.family("plain56-from-plain20") == "plain"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("plain20-from-resnet20", "differ in more than their depth"),
        ("resnet56-B-from-resnet20", "differ in more than their depth"),
        ("plain20-from-plain56", "as deep or shallower"),
        ("plain164-from-plain29", "cannot be the identity"),
        ("resnet56-C-from-resnet20-C", "cannot be the identity"),
        ("vgg15-bn-from-vgg10-bn", "cannot be the identity"),
        ("resnet14-stochastic-depth-from-resnet8-stochastic-depth", "cannot be the identity"),
        ("preact-resnet14-2-of-6-from-preact-resnet8-2-of-3", "cannot be the identity"),
        (
            "resnet56-relu-before-addition-from-resnet20-relu-before-addition",
            "cannot be the identity",
        ),
        ("plain20-from-", "from what"),
        ("plain20-from-plain21", "nearest: plain20"),
        ("plain20-from-animal", "unknown net 'animal'"),
        ("torchvision:resnet18-from-animals", "only the suite's own nets"),
    ],
)
def test_starts_that_cannot_be_are_one_line(name: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason) as error:
        nets.check(name)
    assert "\n" not in str(error.value)


def test_any_net_starts_from_itself() -> None:
    for name in ("plain164", "resnet110-C", "vgg15-bn", "resnet50", "preact-resnet110-23-of-54"):
        assert nets.check(f"{name}-from-{name}") == f"{name}-from-{name}"
