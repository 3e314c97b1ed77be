"""The built-in synthetic set: ten shapes on tinted ground, for machines without data.

It is never CIFAR-10, and it was tuned (class tints, contrast, how often the shape is hidden) until
the `quick` recipe showed the effect: it shows that the suite works, and nothing about photographs.
Colour hints at the class in every image; the shape, which gives it away, is in one of four.

Training error (percent, running over the last epoch) with the `quick` recipe's figures, pixels
and draws as here, in a bare training loop; one CPU thread of a two-core AMD EPYC, torch 2.15:

    seed   plain20   plain56   resnet20   resnet56
    0         61.3      80.6       56.2       58.6
    1         61.3      81.5       56.9       57.5
    2         61.5      85.8       58.1       58.4
    3         63.6      86.9       57.2       58.8

All of it is integer arithmetic on a counter-based generator, so every machine makes the same
bytes (a test pins their digest).
"""

import numpy as np

from resnet.randomness import generator

Arrays = dict[str, np.ndarray]

CLASSES = (
    "disc",
    "square",
    "diamond",
    "ring",
    "plus",
    "cross",
    "triangle",
    "frame",
    "rows",
    "columns",
)
SOURCE = "generated shapes on tinted ground, version 1; not photographs"
COUNTS = {"train": 10_000, "test": 2_000}
SIZE = 32

# 64 * (cos, sin) of -15 to 15 degrees in steps of 5.
TURNS = np.array([[62, -17], [63, -11], [64, -6], [64, 0], [64, 6], [63, 11], [62, 17]], np.int32)

# What a class adds to red, green and blue, and in how many of 100 images that is all there is.
TINTS = 56 * np.array(
    [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [-1, 0, 0],
        [0, -1, 0],
        [0, 0, -1],
        [1, 1, 0],
        [0, 1, 1],
        [-1, -1, 0],
        [0, -1, -1],
    ],
    np.int32,
)
HIDDEN = 75


def generate() -> Arrays:
    """The whole set: arrays named as in `resnet.data.sets.digest`."""
    arrays: Arrays = {}
    for split, count in COUNTS.items():
        draw = generator(0, "synthetic", 1, split)
        labels = draw.permutation(np.arange(count) % len(CLASSES))
        images = [render(labels[start : start + 1000], draw) for start in range(0, count, 1000)]
        arrays[f"{split}_images"] = np.concatenate(images)
        arrays[f"{split}_labels"] = labels.astype(np.int64)
    return arrays


def render(labels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """One image a label [N], with everything else about it drawn: uint8 [N, 3, 32, 32]."""
    n = len(labels)
    shown = draw_shapes(labels, draw)[:, None] & (draw.integers(0, 100, (n, 1, 1, 1)) >= HIDDEN)
    tint = TINTS[labels][:, :, None, None] + _integers(draw, -56, 56 + 1, (n, 3, 1, 1))
    level = 128 + _integers(draw, -48, 49, (n, 1, 1, 1))
    ground = tint + level + _enlarged(_integers(draw, -24, 25, (n, 1, 5, 5)))
    contrast = _integers(draw, 60, 121, (n, 1, 1, 1))
    contrast *= 2 * _integers(draw, 0, 2, (n, 1, 1, 1)) - 1
    shape = ground + contrast + _integers(draw, -24, 25, (n, 3, 1, 1))
    images = np.where(shown, shape, ground)
    noise = _integers(draw, -8, 9, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def _integers(draw: np.random.Generator, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
    return draw.integers(low, high, shape, dtype=np.int32)


def draw_shapes(labels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Masks [N, 32, 32]: the label's shape, shifted, scaled and turned a little."""
    n = len(labels)
    grid = 2 * np.arange(SIZE, dtype=np.int32) + 1 - SIZE
    shift = _integers(draw, -4, 5, (2, n, 1, 1))
    radius = _integers(draw, 19, 25, (n, 1, 1))
    turn = TURNS[draw.integers(0, len(TURNS), n)]
    cos, sin = turn[:, 0, None, None], turn[:, 1, None, None]
    y, x = grid[None, :, None] - shift[0], grid[None, None, :] - shift[1]
    u, v = (cos * x + sin * y) // 64, (cos * y - sin * x) // 64
    masks = np.zeros((n, SIZE, SIZE), bool)
    for label in range(len(CLASSES)):
        which = labels == label
        masks[which] = mask(CLASSES[label], u[which], v[which], radius[which])
    return masks


def mask(name: str, u: np.ndarray, v: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Where a shape of radius `r` (half pixels) is, in its own coordinates."""
    a, b = np.abs(u), np.abs(v)
    far, near, round_ = np.maximum(a, b), np.minimum(a, b), u * u + v * v
    if name == "disc":
        return round_ < r * r
    if name == "square":
        return 8 * far < 7 * r
    if name == "diamond":
        return 4 * (a + b) < 5 * r
    if name == "ring":
        return (round_ < r * r) & (3 * round_ > r * r)
    if name == "plus":
        return (3 * near < r) & (far < r)
    if name == "cross":
        return (2 * (far - near) < r) & (6 * far < 5 * r)
    if name == "triangle":
        return (4 * v < 3 * r) & (2 * a < v + r)
    if name == "frame":
        return (8 * far < 7 * r) & (8 * far > 4 * r)
    lines = v if name == "rows" else u
    return (8 * far < 7 * r) & ((lines + 64) // 4 % 2 == 0)


def _enlarged(grid: np.ndarray) -> np.ndarray:
    """Bilinear enlargement of [N, 1, 5, 5] to [N, 1, 32, 32], in eighths."""
    place, weight = np.arange(SIZE) // 8, (np.arange(SIZE) % 8).astype(np.int32)
    rows = grid[:, :, place] * (8 - weight)[:, None] + grid[:, :, place + 1] * weight[:, None]
    return (rows[..., place] * (8 - weight) + rows[..., place + 1] * weight) // 64
