"""What `resume` looks at: the runs that were sent, and the settings that they were sent with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from resnet.errors import UserError
from resnet.planning import cluster as settings
from resnet.planning.cluster import Cluster
from resnet.planning.options import Options
from resnet.runs.spec import RunSpec
from resnet.training.speed import Speed
from sweeps.manifest import Manifest
from sweeps.submit import Order

Specs = tuple[RunSpec, ...]


def again(
    found: Sequence[Manifest], options: Options, names: Sequence[str]
) -> list[tuple[Specs, Order]]:
    """The runs of each experiment (of `names`, or of all) that were sent, and how to send them.

    Raises:
        UserError: nothing was sent of an experiment or of a net that is named, or the settings of
            then and the flags of now do not go together.
    """
    sent = [manifest for manifest in found if manifest.launcher == "slurm"]
    there = list(dict.fromkeys(manifest.experiment for manifest in sent))
    lacking = [name for name in names if name not in there]
    if lacking or not there:
        of = f" of {', '.join(lacking)}" if lacking else ""
        raise UserError(
            f"nothing{of} was sent to SLURM from '{options.output_dir}' (--output-dir?)"
        )
    _check_nets(options.nets or (), [spec for manifest in sent for spec in manifest.specs()])
    groups = [[m for m in sent if m.experiment == name] for name in there]
    return [(specs, _order(mine, specs, options)) for mine in groups
            if (specs := _chosen(mine, options.nets or ()))]  # fmt: skip


def _check_nets(nets: Sequence[str], specs: Sequence[RunSpec]) -> None:
    """UserError for a net of which nothing was sent."""
    there = {name for spec in specs for name in _names(spec)}
    if lacking := [net for net in nets if net not in there]:
        sent = ", ".join(dict.fromkeys(spec.net for spec in specs))
        raise UserError(f"--nets {','.join(lacking)}: not among those that were sent: {sent}")


def _names(spec: RunSpec) -> tuple[str, str]:
    return spec.net, f"{spec.net}@{spec.recipe.name}"


def _chosen(mine: Sequence[Manifest], nets: Sequence[str]) -> Specs:
    """The runs that were sent, each once; of some nets only where any are named."""
    specs = {spec.id: spec for manifest in mine for spec in manifest.specs()}
    return tuple(s for s in specs.values() if not nets or set(_names(s)) & set(nets))


def _order(mine: Sequence[Manifest], specs: Specs, options: Options) -> Order:
    """As the last submission had it, with the flags on top; everything that was to be measured."""
    # What the queue refused has no jobs, and its settings are no example.
    last = next((manifest for manifest in reversed(mine) if any(manifest.jobs)), mine[-1])
    ids = {spec.id for spec in specs}
    asked = [name for m in mine if ids & set(m.order) for name in m.measures]
    return Order(
        root=options.output_dir,
        experiment=last.experiment,
        cluster=_cluster(last, options),
        data_dir=options.data_dir or (Path(last.data_dir) if last.data_dir else None),
        wandb=options.wandb or last.wandb,
        snapshot=options.snapshot or last.snapshot is not None,
        measures=tuple(dict.fromkeys(asked)),
        speed=_speed(last.speed, options.speed),
    )


def _cluster(last: Manifest, options: Options) -> Cluster:
    if options.cluster is not None:
        return settings.resolve(options.cluster, options.cluster_flags)
    return settings.combine(last.cluster, f"the manifest {last.name}", options.cluster_flags)


def _speed(before: Speed, asked: Speed) -> Speed:
    """As before, but for what the flags switch now."""
    return replace(
        before,
        graph=before.graph and asked.graph,
        compile=before.compile or asked.compile,
        kernels=before.kernels and asked.kernels,
    )
