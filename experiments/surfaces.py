"""The command line of an experiment on loss surfaces: how fine, how far, and which points.

Without --part it is any experiment's. With it, the points of that part alone are computed, on
runs that are trained already: on several machines at once, or a few at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from experiments.main import leave, run
from resnet.analysis.settings import text_of
from resnet.errors import UserError
from resnet.experiment import Experiment
from resnet.planning import options as planning
from resnet.planning.options import Options

NAME = "landscape"


def main(experiment: Experiment, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run as the command line asks."""
    leave(lambda: _run(experiment, arguments))


def parser(experiment: Experiment) -> planning.Parser:
    """Any experiment's options, and those of surfaces."""
    parser = planning.parser(experiment)
    add = parser.add_argument_group("loss surfaces").add_argument
    add("--resolution", type=int, metavar="N", help="points a side, odd (quick 9, paper 51)")
    add("--range", type=float, metavar="R", dest="reach", help="filter lengths to go (default 1)")
    add(
        "--images",
        type=int,
        metavar="N",
        help="training images a loss (quick 256, paper 10,000); given, these surfaces alone are "
        "computed, and not those of the default, which the claim rests on",
    )
    add("--part", metavar="K/N", help="compute part K of N of the points, and nothing else")
    return parser


def _run(experiment: Experiment, arguments: Sequence[str] | None) -> int:
    values = vars(parser(experiment).parse_args(arguments))
    settings = text_of(values["resolution"], values["reach"], values["images"])
    options = planning.asked(experiment, values)
    if values["part"] is not None:
        if options.minutes is not None:
            raise UserError("--minutes is for training: a part's points are kept one by one")
        return compute(experiment, options, settings, *part_of(values["part"]))
    more = (f"{NAME}@{settings}",) if settings else ()
    usual = () if values["images"] else experiment.measures
    return run(replace(experiment, measures=(*usual, *more)), options)


def part_of(text: str) -> tuple[int, int]:
    """(K, N) of 'K/N'; UserError for what is no part."""
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise UserError(f"--part {text}: give a part of a whole, as in --part 2/8")
    return int(number), int(count)


def compute(experiment: Experiment, options: Options, settings: str, part: int, of: int) -> int:
    """Compute part number `part` of `of` of all surfaces of the trained runs; exit status."""
    import torch

    from resnet.analysis.measure import trained
    from resnet.analysis.settings import chosen
    from resnet.analysis.surfaces import Landscape
    from resnet.console import say
    from resnet.planning import plan as plans
    from resnet.planning.data import load_data
    from sweeps.pool import share

    device = "cuda" if torch.cuda.is_available() else "cpu"
    preset = plans.choose_preset(options, device)
    dataset = load_data(options, preset)
    plan = plans.make(experiment, options, preset, dataset)
    done = [spec for spec, status in zip(plan.specs, plan.statuses, strict=True)
            if status in ("done", "unmeasured")]  # fmt: skip
    if not done:
        raise UserError("none of these runs is trained yet: leave --part out to train them first")
    torch.set_num_threads(share(len(plan.specs), device, options.workers)[1])
    for spec in done:
        run = trained(spec, dataset, options.output_dir, device)
        whole = Landscape(run, chosen(spec.recipe, settings))
        if options.dry_run:
            say(f"{spec.title}: {whole.missing(part - 1, of)} points to compute, "
                f"{whole.on_record()} on record")  # fmt: skip
            continue
        count = whole.compute(part - 1, of)
        say(f"{spec.title}: {count} points computed, {whole.on_record()} on record")
    if options.dry_run:
        return 0
    say(f"part {part} of {of} is on record for {len(done)} of {len(plan.specs)} runs")
    return 0
