"""Lesions: nothing deleted changes nothing, a deleted block is its shortcut, reuse is exact."""

import statistics

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from resnet import nets
from resnet.analysis import orders
from resnet.analysis.chain import Chain, errors
from resnet.analysis.lesions import Lesions, lesion, spearman
from resnet.errors import UserError
from resnet.nets.net import Net

NETS = ["preact-resnet20", "resnet14-B", "plain14", "vgg10-bn", "resnet20-stochastic-depth"]


def small(name: str) -> Net:
    """A net in evaluation mode that has seen one batch, so that its statistics are its own."""
    net = nets.build(name, seed=2)
    net.train()(images(4))
    return net.eval()


def images(n: int = 3, seed: int = 0) -> Tensor:
    return torch.randn(n, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def batches(count: int = 2) -> list[tuple[Tensor, Tensor]]:
    return [(images(seed=i), torch.arange(3)) for i in range(count)]


def wrong(logits: Tensor) -> int:
    return int((logits.argmax(1) != torch.arange(3)).sum())


@pytest.mark.parametrize("name", NETS)
@torch.inference_mode()
def test_deleting_no_block_changes_nothing(name: str) -> None:
    net, x = small(name), images()
    chain = Chain(net)
    assert torch.equal(chain.logits(x, orders.intact(len(chain))), net(x))


@pytest.mark.parametrize("name", NETS)
@torch.inference_mode()
def test_deleting_a_block_equals_replacing_it_by_its_shortcut(name: str) -> None:
    x, chain = images(), Chain(small(name))
    for place in range(len(chain)):
        replaced = small(name)
        block = replaced.blocks[place]
        n_in, n_out, stride = block.shape
        if name == "resnet14-B" and block.reshapes:
            short: nn.Module = nn.Sequential(block.downsample, nn.ReLU())
        else:
            short = nn.AvgPool2d(1, stride)  # every stride-th pixel
            short = nn.Sequential(short, nn.ZeroPad3d((0, 0, 0, 0, 0, n_out - n_in)))
        index = place - chain.stage_of.index(chain.stage_of[place])
        replaced.stages[chain.stage_of[place]][index] = short
        order = orders.without(len(chain), [place])
        assert torch.equal(chain.logits(x, order), replaced(x))


@pytest.mark.parametrize("name", NETS)
@torch.inference_mode()
def test_swapping_two_blocks_equals_a_net_built_so(name: str) -> None:
    x, chain = images(), Chain(small(name))
    for group in chain.alike:
        a, b = group[0], group[-1]
        swapped = small(name)
        one, other = swapped.blocks[a], swapped.blocks[b]
        stage, start = swapped.stages[chain.stage_of[a]], chain.stage_of.index(chain.stage_of[a])
        stage[a - start], stage[b - start] = other, one
        order = list(orders.intact(len(chain)))
        order[a], order[b] = b, a
        assert torch.equal(chain.logits(x, tuple(order)), swapped(x))
    assert chain.alike or name in ("vgg10-bn", "resnet14-B")


@pytest.mark.parametrize("name", NETS)
@torch.inference_mode()
def test_reuse_equals_recomputation_bit_for_bit(name: str) -> None:
    chain = Chain(small(name))
    n = len(chain)
    asked = [orders.intact(n), *(orders.without(n, [place]) for place in range(n))]
    asked += [orders.deletion(n, k, seed=0, draw=d) for k in (2, 3) for d in range(3)]
    asked += [orders.shuffle(n, chain.alike, 2, 0, d) for d in range(3) if chain.alike]
    counted = dict.fromkeys(asked, 0)
    for x, _ in batches():
        for order, logits in chain.each(x, asked):
            assert torch.equal(logits, chain.logits(x, order))
            counted[order] += wrong(logits)
    assert errors(chain, batches(), asked) == [100 * counted[order] / 6 for order in asked]


def test_what_orders_begin_with_alike_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, computed = Chain(small("plain14")), []
    at = chain.at
    monkeypatch.setattr(chain, "at", lambda *words: computed.append(words[:2]) or at(*words))
    asked = [orders.intact(6), *(orders.without(6, places) for places in ((4,), (1, 4), (1, 5)))]
    errors(chain, [next(iter(batches()))], [*asked, asked[0]])
    beginnings = {order[:length] for order in asked for length in range(1, 7)}
    assert len(computed) == len(beginnings) < 6 * len(asked)


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=3, max_size=3)))
def test_orders_that_begin_alike_are_neighbours(drawn: list[list[int | None]]) -> None:
    asked = [tuple(order) for order in drawn]
    line = orders.side_by_side(asked)
    assert set(line) == set(asked)
    assert len(line) == len(set(asked))
    for length in range(1, 4):
        heads = [order[:length] for order in line]
        runs = [head for head, before in zip(heads, [None, *heads], strict=False) if head != before]
        assert len(runs) == len(set(heads))


def test_what_two_orders_share() -> None:
    assert orders.shared((0, 1, 2), (0, None, 2)) == 1
    assert orders.shared((0, 1), (0, 1)) == 2
    assert orders.shared((), (0, 1)) == 0


def test_what_can_be_swapped_is_alike() -> None:
    assert Chain(small("preact-resnet20")).alike == [[1, 2], [4, 5], [7, 8]]
    assert Chain(small("resnet20-stochastic-depth")).alike == [[0, 1, 2], [4, 5], [7, 8]]
    assert Chain(nets.build("vgg15-bn")).alike == [[5, 6], [8, 9], [10, 11, 12]]
    assert Chain(small("plain14")).reshaping == (2, 4)


@given(n=st.integers(1, 60), seed=st.integers(0, 5), draw=st.integers(0, 5), data=st.data())
@settings(max_examples=60, deadline=None)
def test_random_deletions_delete_k_and_shuffles_keep_all(
    n: int, seed: int, draw: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, n))
    order = orders.deletion(n, k, seed, draw)
    assert order == orders.deletion(n, k, seed, draw)
    assert order.count(None) == k
    assert all(block in (place, None) for place, block in enumerate(order))
    if n > 3:
        moved = orders.shuffle(n, [[1, 2, n - 1]], k, seed, draw)
        assert sorted(moved) == list(range(n))
        assert {p for p, block in enumerate(moved) if p != block} <= {1, 2, n - 1}


def test_counts_are_those_of_54_in_proportion() -> None:
    assert orders.counts(54) == range(1, 21)
    assert orders.counts(13) == range(1, 6)
    assert orders.scaled(10, 54) == 10
    assert orders.scaled(10, 1) == 1


def test_kendall_counts_pairs_in_order() -> None:
    assert orders.kendall(range(5)) == 1
    assert orders.kendall((4, 3, 2, 1, 0)) == -1
    assert orders.kendall((1, 0, 2, 3)) == pytest.approx((5 - 1) / 6)


def test_values_follow_from_the_errors() -> None:
    found = Lesions(
        whole=10.0,
        chance=90.0,
        single=(12.0, 11.0, 14.0, 50.0),
        reshaping=(3,),
        random=((1, 0, 20.0), (1, 1, 30.0), (2, 0, 60.0)),
        shuffled=((1, 0, 0.8, 15.0), (2, 0, 0.6, 40.0), (3, 0, 0.4, 70.0)),
    )
    assert found.values() == {
        "lesion_median_rise": 2.0,
        "lesion_chance_share": 2.5,
        "lesion_downsampling_excess": 38.0,
        "lesion_ten_error": statistics.mean([20.0, 30.0]),
        "lesion_correlation": pytest.approx(spearman([0, 1, 1, 2], [10, 20, 30, 60])),
        "shuffle_correlation": -1.0,
    }
    keys = {key: value for _, key, value in found.rows(7)}
    assert keys["lesion/0003"] == 50.0
    assert keys["lesion_reshapes/0003"] == 1.0
    assert keys["lesion_random/0001/1"] == 30.0
    assert keys["shuffle_tau/0002/0"], keys["shuffle_error/0002/0"] == (0.6, 40.0)


def test_a_correlation_with_three_orders_is_left_out() -> None:
    """Of so few it is 1 by chance."""
    shuffled = ((1, 0, 0.8, 15.0), (1, 1, 0.8, 20.0), (2, 0, 1.0, 10.0))
    few = Lesions(10.0, 90.0, (12.0,), (), ((1, 0, 20.0),), shuffled)
    assert "shuffle_correlation" not in few.values()


def test_what_is_not_defined_is_left_out() -> None:
    flat = Lesions(89.5, 90.0, (90.0, 90.0), (), ((1, 0, 89.5),), ())
    assert set(flat.values()) == {"lesion_median_rise", "lesion_ten_error"}


@pytest.mark.parametrize("name", ["resnet11", "wrn-10-2"])
def test_a_net_whose_blocks_all_change_the_shape_has_no_median_rise(name: str) -> None:
    found = lesion(small(name), batches(1), classes=10)
    assert found.reshaping == (0, 1, 2)
    assert "lesion_ten_error" in found.values()
    left_out = {"lesion_median_rise", "lesion_chance_share", "lesion_downsampling_excess"}
    assert not left_out & found.values().keys()


def test_a_whole_lesion_study_of_a_small_net() -> None:
    net = small("preact-resnet20")
    found = lesion(net, batches(), classes=10, seed=1)
    again = lesion(net, batches(), classes=10, seed=1)
    assert found == again
    assert len(found.single) == 9
    assert found.reshaping == (3, 6)
    assert len(found.random) == len(found.shuffled) == 3 * 5
    assert found.whole == statistics.mean(100 * wrong(net(x)) / 3 for x, _ in batches())
    assert lesion(net, batches(), classes=10, seed=2).random != found.random


def test_a_net_that_is_not_ours_is_refused_with_the_mend() -> None:
    with pytest.raises(UserError, match=r"'Linear' is not made of blocks .* as resnet50"):
        Chain(nn.Linear(2, 2))
