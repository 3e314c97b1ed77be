"""The grammar of names. A name fixes the architecture completely; this module needs no torch.

CIFAR (32×32, 10 classes)
    plainD resnetD preact-resnetD   D = 6n+2: basic blocks; other D = 9n+2: bottlenecks
    wrn-D-k                         Wide ResNet, D = 6n+4, k times as wide
    resnextD-CxWd                   ResNeXt, D = 9n+2, C groups of W channels
    vggD-bn                         VGG with BN, D = 10, 12, 15 or 18
ImageNet (224×224, 1000 classes)
    plainD resnetD preact-resnetD   D = 18, 34, 50, 101, 152 or 200
    resnextD-CxWd                   D = 50, 101 or 152
    wide-resnetD-k                  D = 50, 101 or 152, k times as wide inside
torchvision:NAME                    anything of torchvision's, for comparison

Depths that fit both belong to ImageNet; `cifar-` before the name takes them back
(`cifar-resnet50`). Depth 164 is a bottleneck net, as in its paper, though 164 = 6·27+2.

Before a name: se- (squeeze-and-excitation). After it, in this order:
    -basic -bottleneck -1-layer-skip    another block than the depth implies (one layer: D = 3n+2)
    -A -B -C                            shortcut option; default A for CIFAR's basic blocks, else B
    -scaled-λ-μ                         λ·shortcut + μ·F
    -exclusive-gating-b -shortcut-gating-b    gates whose bias starts at −b
    -dropout-shortcut                   dropout 0.5 on the shortcut; -conv-shortcut is option C
    -bn-after-addition -relu-before-addition -relu-only-preact    placement of the activations
    -v1                                 ImageNet bottlenecks: stride in the 1×1, as in the paper
    -stochastic-depth                   survival falls linearly from 1 to 0.5
    -k-of-n                             k of the n blocks, drawn anew for each batch, take part
    -dropoutP                           wrn: dropout P between the convolutions
    -xk                                 CIFAR: k times as wide

And last of all, where training does not start from drawn weights (`resnet.nets.start`):
    -from-NAME      from the trained net NAME: the same one, or a shallower one made deeper by
                    identities
    -from-PART      from the same net, trained on another PART of the data set, with a new head
"""

import re
from dataclasses import replace

from resnet.errors import UserError, unknown
from resnet.nets.catalogue import CATALOGUE
from resnet.nets.combinations import check_words
from resnet.nets.depths import IMAGENET_DEPTHS, check_depth, implied_unit, root
from resnet.nets.plans import Spec, Style, blocks
from resnet.nets.start import FROM, check_start

NUMBER = r"\d{1,3}(?:\.\d{1,4})?"
HEADS = (
    r"(?P<family>plain|(?:se-)?(?:preact-)?resnet)(?P<depth>\d{1,9})",
    r"(?P<family>(?:se-)?wrn)-(?P<depth>\d{1,9})-(?P<widen>\d{1,9})",
    r"(?P<family>(?:se-)?resnext)(?P<depth>\d{1,9})-(?P<groups>\d{1,9})x(?P<base>\d{1,9})d",
    r"(?P<family>(?:se-)?wide-resnet)(?P<depth>\d{1,9})-(?P<wide>\d{1,9})",
    r"(?P<family>vgg)(?P<depth>\d{1,9})-bn",
)
SUFFIXES = {
    "unit": r"basic|bottleneck|1-layer-skip",
    "shortcut": rf"[ABC]|scaled-{NUMBER}-{NUMBER}|(?:exclusive|shortcut)-gating-{NUMBER}"
    r"|dropout-shortcut|conv-shortcut",
    "placement": r"bn-after-addition|relu-before-addition|relu-only-preact",
    "v1": r"v1",
    "stochastic_depth": r"stochastic-depth",
    "active": r"\d{1,4}-of-\d{1,4}",
    "dropout": rf"dropout{NUMBER}",
    "times": r"x\d{1,9}",
}
TAIL = "".join(rf"(?:-(?P<{word}>{pattern}))?" for word, pattern in SUFFIXES.items())
PATTERNS = [re.compile(rf"(?P<cifar>cifar-)?{head}{TAIL}", re.ASCII) for head in HEADS]
GRAMMAR = (
    "names are plainD, resnetD, preact-resnetD, se-resnetD (CIFAR: D = 6n+2 or 9n+2; "
    "ImageNet: 18, 34, 50, 101, 152, 200), wrn-D-k, resnextD-CxWd, wide-resnetD-k, vggD-bn, "
    "torchvision:NAME, and -A, -B, -C, -v1 and more after them: see help('resnet.nets.grammar')"
)
LARGEST = 10_000


def check(name: str) -> str:
    """The canonical spelling of a net's name: `resnet20-A` is `resnet20`.

    Raises:
        UserError: for what is no name, with near names and the grammar; for a depth that no net
            of the family has, with the nearest that one has; for words that do not go together.
    """
    return render(parse(name))


def names() -> list[str]:
    """The catalogue: every net that a claim of the papers needs. The grammar has more."""
    return list(CATALOGUE)


def depth(name: str) -> int:
    """Weight layers, shortcuts not counted; 0 for torchvision's nets.

    Wide ResNet's depth is its authors': three projections counted, the classifier not.
    """
    return parse(name).depth


def family(name: str) -> str:
    """`plain`, `resnet`, `preact-resnet`, `se-resnet`, `wrn`, `resnext`, `wide-resnet`, `vgg` or
    `torchvision`, with `se-` before it where the blocks squeeze and excite."""
    return parse(name).family


def parse(name: str) -> Spec:
    """What a name says. Raises UserError as `check` does."""
    bare, _, start = name.partition(FROM)
    if bare == name:
        return _parse(name)
    return check_start(name, _parse(bare), start, parse, render)


def _parse(name: str) -> Spec:
    if name.startswith("torchvision:"):
        return Spec("torchvision", 0, "torchvision", model=_torchvision(name))
    found = next((m for p in PATTERNS if (m := p.fullmatch(name))), None)
    if found is None:
        raise unknown("net", name, CATALOGUE, hint=GRAMMAR)
    words = {word: value for word, value in found.groupdict().items() if value is not None}
    if any(v.isdigit() and not 0 < int(v) <= LARGEST for v in map(_digits, words.values())):
        raise UserError(f"net '{name}': sizes and counts go from 1 to {LARGEST:,}")
    spec = _spec(name, words)
    check_words(name, words, spec)
    return spec


def render(spec: Spec) -> str:
    """The one name of a spec: `parse(render(spec)) == spec`."""
    if spec.start:
        return f"{render(replace(spec, start=''))}{FROM}{spec.start}"
    if spec.images == "torchvision":
        return f"torchvision:{spec.model}"
    style, kind = spec.style, root(spec.family)
    head = {
        "wrn": f"{spec.family}-{spec.depth}-{spec.widen}",
        "resnext": f"{spec.family}{spec.depth}-{style.groups}x{style.base_width}d",
        "wide-resnet": f"{spec.family}{spec.depth}-{style.base_width // 64}",
        "vgg": f"{spec.family}{spec.depth}-bn",
    }.get(kind, f"{spec.family}{spec.depth}")
    clash = spec.images == "cifar" and spec.depth in IMAGENET_DEPTHS.get(kind, ())
    return "-".join(["cifar"] * clash + [head, *_suffixes(spec)])


def _suffixes(spec: Spec) -> list[str]:
    style, imagenet = spec.style, spec.images == "imagenet"
    words = {
        style.unit: style.unit != implied_unit(spec.family, spec.depth, imagenet),
        style.shortcut: style.shortcut != _default_shortcut(spec.family, style.unit, imagenet),
        style.placement: style.placement not in ("original", "full-preact"),
        "v1": imagenet and style.v1,
        "stochastic-depth": style.stochastic_depth,
        f"{style.active}-of-{style.active and blocks(spec)}": style.active > 0,
        f"dropout{style.dropout:.10g}": style.dropout > 0,
        f"x{spec.widen}": root(spec.family) != "wrn" and spec.widen > 1,
    }
    return [word for word, said in words.items() if said]


def _spec(name: str, words: dict[str, str]) -> Spec:
    family, depth = words["family"], int(words["depth"])
    kind = root(family)
    imagenet = depth in IMAGENET_DEPTHS.get(kind, ()) and "cifar" not in words
    unit = words.get("unit", implied_unit(family, depth, imagenet))
    if not imagenet:
        check_depth(name, family, depth, unit)
    preact = "preact" in family or kind == "wrn"
    # The authors' bottlenecks for 32×32 images stride in the first 1×1; ResNeXt's in the 3×3.
    small = unit == "bottleneck" and kind in ("plain", "resnet") and not imagenet
    style = Style(
        unit=unit,
        shortcut=_shortcut(words.get("shortcut", _default_shortcut(family, unit, imagenet))),
        placement="full-preact" if preact else words.get("placement", "original"),
        v1=small or "v1" in words,
        groups=int(words.get("groups", 1)),
        base_width=int(words.get("base", 64)) * int(words.get("wide", 1)),
        se=family.startswith("se-"),
        stochastic_depth="stochastic_depth" in words,
        active=int(words.get("active", "0").partition("-")[0]),
        dropout=float(words.get("dropout", "0").removeprefix("dropout")),
    )
    widen = int(words.get("widen", words.get("times", "1").lstrip("x")))
    return Spec(family, depth, "imagenet" if imagenet else "cifar", widen, style)


def _default_shortcut(family: str, unit: str, imagenet: bool) -> str:
    if family in ("plain", "vgg"):
        return "none"
    return "A" if root(family) == "resnet" and unit != "bottleneck" and not imagenet else "B"


def _shortcut(word: str) -> str:
    """A shortcut's word in one spelling; the 1×1 convolution of He et al. 2016 is option C."""
    if word == "conv-shortcut":
        return "C"
    return re.sub(NUMBER, lambda number: f"{float(number[0]):.10g}", word)


def _digits(word: str) -> str:
    return word.removeprefix("x")


def _torchvision(name: str) -> str:
    """The model's name, known to torchvision (which this, alone here, must import)."""
    from torchvision import models

    model = name.removeprefix("torchvision:")
    # maxvit_t has a part of its own called `blocks`, as residual blocks are here.
    valid = models.list_models(module=models, exclude="maxvit*")
    if model not in valid:
        raise unknown("net of torchvision", model, valid)
    return model
