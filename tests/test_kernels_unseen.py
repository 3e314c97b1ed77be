"""The kernels leave alone what they were not written with in mind."""

from dataclasses import fields, make_dataclass

import pytest

from resnet.kernels import fuse
from resnet.nets import build
from resnet.nets.plans import Style


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_net_of_somebodys_own_is_not_taken_for_one_of_ours(activation: str) -> None:
    net = build("resnet8", 10)
    assert fuse.fusible(net)
    wider = make_dataclass("Wider", [("activation", str, "relu")], bases=(Style,), frozen=True)
    for block in net.blocks:
        same = {field.name: getattr(block.style, field.name) for field in fields(Style)}
        block.style = wider(**same, activation=activation)
    assert fuse.fusible(net) == (activation == "relu")
