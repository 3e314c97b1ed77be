"""The command line of an experiment on one trained net: a run of ours, or weights from a file.

Without --run and --weights it is any experiment's. With one of them nothing is trained: the net
is looked at, and what is found is printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from experiments.main import leave, run
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.planning import options as planning

if TYPE_CHECKING:
    from resnet.analysis.chain import Batches, Chain
    from resnet.nets.net import Net

OWN = ("run", "weights", "net", "delete", "images", "json")


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run as the command line asks."""
    leave(lambda: _run(experiment, arguments))


def parser(experiment: Experiment) -> planning.Parser:
    """Any experiment's options, and those of a trained net."""
    parser = planning.parser(experiment)
    group = parser.add_argument_group("a trained net instead, and nothing trained")
    add = group.add_argument
    add("--run", metavar="ID", help="a run in --output-dir, on its own test images")
    add("--weights", metavar="FILE", type=Path, help="a state dict, keys as torchvision's; "
        "--recipe says how its images are normalised")  # fmt: skip
    add("--net", metavar="NAME", help="the net that --weights are of (default: told by them)")
    add("--delete", metavar="S.B,…", help="blocks to delete together, by stage and block: 1.2,3.1")
    add("--images", metavar="N", type=int, help="test images (default: all)")
    add("--json", action="store_true", help="print one JSON object")
    return parser


def _run(experiment: Experiment, arguments: Sequence[str] | None) -> int:
    values = vars(parser(experiment).parse_args(arguments))
    asked = argparse.Namespace(**{name: values.pop(name) for name in OWN})
    options = planning.from_values(values)
    if asked.run is None and asked.weights is None:
        if any(value is not None and value is not False for value in vars(asked).values()):
            raise UserError(f"{', '.join(f'--{name}' for name in OWN[2:])} go with --weights or "
                            "--run")  # fmt: skip
        return run(experiment, options.of(experiment))
    from experiments.opening import opened
    from resnet.analysis.lesions import lesion

    if asked.run is not None and (asked.weights is not None or asked.net is not None):
        raise UserError("--run names the net itself: leave --weights and --net out")
    one = opened(asked, options, experiment)
    if options.dry_run:
        return tell(one.net, asked.delete)
    if asked.delete is not None:
        return delete(one.net, one.batches, asked.delete, asked.json)
    found = lesion(one.net, one.batches, one.classes, one.seed)
    show(str(one.net.name), found, asked.json)
    return 0


def tell(net: Net, text: str | None) -> int:
    """Print what would be done to the net, do nothing; the exit status."""
    from resnet.analysis.chain import Chain
    from resnet.console import say

    chain = Chain(net)
    what = f"each of {len(chain)} blocks, then several at random, then pairs swapped"
    if text is not None:
        places = {_place(chain, word) for word in text.split(",")}
        what = f"{text}, {len(places)} of {len(chain)} blocks together"
    say(f"{net.name}: to be tested whole, and with blocks deleted: {what}")
    return 0


def delete(net: Net, batches: Batches, text: str, as_json: bool) -> int:
    """Print the error with the blocks of `text` deleted together; the exit status."""
    from resnet.analysis import orders
    from resnet.analysis.chain import Chain, errors
    from resnet.console import say

    chain = Chain(net)
    gone = [_place(chain, word) for word in text.split(",")]
    if len(set(gone)) < len(gone):
        raise UserError(f"--delete {text}: names a block twice")
    whole, left = errors(
        chain, batches, [orders.intact(len(chain)), orders.without(len(chain), gone)]
    )
    if as_json:
        print(json.dumps({"net": net.name, "whole": whole, "deleted": text, "error": left}))
    else:
        say(f"{net.name}: test error {whole:.2f} %; with {text} deleted {left:.2f} %")
    return 0


def _place(chain: Chain, word: str) -> int:
    """The place of block 'S.B', the B-th of stage S, both from 1."""
    stage, _, block = word.strip().partition(".")
    sizes = [chain.stage_of.count(i) for i in sorted(set(chain.stage_of))]
    counted = stage.isdecimal() and block.isdecimal() and 1 <= int(stage) <= len(sizes)
    if counted and 1 <= int(block) <= sizes[int(stage) - 1]:
        return chain.stage_of.index(int(stage) - 1) + int(block) - 1
    has = ", ".join(f"{i}.1 to {i}.{size}" for i, size in enumerate(sizes, start=1))
    raise UserError(f"--delete {word}: {chain.net.name} has the blocks {has}")


def show(name: str, found: Any, as_json: bool) -> None:
    """Print what was found of a net: the blocks in a table, and what they come to."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from resnet.console import console, say

    if as_json:
        rows = {key: value for _, key, value in found.rows(0)}
        print(json.dumps({"net": name, "values": found.values(), "rows": rows}))
        return
    say(f"\n{name}: test error {found.whole:.2f} %; guessing {found.chance:.0f} %")
    table = Table("block deleted", "test error, %", "rise, points", "", box=SIMPLE_HEAD)
    for place, error in enumerate(found.single):
        note = "changes the shape" if place in found.reshaping else ""
        table.add_row(str(place + 1), f"{error:.2f}", f"{error - found.whole:+.2f}", note)
    console.print(table)
    for key, value in found.values().items():
        say(f"  {key:28} {value:.2f}")
