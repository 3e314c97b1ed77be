"""The nets that the papers' claims need, each with the paper that it is from."""

HE15, HE16 = "He et al. 2015", "He et al. 2016"
WRN, RESNEXT = "Zagoruyko & Komodakis 2016", "Xie et al. 2017"
SE, DEPTH, LANDSCAPE = "Hu et al. 2018", "Huang et al. 2016", "Li et al. 2018"
VGG, VEIT = "Simonyan & Zisserman 2015", "Veit et al. 2016"

CIFAR = (20, 32, 44, 56, 110)
IMAGENET = (18, 34, 50, 101, 152)
PLACEMENTS = ("bn-after-addition", "relu-before-addition", "relu-only-preact")
SHORTCUTS = (
    *("C", "scaled-0-1", "scaled-0.5-1", "scaled-0.5-0.5"),
    *(f"exclusive-gating-{b}" for b in (0, 5, 6, 7)),
    *("shortcut-gating-0", "shortcut-gating-6", "dropout-shortcut"),
)
NO_SHORTCUT = [("resnet", "-B"), ("plain", "")]

CATALOGUE: dict[str, str] = {
    **{f"plain{d}": HE15 for d in CIFAR},
    **{f"resnet{d}": HE15 for d in (*CIFAR, 1202)},
    **{f"resnet{d}-{s}": HE16 for d, s in ((20, "bn-after-addition"),)},
    **{f"resnet110-{s}": HE16 for s in SHORTCUTS},
    **{f"resnet{d}": HE16 for d in (164, 1001)},
    **{f"resnet{d}-{p}": HE16 for d in (110, 164) for p in PLACEMENTS},
    **{f"preact-resnet{d}": HE16 for d in (110, 164, 1001)},
    **{f"{word}110-1-layer-skip": HE16 for word in ("resnet", "preact-resnet")},
    **{f"resnet{d}-B": LANDSCAPE for d in (20, 56, 110)},
    **{f"{word}56{o}-x{k}": LANDSCAPE for k in (2, 4, 8) for word, o in NO_SHORTCUT},
    **{f"resnet{d}-stochastic-depth": DEPTH for d in (110, 1202)},
    "preact-resnet110-23-of-54": VEIT,
    **{f"wrn-{size}": WRN for size in ("16-4", "16-8", "28-10", "40-1", "40-2", "40-4", "40-8")},
    **{f"wrn-{size}-dropout0.3": WRN for size in ("16-4", "28-10")},
    **{f"resnext29-{size}": RESNEXT for size in ("8x64d", "16x64d")},
    **{f"se-{word}": SE for word in ("resnet110", "resnet164", "wrn-16-8")},
    **{f"se-preact-resnet{d}": SE for d in (110, 164)},
    "vgg15-bn": VGG,
    **{f"plain{d}": HE15 for d in (18, 34)},
    "plain50": RESNEXT,
    **{f"resnet{d}-A": HE15 for d in (18, 34)},
    **{f"resnet{d}": HE15 for d in IMAGENET},
    **{f"resnet{d}-v1": HE15 for d in (50, 101, 152)},
    "resnet34-C": HE15,
    **{f"resnet{d}": HE16 for d in (200,)},
    **{f"preact-resnet{d}": HE16 for d in (152, 200)},
    **{f"{net}-v1": HE16 for net in ("resnet200", "preact-resnet152", "preact-resnet200")},
    "resnet101-bn-after-addition": HE16,
    **{f"wide-resnet{d}-2": WRN for d in (50, 101)},
    **{f"resnext{size}": RESNEXT for size in ("50-32x4d", "101-32x4d", "101-32x8d", "101-64x4d")},
    **{f"se-resnet{d}": SE for d in (50, 101, 152)},
    "se-resnext50-32x4d": SE,
}
"""Name to paper, in the order of the table: CIFAR first."""
