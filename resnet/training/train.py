"""Train one run: from its spec and the data to the result in its folder."""

import hashlib
import logging
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.plugins.environments import LightningEnvironment
from torch import nn

from resnet.analysis.gradients import block_gradient_norms, ratio
from resnet.data import Dataset, Pipeline, Stream
from resnet.nets import build, initialise
from resnet.runs import provenance
from resnet.runs.files import read_json, write_json
from resnet.runs.folder import PROVENANCE, RunFolder
from resnet.runs.spec import RunSpec
from resnet.training.callbacks import Progress, Record
from resnet.training.mirror import Mirror
from resnet.training.module import Chunks, Classifier, NotFinite

CHUNK = {"cpu": 1, "cuda": 50}  # steps a Lightning batch
TEST_BATCH = {"cpu": 500, "cuda": 2_000}
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
) -> str:
    """Train the run to its end, going on from its resume file if there is one.

    Returns 'done' or 'failed' (a loss that is not finite); what is known of the run is in its
    folder then. Raises RunBusy when another process trains it, and Interrupted after a signal
    that asked to stop, with the state saved.
    """
    folder = RunFolder(root, spec)
    with folder.locked():
        folder.open(experiment, say)
        if (status := folder.status()) in ("done", "failed"):
            return status
        with folder.trace():
            return _attempt(folder, dataset, experiment, device, wandb, progress, say)


def _attempt(
    folder: RunFolder,
    dataset: Dataset,
    experiment: str,
    device: str,
    wandb: str,
    progress: Progress | None,
    say: Callable[[str], None],
) -> str:
    attempt = folder.next_attempt()
    record = Record(folder, attempt, progress)
    started = _note_start(folder, attempt, device)
    module, val_loaders = _prepare(folder.spec, dataset, device, record)
    if (state := folder.load_resume(say)) is not None:
        module.restore(state)
    mirror = None
    if wandb != "disabled":
        mirror = Mirror(folder.spec, experiment, wandb, folder.path.parent.parent / "wandb", say)
        mirror.log_metrics(record.initial | record.norms, 0)
    result: dict[str, Any] = {}
    try:
        _fit(module, record, mirror, val_loaders, device)
        result = {
            **{key: value for key, value in record.metrics.items() if key != "lr"},
            **record.initial,
            "steps": module.position.step,
            "weights_sha256": weights_sha256(module.net),
        }
    except NotFinite as error:
        folder.fail(error.step, str(error))
        return "failed"
    finally:
        seconds = _note_end(folder, started)
        result |= {"seconds": round(seconds, 3)}
        if mirror:
            mirror.finish(result)
    folder.finish(result)
    return "done"


def weights_sha256(net: nn.Module) -> str:
    """SHA-256 over every parameter and buffer with its name, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _prepare(
    spec: RunSpec, dataset: Dataset, device: str, record: Record
) -> tuple[Classifier, list[Any]]:
    """The module at initialisation, its gradients there on record, and the held-out batches."""
    recipe = spec.recipe
    subset = dataset.take(recipe.train_images, recipe.validation_images, recipe.test_images)
    torch.backends.cudnn.allow_tf32 = False  # cuDNN's default; but the recipe says float32
    layout = torch.channels_last
    pipeline = Pipeline(
        subset.train,
        normalisation=recipe.normalisation,
        pad=recipe.pad,
        pad_value=recipe.pad_value,
        classes=len(dataset.classes),
        device=device,
        memory_format=layout,
    )
    net = build(spec.net, num_classes=len(dataset.classes), seed=spec.seed)
    initialise(net, spec.seed, recipe.init)
    net = net.to(device).to(memory_format=layout)
    norms = block_gradient_norms(net, *next(iter(pipeline.test(subset.train, PROBE))))
    record.initial = {"gradient_ratio": ratio(norms)}
    record.norms = {f"gradient_norm/{i:04d}": norm for i, norm in enumerate(norms)}
    record.write({"step": 0, "epoch": 0, **record.initial, **record.norms})
    stream = Stream(spec.seed, recipe.train_images, recipe.batch_size, recipe.pad, recipe.flip)
    held_out = [s for s in (subset.test, subset.validation) if len(s.labels)]
    loaders = [_Batches(pipeline, split, TEST_BATCH[device]) for split in held_out]
    return Classifier(spec, net, pipeline, stream), loaders


class _Batches:
    """A split as a loader that Lightning can go through once an epoch."""

    def __init__(self, pipeline: Pipeline, split: Any, size: int) -> None:
        self._batches = lambda: pipeline.test(split, size)
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
        devices=1,
        max_epochs=recipe.epochs - recipe.epoch_of(step) + 1 if step < recipe.steps else 0,
        callbacks=[record],
        logger=mirror or False,
        plugins=[LightningEnvironment()],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
    with record.signals:
        trainer.fit(module, Chunks(module, CHUNK[device]), val_loaders)


def _quieten() -> None:
    """Lightning's notices on devices, loaders and tips: none of them is news to the user."""
    for name in ("pytorch_lightning", "lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning|torch\.utils)")


def _note_start(folder: RunFolder, attempt: int, device: str) -> dict[str, Any]:
    """Write the provenance with the attempt that begins now; returns what the end completes."""
    path = folder.path / PROVENANCE
    try:
        attempts = read_json(path)["attempts"]
    except (FileNotFoundError, ValueError, KeyError):
        attempts = []
    now = {"attempt": attempt, "start": datetime.now(UTC).isoformat(timespec="seconds")}
    record = {**provenance.gather(device), "attempts": [*attempts, now]}
    write_json(path, record)
    return {**record, "clock": time.monotonic()}


def _note_end(folder: RunFolder, started: dict[str, Any]) -> float:
    """Complete the attempt; returns the seconds of all attempts that ended in good order."""
    record = {key: value for key, value in started.items() if key != "clock"}
    record["attempts"][-1]["seconds"] = round(time.monotonic() - started["clock"], 3)
    write_json(folder.path / PROVENANCE, record)
    return sum(attempt.get("seconds", 0.0) for attempt in record["attempts"])
