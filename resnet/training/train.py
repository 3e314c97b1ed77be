"""Train one run: from its spec and the data to the result in its folder."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer

from resnet.analysis.gradients import block_gradient_norms, ratio
from resnet.data import Dataset, Pipeline
from resnet.data.feed import feed
from resnet.data.parts import part
from resnet.memory import keep_freed
from resnet.randomness import key
from resnet.runs import provenance
from resnet.runs.files import finite, write_json
from resnet.runs.folder import PROVENANCE, RunFolder
from resnet.runs.spec import RunSpec
from resnet.runs.table import provenance as recorded
from resnet.training.batch_norm import set_statistics
from resnet.training.callbacks import Follower, Progress, Record
from resnet.training.distributed import Ranks, Team, alone, check, lightning
from resnet.training.hasten import hasten, layout, steps_a_chunk
from resnet.training.mirror import Mirror
from resnet.training.module import Chunks, Classifier, NotFinite
from resnet.training.signals import Interrupted
from resnet.training.speed import FAST, PLAIN, Speed
from resnet.training.start import starting_net, weights_sha256
from resnet.training.step import choose_kernels, seed_forward, set_precision

PROBE = 64  # images in the batch that the gradients at initialisation are measured on


def train(
    spec: RunSpec,
    dataset: Dataset,
    root: Path,
    experiment: str,
    *,
    device: str = "cpu",
    wandb: str = "disabled",
    progress: Progress | None = None,
    say: Callable[[str], None] = print,
    team: Team = alone,
    speed: Speed = FAST,
) -> str:
    """Train the run to its end, going on from its resume file if there is one.

    Returns 'done' or 'failed' (a loss that is not finite); what is known of the run is in its
    folder then. Raises RunBusy when another process trains it, and Interrupted after a signal
    that asked to stop, with the state saved.

    `team` gathers the processes that train the run together, of which this one is rank 0; the
    others call `follow`. `speed` says what may make the steps fast; it is no part of the run.
    """
    folder = RunFolder(root, spec)
    with folder.locked():
        folder.open(experiment, say)
        if (status := folder.status()) in ("done", "failed"):
            return status
        with folder.trace(), team() as ranks:
            return _attempt(folder, dataset, experiment, device, wandb, progress, say, ranks, speed)


def follow(spec: RunSpec, dataset: Dataset, device: str, ranks: Ranks, speed: Speed) -> None:
    """Train as one of the ranks that keep no record, until the run ends or is interrupted."""
    record = Follower(RunFolder(Path(), spec), 0, None, ranks)
    module, val_loaders = _prepare(spec, dataset, device, record, speed, lambda text: None)
    if (state := ranks.share(None)) is not None:
        module.restore(state)
    val_loaders = hasten(module, val_loaders, speed, device)
    with suppress(NotFinite, Interrupted):  # rank 0 says what comes of it
        _fit(module, record, None, val_loaders, device)


def _attempt(
    folder: RunFolder,
    dataset: Dataset,
    experiment: str,
    device: str,
    wandb: str,
    progress: Progress | None,
    say: Callable[[str], None],
    ranks: Ranks,
    speed: Speed,
) -> str:
    attempt = folder.next_attempt()
    record = Record(folder, attempt, progress, ranks)
    started = _note_start(folder, attempt, device, ranks)
    module, val_loaders = _prepare(folder.spec, dataset, device, record, speed, say)
    if (state := ranks.share(folder.load_resume(say))) is not None:
        module.restore(state)
    val_loaders = hasten(module, val_loaders, speed, device)
    mirror = None
    if wandb != "disabled":
        mirror = Mirror(folder.spec, experiment, wandb, folder.path.parent, say)
        mirror.log_metrics(record.initial | record.norms, 0)
    end: dict[str, Any] = {}
    try:
        with _ending(folder, started, end):
            _fit(module, record, mirror, val_loaders, device)
            _check_finite(module.position.step, record.metrics)
            end |= _result(module, record)
        if "failed_at" in end:
            return "failed"
        folder.finish(end)
        return "done"
    finally:
        if mirror:  # after all that is the record's: W&B may take its time
            mirror.finish({"failed_at": None, **end})


@contextmanager
def _ending(folder: RunFolder, started: dict[str, Any], end: dict[str, Any]) -> Iterator[None]:
    """Put into `end` the run's seconds, and why it failed where a loss is not finite."""
    try:
        yield
    except NotFinite as error:
        folder.fail(error.step, str(error))
        end |= {"failed_at": error.step, "reason": str(error)}
    finally:
        end["seconds"] = round(_note_end(folder, started), 3)


def _result(module: Classifier, record: Record) -> dict[str, Any]:
    """What a run that came to its end is remembered by, but for its seconds."""
    return {
        **finite({key: value for key, value in record.metrics.items() if key != "lr"}),
        **record.initial,
        "steps": module.position.step,
        "weights_sha256": weights_sha256(module.net),
    }


def _check_finite(step: int, metrics: dict[str, float]) -> None:
    """NotFinite where the last update left weights that give no finite loss on held-out images."""
    for name, value in metrics.items():
        if name.endswith("_loss") and not math.isfinite(value):
            raise NotFinite(step, value)


def _prepare(
    spec: RunSpec,
    dataset: Dataset,
    device: str,
    record: Record,
    speed: Speed = PLAIN,
    say: Callable[[str], None] = print,
) -> tuple[Classifier, list[Any]]:
    """The module at initialisation, its gradients there on record, and the held-out batches."""
    recipe, dataset = spec.recipe, part(dataset, spec.dataset)
    keep_freed()
    set_precision(recipe.precision)
    choose_kernels()
    fed = feed(dataset, recipe, spec.seed, device, layout(speed), say)
    subset, pipeline = fed.subset, fed.pipeline
    root, ranks = record.folder.path.parent, record.ranks
    net = starting_net(
        spec, fed.classes, root, lambda read: ranks.share(read() if ranks.first else None)
    )
    net = net.to(device).to(memory_format=layout(speed))
    check(recipe, net, record.ranks)
    probe = next(iter(pipeline.test(subset.train, min(PROBE, fed.test_batch))))
    seed_forward(key(spec.seed, "probe") % 2**63)
    norms = block_gradient_norms(net, *probe)
    record.initial = finite({"gradient_ratio": ratio(norms)} if norms else {})
    record.norms = finite({f"gradient_norm/{i:04d}": norm for i, norm in enumerate(norms)})
    record.write({"step": 0, "epoch": 0, **record.initial, **record.norms})
    set_statistics(net, recipe.bn_group, recipe.batch_size, record.ranks.world)
    held_out = [s for s in (subset.test, subset.validation) if len(s.labels)]
    parts = [record.ranks.part(split) for split in held_out]
    loaders = [_Batches(pipeline, split, fed.test_batch) for split in parts]
    return Classifier(spec, net, pipeline, fed.stream, record.ranks), loaders


class _Batches:
    """A split as a loader that Lightning can go through once an epoch."""

    def __init__(self, pipeline: Pipeline, split: Any, size: int) -> None:
        there = split.to(pipeline.device)  # once, not once an epoch
        self._batches = lambda: pipeline.test(there, size)
        self._length = -(-len(split.labels) // size)

    def __iter__(self) -> Any:
        return iter(self._batches())

    def __len__(self) -> int:
        return self._length


def _fit(
    module: Classifier, record: Record, mirror: Mirror | None, val_loaders: list[Any], device: str
) -> None:
    recipe, step = module.spec.recipe, module.position.step
    _quieten()
    trainer = Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        max_epochs=recipe.epochs - recipe.epoch_of(step) + 1 if step < recipe.steps else 0,
        callbacks=[record],
        logger=mirror or False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        **lightning(record.ranks),
    )
    steps = steps_a_chunk(module.net, device, recipe.photographs)
    try:
        with record.signals:
            trainer.fit(module, Chunks(module, steps), val_loaders)
    finally:
        vars(trainer).clear()  # its parts hold each other, the module, and all that is on a GPU


def _quieten() -> None:
    """Lightning's notices on devices, loaders and tips: none of them is news to the user."""
    for name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning|torch\.utils)")


def _note_start(folder: RunFolder, attempt: int, device: str, ranks: Ranks) -> dict[str, Any]:
    """Write the provenance with the attempt that begins now; returns what the end completes."""
    path = folder.path / PROVENANCE
    before = recorded(folder.path.parent, folder.path.name)
    start = datetime.now(UTC).isoformat(timespec="seconds")
    now = {"attempt": attempt, "start": start, "processes": ranks.world}
    record = provenance.joined(before, provenance.gather(device), now)
    write_json(path, record)
    return {**record, "clock": time.monotonic()}


def _note_end(folder: RunFolder, started: dict[str, Any]) -> float:
    """Complete the attempt; returns the seconds of all attempts that ended in good order."""
    record = {key: value for key, value in started.items() if key != "clock"}
    record["attempts"][-1]["seconds"] = round(time.monotonic() - started["clock"], 3)
    write_json(folder.path / PROVENANCE, record)
    return sum(attempt.get("seconds", 0.0) for attempt in record["attempts"])
