"""A sweep on this machine, on record as one on a cluster is: the same `status` reads both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from resnet.locks import held
from resnet.runs.spec import RunSpec
from resnet.training.speed import FAST, Speed
from sweeps import code
from sweeps.manifest import Manifest, code_of, new_folder


@contextmanager
def recorded(
    root: Path,
    experiment: str,
    specs: Sequence[RunSpec],
    measures: tuple[str, ...] = (),
    speed: Speed = FAST,
) -> Iterator[Manifest]:
    """The manifest of runs that this process is about to train; marked as alive meanwhile."""
    manifest = Manifest(
        folder=new_folder(root.resolve(), experiment),
        experiment=experiment,
        launcher="local",
        created=datetime.now().isoformat(timespec="seconds"),
        runs={spec.id: spec.to_json() for spec in specs},
        tasks=(tuple(spec.id for spec in specs),),
        jobs=("",),
        cluster={},
        code=code_of(code.digests()),
        measures=measures,
        speed=speed,
    ).write()
    with held(manifest.alive):
        yield manifest
