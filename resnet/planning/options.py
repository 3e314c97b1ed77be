"""The options that every experiment script takes; light, so that --help is quick."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from resnet import recipes
from resnet.claims.arms import check
from resnet.data import NAMES
from resnet.data.names import PHOTOGRAPHS, WHOLE, named, split, stand_in
from resnet.errors import UserError, unknown
from resnet.experiment import Experiment
from resnet.planning import cluster, photographs
from resnet.planning.help import Help
from resnet.planning.photographs import NOTHING_ASKED, Photographs
from resnet.planning.seeds import seeds
from resnet.runs.files import home
from resnet.training.speed import Speed

PRESETS = ("quick", "paper")
LAUNCHERS = ("local", "slurm", "debug")


@dataclass(frozen=True)
class Options:
    """What the user asked for; None where the machine or the preset decides."""

    preset: str | None = None
    recipe: str | None = None
    nets: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    until_decided: int | None = None
    validation_images: int = 0
    dataset: str = "cifar10"
    data_dir: Path | None = None
    output_dir: Path = Path("runs")
    launcher: str = "local"
    workers: int | None = None
    minutes: float | None = None  # after which to save and stop
    wandb: str | None = None
    report: bool = True
    plain_step: bool = False
    compile: bool = False
    library_kernels: bool = False
    dry_run: bool = False
    cluster: Path | None = None  # the file of cluster settings
    cluster_flags: tuple[tuple[str, Any], ...] = ()  # the settings given on the command line
    snapshot: bool = False
    photographs: Photographs = NOTHING_ASKED

    @property
    def reports(self) -> Path:
        """Where reports go: beside runs/, or into a folder of another name, as reports/pdf."""
        return home(self.output_dir) / "reports" / "pdf"

    @property
    def speed(self) -> Speed:
        """What may make the steps fast."""
        own = not self.library_kernels
        return Speed(graph=not self.plain_step, compile=self.compile, kernels=own)

    def of(self, experiment: Experiment) -> Options:
        """The same, on the experiment's own data where no other is asked for.

        Of a whole set that is asked for, the experiment takes its own part.
        """
        asked = self.dataset or experiment.dataset
        part = split(experiment.dataset)[1] if asked in WHOLE else ""
        return replace(self, dataset=named(asked, part))


OF_RECIPES = frozenset(
    f"--{name}"
    for name in (
        *("lr", "learning-rate", "steps", "epochs", "batch-size", "weight-decay", "momentum"),
        *("milestones", "warmup", "precision", "schedule"),
    )
)


class Parser(argparse.ArgumentParser):
    """Argparse with one-line errors: what was wrong, and the nearest flag that exists."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": Help, **more})

    def error(self, message: str) -> None:  # type: ignore[override]
        """Raise UserError instead of printing usage and exiting."""
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0]
            if word.split("=")[0] in OF_RECIPES:
                raise UserError(f"{word} is the recipe's: --recipe NAME, or NET@NAME among --nets")
            flags = [flag for flag in self._option_string_actions if flag.startswith("--")]
            near = difflib.get_close_matches(word.split("=")[0], flags, n=2, cutoff=0.5)
            mend = f"did you mean {' or '.join(near)}?" if near else "--help lists the valid ones"
            raise UserError(f"unknown argument '{word}': {mend}")
        raise UserError(f"{message.removeprefix('argument ')} (--help lists the valid choices)")


def parser(experiment: Experiment) -> Parser:
    """The command line of an experiment script."""
    parser = Parser(
        prog=f"python experiments/{experiment.name}.py",
        description=experiment.question,
        epilog="With no flags: the paper's recipe on a CUDA device, else the quick one.",
        allow_abbrev=False,
    )
    add_arguments(parser, _default(experiment), experiment)
    return parser


def _default(experiment: Experiment) -> str:
    """The help on --nets."""
    presets = {preset: ",".join(experiment.nets_of(preset)) for preset in PRESETS}
    if len(set(presets.values())) == 1:
        return f"the arms (default {presets['paper']})"
    listed = "; ".join(f"{preset}: {nets}" for preset, nets in presets.items())
    return f"the arms, NET or NET@RECIPE (default {listed})"


def add_arguments(
    parser: argparse.ArgumentParser, nets: str = "the arms", experiment: Experiment | None = None
) -> None:
    """Add what can be asked of `experiment`, or of any; `nets` is the help on --nets."""
    dataset = experiment.dataset if experiment else "cifar10"
    add = parser.add_argument
    add("--preset", choices=PRESETS, help="quick: minutes on two CPU cores; paper: as published")
    add("--recipe", metavar="NAME", help=_recipes())
    add("--nets", metavar="A,B", help=nets)
    add("--seeds", metavar="N", help="runs an arm, with seeds 0 to N-1; 3-5 or 0,4: those")
    add("--until-decided", type=int, metavar="N", help="add seeds in waves, up to N an arm")
    add("--validation-images", type=int, default=0, metavar="N", help="held out (paper: 5000)")
    add("--dataset", default="", metavar="NAME", help=f"{dataset} or {stand_in(dataset)}")
    add_places(parser, dataset)
    add(
        "--launcher",
        choices=LAUNCHERS,
        default="local",
        help="worker processes here, a SLURM cluster, or this process alone",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="runs at a time here (default: one a core; on a GPU see README)",
    )
    add("--minutes", type=float, metavar="N", help="save and stop then; the same command goes on")
    add("--no-report", dest="report", action="store_false", help="stop at the table")
    add_ways(parser)
    if experiment is not None and experiment.groups:
        groups = "; ".join(f"{name}: {','.join(nets)}" for name, nets in experiment.groups.items())
        add("--group", metavar="NAME", choices=(*experiment.groups,), help=f"arms: {groups}")
    if experiment is None or experiment.dataset in PHOTOGRAPHS:
        photographs.add_arguments(parser)
    cluster.add_arguments(parser)


def add_places(parser: argparse.ArgumentParser, dataset: str) -> None:
    """Add where the data lies, and where the runs do."""
    add = parser.add_argument
    add("--data-dir", type=folder, metavar="DIR", help=f"where {dataset} lies (default data/)")
    add(
        "--output-dir",
        type=folder,
        default=Path("runs"),
        metavar="DIR",
        help="where runs go, and their reports into DIR/reports/pdf (default runs/, reports/pdf/)",
    )


def folder(text: str) -> Path:
    """The folder of that name; an empty one is an unset variable of the shell."""
    if not text.strip():
        raise argparse.ArgumentTypeError("names no folder")
    return Path(text)


def add_ways(parser: argparse.ArgumentParser) -> None:
    """Add what changes no number: how runs are told, how fast they are, and a plan alone."""
    add = parser.add_argument
    add("--wandb", choices=("offline", "online", "disabled"), help="the mirror of the record")
    add("--plain-step", action="store_true", help="no CUDA graphs: the same numbers, slower")
    add(
        "--library-kernels",
        action="store_true",
        help="cuDNN's kernels, not our own (for bfloat16 on a GPU)",
    )
    add("--compile", action="store_true", help="compile the blocks: for long runs on a GPU")
    add("--dry-run", action="store_true", help="print the plan, train nothing")


def _recipes() -> str:
    """The help on --recipe."""
    every = ", ".join(recipes.RECIPES)
    return f"one of {every}; or one at the scale of a short one, as in small-paper-bf16, quick-fb"


def parse(experiment: Experiment, arguments: Sequence[str] | None = None) -> Options:
    """The options in `arguments` (default: the command line's), checked as far as is cheap."""
    return asked(experiment, vars(parser(experiment).parse_args(arguments)))


def asked(experiment: Experiment, values: dict[str, Any]) -> Options:
    """The options among the parsed flags of an experiment's parser."""
    if group := values.get("group"):
        if values["nets"] is not None:
            raise UserError("--group names the arms: leave --nets out")
        values["nets"] = ",".join(experiment.groups[group])
    return from_values(values).of(experiment)


def from_values(values: Mapping[str, Any]) -> Options:
    """The options among parsed flags; UserError for what cannot be right."""
    values = {**values, "cluster_flags": cluster.given(values)}
    values["photographs"] = photographs.given(values)
    if values["nets"] is not None:
        nets = tuple(net.strip() for net in values["nets"].split(",") if net.strip())
        values["nets"] = tuple(dict.fromkeys(map(check, nets)))  # resnet20-A is resnet20
    if values.get("seeds") is not None:
        values["seeds"] = seeds(values["seeds"])
    names = [field.name for field in fields(Options)]
    options = Options(**{name: values[name] for name in names if name in values})
    validate(options)
    return options


def validate(options: Options) -> None:
    """UserError for anything that no machine and no data could make right."""
    if options.nets == ():
        raise UserError("--nets names no net; give some, as in --nets plain20,resnet20")
    if options.until_decided is not None and options.until_decided < 2:
        raise UserError(
            f"--until-decided {options.until_decided}: give a budget of 2 seeds or more"
        )
    if options.until_decided is not None and options.seeds is not None:
        raise UserError("--until-decided sets the seeds itself: leave --seeds out")
    if options.workers is not None and options.workers < 1:
        raise UserError(f"--workers {options.workers}: give 1 or more")
    if options.minutes is not None:
        if not 0 < options.minutes < math.inf:
            raise UserError(f"--minutes {options.minutes:g}: give a number, more than 0")
        if options.launcher != "local":
            mend = " (on SLURM: --timeout-min)" if options.launcher == "slurm" else ""
            raise UserError(f"--minutes is for --launcher local{mend}")
    _check_cluster(options)
    if options.recipe is not None:
        recipes.get(options.recipe)
    if options.dataset and options.dataset not in NAMES:
        raise unknown("data set", options.dataset, NAMES)


def _check_cluster(options: Options) -> None:
    """UserError for settings of a cluster where nothing is sent to one."""
    given = dict(options.cluster_flags)
    if (number := given.pop("processes_per_run", 1)) < 1:
        raise UserError(f"--processes-per-run {number}: give 1 or more")
    if number > 1 and options.launcher == "debug":
        raise UserError("--launcher debug trains in this process: leave --processes-per-run out")
    asked = {**given, "cluster": options.cluster, "snapshot": options.snapshot or None}
    stray = [cluster.flag(name) for name, value in asked.items() if value is not None]
    if stray and options.launcher != "slurm":
        flags, it = ", ".join(stray), "them" if len(stray) > 1 else "it"
        raise UserError(f"only --launcher slurm takes {flags}: add that, or leave {it} out")
