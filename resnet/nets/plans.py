"""Each architecture in a few lines: how many blocks, how wide, where to stride.

No torch here: names are checked and tables of names printed without loading it.
"""

from dataclasses import dataclass, field

LAYERS = {"1-layer-skip": 1, "basic": 2, "bottleneck": 3}
"""Convolutions in one block of each kind."""

IMAGENET_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}
"""Blocks in each stage (He et al. 2015, Table 1; depth 200: He et al. 2016, section 5)."""

VGG_CONVOLUTIONS = {
    10: (1, 1, 2, 2, 2),
    12: (2, 2, 2, 2, 2),
    15: (2, 2, 3, 3, 3),
    18: (2, 2, 4, 4, 4),
}
"""Convolutions in each stage of VGG's configurations A, B, D and E, with two linear layers."""


@dataclass(frozen=True)
class Style:
    """What all blocks of one net share.

    Attributes:
        unit: "basic" (two 3×3), "bottleneck" (1×1, 3×3, 1×1) or "1-layer-skip" (one 3×3).
        shortcut: "none", an option "A", "B" or "C" of He et al. 2015, or a word of He et al. 2016,
            Table 1: "scaled-λ-μ", "exclusive-gating-b", "shortcut-gating-b", "dropout-shortcut".
        placement: where the activations stand (He et al. 2016, Figure 4).
        v1: a bottleneck strides in its first 1×1 (the papers) rather than its 3×3 (torchvision).
        groups: groups of the bottleneck's 3×3 (ResNeXt's cardinality).
        base_width: channels of a group in a bottleneck of 64 planes.
        se: squeeze-and-excitation with reduction 16 on the residual branch.
        stochastic_depth: blocks drop out whole while training, linearly to one half at the last.
        active: exactly so many blocks, drawn anew for each batch, take part in training; 0: all.
        dropout: probability of dropout between the convolutions (Wide ResNet).
    """

    unit: str = "basic"
    shortcut: str = "A"
    placement: str = "original"
    v1: bool = False
    groups: int = 1
    base_width: int = 64
    se: bool = False
    stochastic_depth: bool = False
    active: int = 0
    dropout: float = 0.0


@dataclass(frozen=True)
class Spec:
    """A name, taken apart. `images` is "cifar" (32×32), "imagenet" (224×224) or "torchvision".

    `start` says where the weights are from, where not from the seed: a net's name, or the part of
    the data that the same net was trained on.
    """

    family: str
    depth: int
    images: str = "cifar"
    widen: int = 1
    style: Style = field(default_factory=Style)
    model: str = ""
    start: str = ""


@dataclass(frozen=True)
class Stage:
    """Consecutive blocks of one width; the first of them strides."""

    blocks: int
    width: int
    stride: int


@dataclass(frozen=True)
class Plan:
    """A residual or plain net: stem, stages, and the style of the blocks."""

    stem: str
    stem_width: int
    stages: tuple[Stage, ...]
    style: Style


def plan(spec: Spec) -> Plan:
    """The plan of any net but VGG's and torchvision's."""
    if spec.family.endswith("wrn"):
        return wide(spec)
    if spec.images == "imagenet":
        return imagenet(spec)
    return resnext(spec) if spec.family.endswith("resnext") else cifar(spec)


def blocks(spec: Spec) -> int:
    """How many blocks there are in any net but VGG's and torchvision's."""
    return sum(stage.blocks for stage in plan(spec).stages)


def cifar(spec: Spec) -> Plan:
    """He et al. 2015, section 4.2: depth 6n+2 (9n+2 with bottlenecks), widths 16, 32, 64."""
    each = (spec.depth - 2) // (3 * LAYERS[spec.style.unit])
    expansion = 4 if spec.style.unit == "bottleneck" else 1
    widths = [width * expansion * spec.widen for width in (16, 32, 64)]
    return Plan("cifar", 16 * spec.widen, _stages([each] * 3, widths), spec.style)


def wide(spec: Spec) -> Plan:
    """Zagoruyko & Komodakis 2016: depth 6n+4, widths 16k, 32k, 64k after a stem of 16."""
    widths = [width * spec.widen for width in (16, 32, 64)]
    return Plan("cifar", 16, _stages([(spec.depth - 4) // 6] * 3, widths), spec.style)


def resnext(spec: Spec) -> Plan:
    """Xie et al. 2017 on CIFAR: depth 9n+2, widths 256, 512, 1024 after a stem of 64."""
    each = [(spec.depth - 2) // 9] * 3
    return Plan("cifar", 64, _stages(each, [256, 512, 1024]), spec.style)


def imagenet(spec: Spec) -> Plan:
    """He et al. 2015, Table 1."""
    expansion = 4 if spec.style.unit == "bottleneck" else 1
    widths = [width * expansion for width in (64, 128, 256, 512)]
    return Plan("imagenet", 64, _stages(IMAGENET_BLOCKS[spec.depth], widths), spec.style)


def _stages(blocks: list[int] | tuple[int, ...], widths: list[int]) -> tuple[Stage, ...]:
    strides = [1] + [2] * (len(widths) - 1)
    return tuple(Stage(*stage) for stage in zip(blocks, widths, strides, strict=True))
