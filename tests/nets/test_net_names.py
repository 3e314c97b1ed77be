"""The grammar of names: what it accepts, what it refuses and how."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet import nets
from resnet.errors import UserError
from resnet.nets.grammar import parse, render

STAGES = st.integers(1, 12)
OPTIONS = st.sampled_from(["", "-A", "-B", "-C"])
GATES = st.builds("-{}-gating-{}".format, st.sampled_from(["exclusive", "shortcut"]), STAGES)
SCALES = st.builds("-scaled-{}-{}".format, st.floats(0, 9).map("{:.2f}".format), STAGES)
PLACES = st.sampled_from(["", "-bn-after-addition", "-relu-before-addition", "-relu-only-preact"])


@st.composite
def valid_names(draw: st.DrawFn) -> str:
    """Names from the grammar of the issue, spelt in any way that it allows."""
    n, k, option = draw(STAGES), draw(st.integers(1, 9)), draw(OPTIONS)
    imagenet = st.sampled_from([18, 34, 50, 101, 152, 200])
    se = draw(st.sampled_from(["", "se-"]))
    forms = [
        f"cifar-plain{6 * n + 2}",
        f"cifar-{se}resnet{6 * n + 2}-basic{option}{draw(PLACES)}-x{k}",
        f"cifar-resnet{9 * n + 2}-bottleneck{option}{draw(PLACES)}",
        f"cifar-{se}preact-resnet{3 * n + 2}-1-layer-skip{option}",
        f"cifar-resnet{6 * n + 2}-basic{draw(st.one_of(GATES, SCALES))}",
        f"cifar-resnet{6 * n + 2}-basic{option}-stochastic-depth",
        f"plain{draw(imagenet)}",
        f"{se}preact-resnet{draw(imagenet)}{option}",
        f"{se}resnet{draw(st.sampled_from([50, 101]))}{option}-v1",
        f"{se}wrn-{6 * n + 4}-{k}-dropout0.{k}",
        f"cifar-{se}resnext{9 * n + 2}-{k}x{4 * n}d",
        f"wide-resnet{draw(st.sampled_from([50, 101, 152]))}-{k}",
    ]
    return draw(st.sampled_from(forms))


@given(valid_names())
def test_each_spelling_has_one_canonical_name(name: str) -> None:
    canonical = nets.check(name)
    assert nets.check(canonical) == canonical
    assert parse(canonical) == parse(name)
    assert render(parse(name)) == canonical


@given(st.one_of(st.text(max_size=30), st.from_regex(r"(se-)?(resnet|plain|wrn-)[0-9a-zA-Z.-]*")))
def test_whatever_the_user_types_is_a_net_or_a_user_error(name: str) -> None:
    try:
        canonical = nets.check(name)
    except UserError:
        return
    assert nets.check(canonical) == canonical


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("resnet20-A", "resnet20"),
        ("cifar-resnet20", "resnet20"),
        ("resnet020", "resnet20"),
        ("resnet34-B", "resnet34"),
        ("resnet34-A", "resnet34-A"),
        ("resnet164-bottleneck-B", "resnet164"),
        ("resnet110-conv-shortcut", "resnet110-C"),
        ("resnet110-scaled-0.50-1.0", "resnet110-scaled-0.5-1"),
        ("cifar-resnet50", "cifar-resnet50"),
        ("resnet56-x1", "resnet56"),
    ],
)
def test_spellings(name: str, canonical: str) -> None:
    assert nets.check(name) == canonical


@pytest.mark.parametrize(
    ("name", "images", "unit"),
    [
        ("resnet50", "imagenet", "bottleneck"),
        ("cifar-resnet50", "cifar", "basic"),
        ("cifar-resnet152", "cifar", "basic"),
        ("resnet152", "imagenet", "bottleneck"),
        ("resnet18", "imagenet", "basic"),
        ("resnet110", "cifar", "basic"),
        ("resnet110-bottleneck", "cifar", "bottleneck"),
        ("resnet164", "cifar", "bottleneck"),
        ("resnet164-basic", "cifar", "basic"),
        ("resnet1001", "cifar", "bottleneck"),
        ("resnet1202", "cifar", "basic"),
        ("cifar-resnext101-2x4d", "cifar", "bottleneck"),
    ],
)
def test_what_a_depth_means(name: str, images: str, unit: str) -> None:
    spec = parse(name)
    assert (spec.images, spec.style.unit) == (images, unit)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnt20", ["did you mean", "resnet20", "6n+2", "wrn-D-k", "torchvision:NAME"]),
        ("resnet21", ["6n+2", "resnet20", "resnet26"]),
        ("resnet51", ["cifar-resnet50", "resnet56"]),
        ("plain4", ["nearest: plain8"]),
        ("wrn-17-4", ["6n+4", "wrn-16-4", "wrn-22-4"]),
        ("resnext30-8x64d", ["9n+2", "resnext29-8x64d", "resnext38-8x64d"]),
        ("resnet44-bottleneck", ["9n+2", "resnet38-bottleneck", "resnet47-bottleneck"]),
        ("vgg16-bn", ["vgg15-bn", "vgg18-bn"]),
        ("wide-resnet26-2", ["50, 101 and 152"]),
        ("plain20-A", ["without shortcuts"]),
        ("preact-resnet110-bn-after-addition", ["pre-activated"]),
        ("resnet50-bottleneck", ["CIFAR"]),
        ("resnet20-v1", ["bottleneck"]),
        ("resnet0", ["from 1 to 10,000"]),
        ("resnet20-x0", ["from 1 to 10,000"]),
        ("wrn-16-4-dropout1", ["below 1"]),
        ("resnet20-relu-only-preact-stochastic-depth", ["stochastic depth"]),
        ("torchvision:resnt50", ["did you mean", "resnet50"]),
        ("torchvision:maxvit_t", ["did you mean", "vit_b_32"]),
        ("", ["names are"]),
        ("resnet" + "9" * 5000, ["unknown net"]),
    ],
)
def test_mistakes_name_the_mend(name: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        nets.check(name)
    for word in words:
        assert word in str(caught.value)


def test_the_catalogue_is_spelt_canonically_and_once() -> None:
    listed = nets.names()
    assert [nets.check(name) for name in listed] == listed
    assert len(set(listed)) == len(listed)


def test_depth_and_family() -> None:
    assert nets.depth("preact-resnet1001") == 1001
    assert nets.depth("wrn-28-10") == 28
    assert nets.depth("torchvision:densenet121") == 0
    assert [nets.family(name) for name in ("plain56", "resnet110-C", "preact-resnet164")] == [
        "plain",
        "resnet",
        "preact-resnet",
    ]
    assert nets.family("se-wrn-16-8") == "se-wrn"


def test_names_are_checked_without_torch() -> None:
    code = (
        "import sys, resnet.nets as n, resnet.nets.tables; n.check('resnet56'); n.names();"
        "n.depth('plain20'); n.family('wrn-28-10'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
