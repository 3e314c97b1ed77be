"""A recipe: everything about training that changes the numbers, as data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from resnet.errors import UserError, unknown

SCHEDULES = ("steps", "cosine")
WARMUPS = ("none", "until-error", "steps", "stays", "linear")
MIXES = ("none", "mixup", "cutmix", "mixup or cutmix")
LATER = frozenset({"schedule", "label_smoothing", "cutout", "mix", "mix_alpha"})
"""Fields that were added after runs had been made, each with a default that changes nothing."""


@dataclass(frozen=True)
class Recipe:
    """How a net is trained. Steps are optimiser updates; images count the training set's.

    Batches run on over the end of an epoch (as Caffe's data layer does), so every step sees
    `batch_size` images and `steps` alone fixes how long training lasts.
    """

    name: str
    train_images: int = 50_000
    validation_images: int = 0
    test_images: int = 10_000
    batch_size: int = 128
    steps: int = 64_000
    lr: float = 0.1
    milestones: tuple[int, ...] = (32_000, 48_000)
    gamma: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 1e-4
    decay_all: bool = False  # also BN scales, shifts and biases
    normalisation: str = "per-pixel mean"  # or "channel", "imagenet"
    pad: int = 4
    pad_value: str = "zero"  # after normalisation; "black" pads before it
    flip: bool = True
    warmup: str = "none"  # or "until-error", "steps", "stays", "linear"
    warmup_lr: float = 0.01
    warmup_steps: int = 0
    warmup_error: float = 80.0  # percent
    warmup_min_depth: int = 0
    init: str = "fan-in"
    precision: str = "float32"
    schedule: str = "steps"  # cut by gamma at the milestones; "cosine" falls to zero at the end
    label_smoothing: float = 0.0
    cutout: int = 0  # side of the square that is set to zero in every image, in pixels
    mix: str = "none"  # of each batch with itself: "mixup", "cutmix" or "mixup or cutmix"
    mix_alpha: float = 1.0  # the shares are drawn from Beta(alpha, alpha)

    def __post_init__(self) -> None:
        for field, valid in (("schedule", SCHEDULES), ("warmup", WARMUPS), ("mix", MIXES)):
            if getattr(self, field) not in valid:
                raise unknown(f"{field} of recipe '{self.name}'", getattr(self, field), valid)
        if self.precision != "float32":
            raise UserError(f"recipe '{self.name}': precision '{self.precision}': valid: float32")

    def identity(self) -> dict[str, Any]:
        """All that changes the numbers: every field but the name.

        A field of LATER at its default is left out, so that adding one renames no run.
        """
        values = asdict(self)
        del values["name"]
        defaults = {field.name: field.default for field in fields(self)}
        return {k: v for k, v in values.items() if k not in LATER or v != defaults[k]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe with these fields, lists as tuples; TypeError for a field that is none."""
        fixed: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        return cls(**fixed)

    @property
    def digest(self) -> str:
        """SHA-256 (first 16 hex digits) of everything but the name."""
        values = self.identity()
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def epoch_end(self, epoch: int) -> int:
        """The step count at which epoch number `epoch` (from 1) is complete."""
        return min(-(-epoch * self.train_images // self.batch_size), self.steps)

    @property
    def epochs(self) -> int:
        """How many epochs (the last may be cut short) the steps make."""
        return -(-self.steps * self.batch_size // self.train_images)

    def epoch_of(self, step: int) -> int:
        """The epoch (from 1) that step number `step` (from 0) belongs to."""
        return min(step * self.batch_size // self.train_images + 1, self.epochs)

    @property
    def kept(self) -> tuple[int, ...]:
        """The step counts at which a run keeps its weights: early, each quarter, and the end."""
        eighths = (self.steps * k // 8 for k in (1, 2, 4, 6, 8))
        return tuple(sorted({step for step in eighths if step}))

    def split(self, validation_images: int) -> "Recipe":
        """The same recipe with `validation_images` held out of the training images."""
        if not 0 <= validation_images < self.train_images:
            raise UserError(
                f"cannot hold {validation_images} of {self.train_images} training images out; "
                f"choose 0 to {self.train_images - 1}"
            )
        return replace(
            self,
            train_images=self.train_images - validation_images,
            validation_images=validation_images,
        )
