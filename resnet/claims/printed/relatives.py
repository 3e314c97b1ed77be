"""The papers around the two: Wide ResNet, ResNeXt, SENet, stochastic depth, landscapes, lesions."""

from resnet.claims.model import Source
from resnet.claims.printed.figure import figures, top1_top5

WRN, RESNEXT, SENET = "Zagoruyko & Komodakis 2016", "Xie et al. 2017", "Hu et al. 2018"
HUANG, LI, VEIT = "Huang et al. 2016", "Li et al. 2018", "Veit et al. 2016"
MEDIAN = "mean/std input; median of five runs"
ZCA = "ZCA input; median of five runs"
DROPOUT = Source(WRN, "Table 6")
BEST_VALIDATION = "test error at the lowest validation error, 45k/5k"
CROP = "1-crop 224"
QUOTED = "quoted from the net's own paper"

WIDE = (
    *figures(
        Source(WRN, "Table 5"),
        {"wrn-40-4": 4.53, "wrn-16-8": 4.27, "wrn-28-10": 4.00},
        protocol=MEDIAN,
    ),
    *figures(
        Source(WRN, "Table 4"),
        {
            "wrn-40-4": 4.97,
            "wrn-16-8": 4.81,
            "wrn-28-10": 4.17,
            "wrn-40-1": 6.85,
            "wrn-40-2": 5.33,
            "wrn-40-8": 4.66,
            "wrn-28-12": 4.33,
            "wrn-22-8": 4.38,
        },
        protocol=ZCA,
    ),
    *figures(
        Source(WRN, "Table 5"),
        {"wrn-40-4": 21.18, "wrn-16-8": 20.43, "wrn-28-10": 19.25},
        dataset="cifar100",
        protocol=MEDIAN,
    ),
    *figures(
        DROPOUT, {"wrn-28-10-dropout0.3": 3.89, "wrn-16-4": 5.02, "wrn-16-4-dropout0.3": 5.24}
    ),
    *figures(
        DROPOUT,
        {"wrn-28-10-dropout0.3": 18.85, "wrn-16-4": 24.03, "wrn-16-4-dropout0.3": 23.91},
        dataset="cifar100",
    ),
    *figures(Source(WRN, "Table 9"), {"wrn-40-10-dropout0.3": 3.8}, protocol="single run"),
    *figures(
        Source(WRN, "Table 9"), {"wrn-40-10-dropout0.3": 18.3}, "cifar100", protocol="single run"
    ),
    *figures(
        Source(WRN, "ablation of blocks (k = 2)"),
        {"B(3,3)": 5.73, "B(3,1)": 5.78, "B(3,1,3)": 5.78, "B(3,1,1)": 5.86, "B(1,3,1)": 6.06}
        | {"B(1,3)": 6.42},
        protocol=MEDIAN,
    ),
    *figures(
        Source(WRN, "ablation of the convolutions in a block"),
        {"l = 1": 6.69, "l = 2": 5.43, "l = 3": 5.65, "l = 4": 5.93},
        protocol=MEDIAN,
    ),
    *figures(
        Source(WRN, "Tables 4 and 5"),
        {"wrn-40-4": 8.9, "wrn-16-8": 11.0, "wrn-28-10": 36.5, "wrn-40-1": 0.6, "wrn-40-2": 2.2}
        | {"wrn-40-8": 35.7, "wrn-28-12": 52.5, "wrn-22-8": 17.2},
        metric="parameters",
    ),
    *figures(
        Source(WRN, "speed comparison"),
        {"wrn-40-4": 68.0, "wrn-28-10": 312.0, "preact-resnet1001": 512.0},
        metric="step_milliseconds",
        protocol="forward and backward of 32 images, Titan X",
    ),
    *top1_top5(Source(WRN, "Table 8"), {"wide-resnet50-2": (21.9, 6.03)}, protocol=CROP),
    *figures(
        Source(WRN, "ImageNet, widths"),
        {"WRN-18-1.0": 30.4, "WRN-18-1.5": 27.06, "WRN-18-2.0": 25.58, "WRN-18-3.0": 24.06}
        | {"WRN-34-1.0": 26.77, "WRN-34-1.5": 24.5, "WRN-34-2.0": 23.39},
        "imagenet",
        protocol=CROP,
    ),
)

NEXT = (
    *figures(
        Source(RESNEXT, "Table 3"),
        {
            "resnet50": 23.9,
            "resnext50-2x40d": 23.0,
            "resnext50-4x24d": 22.6,
            "resnext50-8x14d": 22.3,
            "resnext50-32x4d": 22.2,
            "resnet101": 22.0,
            "resnext101-2x40d": 21.7,
            "resnext101-4x24d": 21.4,
            "resnext101-8x14d": 21.3,
            "resnext101-32x4d": 21.2,
        },
        "imagenet",
        protocol=CROP,
    ),
    *top1_top5(
        Source(RESNEXT, "Table 4"),
        {
            "resnet200": (21.7, 5.8),
            "ResNet-101, 1x100d": (21.3, 5.7),
            "resnext101-2x64d": (20.7, 5.5),
            "resnext101-64x4d": (20.4, 5.3),
        },
        protocol=CROP,
    ),
    *figures(
        Source(RESNEXT, "ablation of shortcuts"),
        {"plain50": 31.2, "ResNeXt-50 without shortcuts": 26.1},
        "imagenet",
        protocol=CROP,
    ),
    *figures(
        Source(RESNEXT, "Table 7"),
        {"resnext29-8x64d": 3.65, "resnext29-16x64d": 3.58},
        protocol="mean of ten runs",
    ),
    *figures(Source(RESNEXT, "Table 7"), {"wrn-28-10": 4.17}, protocol=QUOTED),
    *figures(Source(RESNEXT, "Table 7"), {"wrn-28-10": 20.50}, "cifar100", protocol=QUOTED),
    *figures(
        Source(RESNEXT, "Table 7"),
        {"resnext29-8x64d": 17.77, "resnext29-16x64d": 17.31},
        dataset="cifar100",
        protocol="mean of ten runs",
    ),
)

SQUEEZE = (
    *top1_top5(
        Source(SENET, "Table 2"),
        {
            "se-resnet50": (23.29, 6.62),
            "se-resnet101": (22.38, 6.07),
            "se-resnet152": (21.57, 5.73),
            "se-resnext50-32x4d": (21.10, 5.49),
        },
        protocol=CROP,
    ),
    *top1_top5(
        Source(SENET, "Table 2 (re-implementation)"),
        {
            "resnet50": (24.80, 7.48),
            "resnet101": (23.17, 6.52),
            "resnet152": (22.42, 6.34),
            "resnext50-32x4d": (22.11, 5.90),
        },
        protocol=CROP,
    ),
    *top1_top5(
        Source("hujie-frank/SENet", "README"),
        {"se-resnet50": (22.37, 6.36)},
        protocol="1-crop 224; batch 256, more epochs",
    ),
    *figures(
        Source(SENET, "Table 4"),
        {"preact-resnet110": 6.37, "preact-resnet164": 5.46, "wrn-16-8": 4.27},
        protocol=QUOTED,
    ),
    *figures(
        Source(SENET, "Table 4"),
        {"se-preact-resnet110": 5.21, "se-preact-resnet164": 4.39, "se-wrn-16-8": 3.88}
        | {"Shake-Shake 26 2x96d + Cutout": 2.56, "SE Shake-Shake 26 2x96d + Cutout": 2.12},
    ),
    *figures(
        Source(SENET, "Table 5"),
        {
            "preact-resnet110": 26.88,
            "preact-resnet164": 24.33,
            "wrn-16-8": 20.43,
            "se-preact-resnet110": 23.85,
            "se-preact-resnet164": 21.31,
            "se-wrn-16-8": 19.14,
        },
        dataset="cifar100",
    ),
)

DEPTH = (
    *figures(
        Source(HUANG, "CIFAR-10"),
        {
            "resnet110": 6.41,
            "resnet110-stochastic-depth": 5.25,
            "resnet1202": 6.67,
            "resnet1202-stochastic-depth": 4.91,
        },
        protocol=BEST_VALIDATION,
    ),
    *figures(
        Source(HUANG, "CIFAR-10"),
        {"resnet110": 13.63, "resnet110-stochastic-depth": 11.66},
        protocol=f"no augmentation; {BEST_VALIDATION}",
    ),
    *figures(
        Source(HUANG, "Table 1 (the text has 27.22 for constant depth)"),
        {"resnet110": 27.76, "resnet110-stochastic-depth": 24.98},
        dataset="cifar100",
        protocol=BEST_VALIDATION,
    ),
    *figures(
        Source(HUANG, "ImageNet"),
        {"resnet152": 21.78, "resnet152-stochastic-depth": 21.98},
        "imagenet",
        protocol="120 epochs",
    ),
)

LANDSCAPES = figures(
    Source(LI, "Figures 5 and 6", "VERIFIED-2ND"),
    {
        "resnet20-B": 7.37,
        "resnet56-B": 5.89,
        "resnet110-B": 5.79,
        "resnet56-B-x2": 5.07,
        "resnet56-B-x4": 4.34,
        "resnet56-B-x8": 3.93,
        "plain20": 8.18,
        "plain56": 13.31,
        "plain110": 16.44,
        "plain56-x2": 10.26,
        "plain56-x4": 9.69,
        "plain56-x8": 8.70,
    },
    protocol="weight decay 5e-4, Nesterov, 300 epochs",
)

LESIONS = (
    *figures(Source(VEIT, "effective paths", "VERIFIED-2ND"), {"preact-resnet110": 6.10}),
    *figures(
        Source(VEIT, "effective paths", "VERIFIED-2ND"),
        {"preact-resnet110-23-of-54": 5.96},
    ),
)

FIGURES = (*WIDE, *NEXT, *SQUEEZE, *DEPTH, *LANDSCAPES, *LESIONS)
