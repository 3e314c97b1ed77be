"""Recipes: everything about training that changes the numbers, as data.

`paper` is He et al. 2015 (arXiv 1512.03385) §4.2; the rivals' recipes are read from their code,
so that "why do published numbers for one net differ" is a question about these few lines.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace

from resnet.errors import UserError, unknown


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
    warmup: str = "none"  # or "until-error", "steps", "stays"
    warmup_lr: float = 0.01
    warmup_steps: int = 0
    warmup_error: float = 80.0  # percent
    warmup_min_depth: int = 0
    init: str = "fan-in"
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.precision != "float32":
            raise UserError(f"recipe '{self.name}': precision '{self.precision}': valid: float32")

    @property
    def digest(self) -> str:
        """SHA-256 (first 16 hex digits) of everything but the name."""
        values = asdict(self)
        del values["name"]
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


PAPER = Recipe("paper", warmup="until-error", warmup_min_depth=110)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        PAPER,
        # He et al. 2016 (arXiv 1603.05027), appendix: 400 warm-up steps for every CIFAR net.
        Recipe("paper2016", warmup="steps", warmup_steps=400),
        # Minutes on two CPU cores, and shows the effect: lr 0.1 does not train 56 layers here.
        Recipe(
            "quick",
            train_images=2_048,
            test_images=2_000,
            batch_size=64,
            steps=192,
            lr=0.02,
            milestones=(144,),
        ),
        # Seconds, to try the whole way out; it shows nothing but that.
        Recipe(
            "smoke",
            train_images=512,
            test_images=256,
            batch_size=64,
            steps=16,
            lr=0.02,
            milestones=(12,),
        ),
        # Between quick and paper: 5,000 images, 12 epochs, five times the work of quick.
        Recipe(
            "small",
            train_images=5_000,
            test_images=2_000,
            batch_size=64,
            steps=938,
            lr=0.02,
            milestones=(469, 704),
        ),
        # Seconds, and shows nothing: for trying a cluster or a folder out.
        Recipe(
            "smoke",
            train_images=512,
            test_images=256,
            batch_size=64,
            steps=16,
            lr=0.02,
            milestones=(12,),
        ),
        # akamaster/pytorch_resnet_cifar10: 200 epochs of 391 batches; at 110 layers and more its
        # chained scheduler leaves the rate at a tenth for good after the first epoch (issue 21).
        Recipe(
            "akamaster",
            steps=78_200,
            milestones=(39_100, 58_650),
            decay_all=True,
            normalisation="imagenet",
            pad_value="black",
            warmup="stays",
            warmup_min_depth=110,
        ),
        # facebookarchive/fb.resnet.torch: 164 epochs of 391 batches, cut at 81 and 122.
        Recipe(
            "fb",
            steps=64_124,
            milestones=(31_671, 47_702),
            nesterov=True,
            decay_all=True,
            normalisation="channel",
            init="fan-out",
        ),
    )
}


def get(name: str) -> Recipe:
    """The recipe of that name; UserError with the valid ones otherwise."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


def differences(recipe: Recipe, from_: Recipe = PAPER) -> list[tuple[str, str, str]]:
    """Where `recipe` departs from the paper's: (field, this recipe's value, the paper's)."""
    names = [field.name for field in fields(Recipe) if field.name != "name"]
    pairs = [(name, getattr(recipe, name), getattr(from_, name)) for name in names]
    return [(n.replace("_", " "), _show(a), _show(b)) for n, a, b in pairs if a != b]


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"{v:,}" for v in value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
