"""A recipe: everything about training that changes the numbers, as data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from resnet.errors import UserError, unknown

SCHEDULES = ("steps", "cosine")
WARMUPS = ("none", "until-error", "steps", "stays", "linear")
CROPS = ("pad", "scale", "scale and aspect")
COLOURS = ("none", "lighting", "jitter and lighting")
PRECISIONS = ("float32", "tf32", "bfloat16")
MIXES = ("none", "mixup", "cutmix", "mixup or cutmix")
PHOTOGRAPHS = frozenset(
    {"crop", "size", "sides", "test_side", "colour", "classes", "images_per_class"}
    | {"skip_corrupt", "plateau", "plateau_gain", "plateau_cuts"}
)
LATER = (
    PHOTOGRAPHS
    | {"bn_group", "schedule", "label_smoothing", "cutout", "mix", "mix_alpha"}
    | {"backbone_lr", "frozen_steps"}
)
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
    precision: str = "float32"  # "tf32": of products on a GPU; "bfloat16": of all but the weights
    bn_group: int = 0  # images that BN takes its statistics over; 0: the whole batch
    schedule: str = "steps"  # cut by gamma at the milestones; "cosine" falls to zero at the end
    label_smoothing: float = 0.0
    cutout: int = 0  # side of the square that is set to zero in every image, in pixels
    mix: str = "none"  # of each batch with itself: "mixup", "cutmix" or "mixup or cutmix"
    mix_alpha: float = 1.0  # the shares are drawn from Beta(alpha, alpha)
    backbone_lr: float = 1.0  # factor on the rate of all but the classifier; 0 freezes it
    frozen_steps: int = 0  # at the beginning, with all but the classifier frozen
    crop: str = "pad"  # of photographs: "scale" (shorter side in `sides`) or "scale and aspect"
    size: int = 32  # pixels along a side of what the net sees
    sides: tuple[int, ...] = ()
    test_side: int = 0  # shorter side of a test photograph before its centre is cut out
    colour: str = "none"  # or "lighting", "jitter and lighting"
    classes: int = 0  # of a data folder's classes; 0: all
    images_per_class: int = 0  # to train on; 0: all
    skip_corrupt: bool = False  # show the next photograph for one that is no image, and count it
    plateau: int = 0  # epochs without a gain after which the rate is cut; 0: milestones alone
    plateau_gain: float = 0.1  # points of error that count as a gain
    plateau_cuts: int = 3  # at most

    def __post_init__(self) -> None:
        for field, valid in (
            ("schedule", SCHEDULES),
            ("warmup", WARMUPS),
            ("mix", MIXES),
            ("crop", CROPS),
            ("colour", COLOURS),
            ("precision", PRECISIONS),
        ):
            if getattr(self, field) not in valid:
                raise unknown(f"{field} of recipe '{self.name}'", getattr(self, field), valid)
        if self.bn_group < 0 or (self.bn_group and self.batch_size % self.bn_group):
            raise UserError(
                f"recipe '{self.name}': BN over {self.bn_group} images: give a number that divides "
                f"the batch of {self.batch_size}, or 0 for the whole batch"
            )
        if self.backbone_lr < 0 or not 0 <= self.frozen_steps <= self.steps:
            raise UserError(
                f"recipe '{self.name}': the backbone's rate is a factor of 0 or more, and frozen "
                f"steps are 0 to {self.steps:,}"
            )

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
    def photographs(self) -> bool:
        """Whether it trains on photographs of any size rather than on small equal images."""
        return self.crop != "pad"

    @property
    def seen(self) -> int:
        """How many images it trains on, each as often as it comes."""
        return self.steps * self.batch_size

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
        """How many epochs (the last may be cut short) the steps make.

        One that the last step merely runs on into is none.
        """
        return (self.steps - 1) * self.batch_size // self.train_images + 1

    def epoch_of(self, step: int) -> int:
        """The epoch (from 1) that step number `step` (from 0) belongs to."""
        return min(step * self.batch_size // self.train_images + 1, self.epochs)

    @property
    def freezes(self) -> bool:
        """Whether there are steps that train the classifier alone."""
        return not self.backbone_lr or self.frozen_steps > 0

    def frozen_at(self, step: int) -> bool:
        """Whether step number `step` (from 0) trains the classifier alone."""
        return not self.backbone_lr or step < self.frozen_steps

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
