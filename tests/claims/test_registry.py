"""The claims themselves: complete, sourced, askable of nets that the suite has."""

import subprocess
import sys
from itertools import combinations

import pytest

from resnet.claims import metrics, paper, registry
from resnet.claims.arms import check
from resnet.claims.contrasts import difference, interaction
from resnet.claims.orders import Groups, Trend
from resnet.errors import UserError

CLAIMS = registry.claims()
FOUR = ["plain20", "plain56", "resnet20", "resnet56"]


def test_every_row_of_the_list_is_there():
    for row in range(1, 26):
        assert registry.claim(f"C{row}").id
    assert {"H15-F6L", "H15-F6M", "H15-F1", "H15-deg", "H15-grad"} <= set(CLAIMS)
    assert len(CLAIMS) == sum(len(family) for family in registry.FAMILIES.values())


def test_an_unknown_claim_names_near_ones():
    with pytest.raises(UserError, match="H15-F6L"):
        registry.claim("H15-F6")


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_claim_is_whole(claim):
    assert claim.source.status in ("VERIFIED", "VERIFIED-2ND", "OURS")
    assert claim.sentence
    assert claim.margin_why
    assert claim.min_seeds >= 3
    assert claim.contrasts()
    assert [check(net) for net in claim.arms] == list(claim.arms)
    assert set(claim.metrics) <= set(metrics.METRICS)
    assert claim.on(claim.arms) is claim
    assert claim.on([]) is None


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_the_papers_own_figures_do_not_contradict_a_claim(claim):
    """Where the source prints a figure for every arm, it must lie on the claimed side."""
    for contrast in claim.contrasts():
        figures = _together(contrast, claim)
        if None not in figures:
            pairs = zip(figures, contrast.terms, strict=True)
            assert contrast.leans(sum(figure * weight for figure, (_, weight) in pairs)) != (
                "contradicted"
            )


def _together(contrast, claim):
    """The arms' figures in the claim's source, of one protocol where all arms have one."""
    every = [
        [
            f
            for f in paper.printed(net, claim.dataset, contrast.metric)
            if f.source.paper == claim.source.paper and f.relation == "="
        ]
        for net in contrast.arms
    ]
    shared = set.intersection(*({f.protocol for f in found} for found in every))
    kept = ([f.value for f in found if f.protocol in (shared or {f.protocol})] for found in every)
    return [next(iter(values), None) for values in kept]


LADDER = (
    *(f"resnet{depth}" for depth in (20, 32, 44, 56, 110, 164, 1001, 1202)),
    *(f"preact-resnet{depth}" for depth in (110, 164, 1001)),
)
ON_CIFAR10 = [claim for claim in CLAIMS.values() if claim.dataset == "cifar10"]


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("claim", ON_CIFAR10, ids=lambda claim: claim.id)
def test_nor_do_they_contradict_it_when_it_moves_to_other_nets(claim, size):
    """Moved from 1202 layers to 56, a claim would ask the opposite of what its paper prints."""
    for nets in combinations(LADDER, size):
        asked = claim.on(nets)
        for contrast in asked.contrasts() if asked else ():
            figures = [_printed(net, claim, contrast.metric) for net in contrast.arms]
            if None in figures or contrast.metric != "test_error":
                continue
            pairs = zip(figures, contrast.terms, strict=True)
            effect = sum(figure * weight for figure, (_, weight) in pairs)
            assert contrast.leans(effect) != "contradicted", (nets, contrast.label, effect)


def _printed(net, claim, metric):
    """The claim's own paper's figure for a net, else another's."""
    found = [f for f in paper.printed(net, claim.dataset, metric) if f.relation == "="]
    found.sort(key=lambda f: f.source.paper != claim.source.paper)
    return found[0].value if found else None


@pytest.mark.parametrize("name", ["C5", "C6", "C13", "C24"])
def test_where_the_literature_disagrees_every_side_is_carried(name):
    assert registry.claim(name).disputes


def test_a_trend_takes_all_nets_of_its_family_by_depth():
    trend = Trend("test_error", ("resnet20", "resnet56"), "lower", up_to=110)
    nets = ["resnet110", "resnet20", "plain20", "resnet32", "resnet34", "resnet50", "resnet1202"]
    assert trend.on(nets).arms == ("resnet20", "resnet32", "resnet110")
    assert trend.on(["resnet20", "plain56", "resnet44-B", "resnet164"]) is None


def test_a_general_difference_moves_to_the_nets_at_hand():
    across = difference("test_error", "plain56", "resnet56", "higher", general=True)
    assert across.on(FOUR) is across
    assert across.on(["plain20", "plain32", "resnet32", "resnet44"]).arms == ("plain32", "resnet32")
    assert across.on(["plain20", "resnet32"]) is None
    along = difference("test_error", "plain56", "plain20", "higher", general=True)
    assert along.on(["plain32", "plain44", "plain110"]).arms == ("plain110", "plain32")
    assert along.on(["plain32", "resnet44"]) is None
    fixed = difference("test_error", "plain56", "plain20", "higher")
    assert fixed.on(["plain20", "plain44"]) is None


def test_no_claim_takes_nets_that_its_source_says_the_opposite_of():
    # H16-T5 is about these two.
    assert registry.claim("C11").on(["resnet152-v1", "resnet200-v1"]) is None
    assert registry.claim("C15").on(["resnet110", "resnet164"]) is None
    assert registry.claim("C6-training").on(["resnet20", "resnet56"]) is None
    deep = registry.claim("C2").on(["resnet32", "resnet56", "resnet1202"])
    assert deep.arms == ("resnet32", "resnet56")


def test_a_general_interaction_takes_the_ends_of_the_common_depths():
    four = interaction(
        "train_error", ("plain56", "plain20"), ("resnet56", "resnet20"), "higher", general=True
    )
    nets = ["plain20", "plain32", "plain44", "resnet32", "resnet44", "resnet56"]
    assert four.on(nets).arms == ("plain44", "plain32", "resnet44", "resnet32")


def test_a_claim_in_several_parts_is_asked_whole_unless_it_is_divisible():
    assert registry.claim("C21-depth").on(["resnet110", "resnet1202"]) is None
    values = registry.claim("C1").on(["resnet20", "resnet56"])
    assert values.asked_of == ("resnet20", "resnet56")


def test_a_claim_that_is_asked_in_part_says_so():
    whole, nets = registry.claim("C17"), ["preact-resnet32"]
    assert whole.asked == "" == whole.on(["preact-resnet110"]).asked
    part = whole.on(nets)
    assert part.asked_in_part == (1, 2)
    assert part.asked == "in part (1 of 2) of preact-resnet32"
    moved = registry.claim("H15-F1").on(["plain20", "plain44"])
    assert moved.asked == "of plain44, plain20"


def test_rank_groups_compare_neighbouring_groups():
    groups = Groups("test_error", (("a",), ("b", "c"), ("d",)))
    pairs = [contrast.arms for contrast in groups.contrasts()]
    assert pairs == [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c")]
    assert groups.on(["a", "d"]).groups == (("a",), ("d",))
    assert groups.on(["b", "c"]) is None


def test_kinds():
    kinds = {claim.kind for claim in CLAIMS.values()}
    assert {
        "trend",
        "difference",
        "threshold",
        "equivalence",
        "conjunction",
        "interaction",
    } <= kinds


@pytest.mark.parametrize(
    ("net", "figure"),
    [("resnet20", 8.75), ("resnet110", 6.61), ("preact-resnet164", 5.46), ("resnet1202", 7.93)],
)
def test_the_papers_figures_are_found(net, figure):
    assert paper.figure(net).value == figure


@pytest.mark.parametrize("net", ["plain20", "plain56", "plain110", "resnet20-B", "nothing"])
def test_what_no_paper_prints_is_not_invented(net):
    assert paper.figure(net) is None


def test_figures_by_data_set_protocol_and_spread():
    assert str(paper.figure("resnet110")) == "6.61 ± 0.16"
    assert paper.figure("resnet110", protocol="best of five runs").value == 6.43
    assert paper.figure("resnet34", "imagenet").value == 24.52
    assert paper.figure("preact-resnet1001", "cifar100").value == 22.71
    assert [str(f) for f in paper.printed("plain110")] == ["> 60", "> 20", "16.44"]
    assert 12.77 in [f.value for f in paper.reproduced("plain56")]


def test_figures_name_nets_in_their_one_spelling_and_none_is_from_memory():
    for figure in paper.PRINTED + paper.REPRODUCED:
        assert figure.source.status != "UNVERIFIED"
        if figure.net.startswith(("plain", "resnet", "preact-", "wrn-", "se-", "resnext", "wide-")):
            assert check(figure.net) == figure.net


def test_claims_load_without_torch_pandas_or_numpy():
    code = (
        "import sys; from resnet.claims import registry, paper, tables; registry.claims();"
        "print(sorted({'torch', 'pandas', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
