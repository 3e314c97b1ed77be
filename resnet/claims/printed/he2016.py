"""He et al. 2016, arXiv 1603.05027: Tables 1 to 5. All new figures on CIFAR are medians of five."""

from resnet.claims.model import Source
from resnet.claims.printed.figure import figures, top1_top5

PAPER = "He et al. 2016"
MEDIAN = "median of five runs"
OF_2015 = "mean of five runs, of He et al. 2015"
TABLE1, TABLE2 = Source(PAPER, "Table 1"), Source(PAPER, "Table 2")
TABLE3, TABLE4, TABLE5 = (
    Source(PAPER, "Table 3"),
    Source(PAPER, "Table 4"),
    Source(PAPER, "Table 5"),
)

FIGURES = (
    # The other figures of Table 1 are medians; this one it takes from He et al. 2015.
    *figures(TABLE1, {"resnet110": 6.61}, protocol=OF_2015),
    *figures(
        TABLE1,
        {
            "resnet110-scaled-0.5-0.5": 12.35,
            "resnet110-exclusive-gating-6": 8.70,
            "resnet110-exclusive-gating-7": 9.81,
            "resnet110-shortcut-gating-0": 12.86,
            "resnet110-shortcut-gating-6": 6.91,
            "resnet110-C": 12.22,
        },
        protocol=MEDIAN,
    ),
    *figures(
        TABLE1,
        {
            "plain110": 20.0,
            "resnet110-scaled-0.5-1": 20.0,
            "resnet110-exclusive-gating-0": 20.0,
            "resnet110-dropout-shortcut": 20.0,
        },
        protocol=f"printed as 'fail'; {MEDIAN}",
        relation=">",
    ),
    *figures(
        TABLE2,
        {
            "resnet110-bn-after-addition": 8.17,
            "resnet110-relu-before-addition": 7.84,
            "resnet110-relu-only-preact": 6.71,
            "preact-resnet110": 6.37,
            "resnet164": 5.93,
            "resnet164-bn-after-addition": 6.50,
            "resnet164-relu-before-addition": 6.14,
            "resnet164-relu-only-preact": 5.91,
            "preact-resnet164": 5.46,
        },
        protocol=MEDIAN,
    ),
    *figures(
        TABLE3,
        {
            "resnet110-1-layer-skip": 9.90,
            "preact-resnet110-1-layer-skip": 8.91,
            "preact-resnet110": 6.37,
            "resnet164": 5.93,
            "preact-resnet164": 5.46,
            "resnet1001": 7.61,
            "preact-resnet1001": 4.92,
        },
        protocol=MEDIAN,
    ),
    *figures(
        TABLE3,
        {
            "resnet164": 25.16,
            "preact-resnet164": 24.33,
            "resnet1001": 27.82,
            "preact-resnet1001": 22.71,
        },
        dataset="cifar100",
        protocol=MEDIAN,
    ),
    *figures(
        TABLE4,
        {
            "NIN": 8.81,
            "DSN": 8.22,
            "FitNet": 8.39,
            "Highway": 7.72,
            "All-CNN": 7.25,
            "ELU": 6.55,
            "FitResNet-LSUV": 5.84,
            "resnet110": 6.61,
            "resnet1202": 7.93,
        },
    ),
    *figures(TABLE4, {"preact-resnet1001": (4.89, 0.14)}, protocol="mean of five runs"),
    *figures(TABLE4, {"preact-resnet1001": 4.62}, protocol=f"batch 64; {MEDIAN}"),
    *figures(TABLE4, {"preact-resnet1001": (4.69, 0.20)}, protocol="batch 64; mean of five runs"),
    *figures(
        TABLE4,
        {"preact-resnet1001": (22.68, 0.22)},
        dataset="cifar100",
        protocol="mean of five runs",
    ),
    *figures(TABLE4, {"preact-resnet164": 1.7, "preact-resnet1001": 10.2}, metric="parameters"),
    *top1_top5(TABLE5, {"resnet152-v1": (23.0, 6.7)}, protocol="1-crop 224, scale"),
    *top1_top5(
        TABLE5,
        {
            "resnet152-v1": (21.3, 5.5),
            "preact-resnet152-v1": (21.1, 5.5),
            "resnet200-v1": (21.8, 6.0),
            "preact-resnet200-v1": (20.7, 5.3),
        },
        protocol="1-crop 320, scale",
    ),
    *top1_top5(TABLE5, {"preact-resnet200": (20.1, 4.8)}, protocol="1-crop 320, scale + aspect"),
    *top1_top5(TABLE5, {"Inception-v3": (21.2, 5.6)}, protocol="1-crop 299, scale + aspect"),
    *top1_top5(
        Source(PAPER, "text"),
        {"resnet101-v1": (23.6, 7.1), "resnet101-bn-after-addition-v1": (24.6, 7.5)},
        protocol="1-crop 224, scale",
    ),
)
