"""He et al. 2015, arXiv 1512.03385: Tables 1 to 6, and the figures of the authors' repository."""

from resnet.claims.model import Source
from resnet.claims.printed.figure import figures, top1_top5

PAPER = "He et al. 2015"
TABLE6, TABLE4 = Source(PAPER, "Table 6"), Source(PAPER, "Table 4")
TABLE2, TABLE3, TABLE5 = (
    Source(PAPER, "Table 2"),
    Source(PAPER, "Table 3"),
    Source(PAPER, "Table 5"),
)
SCALES = "single model, fully convolutional, five scales"

FIGURES = (
    *figures(
        TABLE6,
        {
            "resnet20": 8.75,
            "resnet32": 7.51,
            "resnet44": 7.17,
            "resnet56": 6.97,
            "resnet1202": 7.93,
            "Maxout": 9.38,
            "NIN": 8.81,
            "DSN": 8.22,
            "FitNet-19": 8.39,
            "Highway-19": 7.54,
            "Highway-32": 8.80,
        },
    ),
    *figures(TABLE6, {"resnet110": (6.61, 0.16)}, protocol="mean of five runs"),
    *figures(TABLE6, {"resnet110": 6.43}, protocol="best of five runs"),
    *figures(TABLE6, {"Highway-19": (7.72, 0.16)}, protocol="mean of five runs"),
    *figures(
        Source(PAPER, "Figure 6, caption"),
        {"plain110": 60.0},
        protocol="training or test error not said",
        relation=">",
    ),
    *figures(
        TABLE6,
        {
            "resnet20": 0.27,
            "resnet32": 0.46,
            "resnet44": 0.66,
            "resnet56": 0.85,
            "resnet110": 1.7,
            "resnet1202": 19.4,
            "FitNet-19": 2.5,
            "Highway-19": 2.3,
            "Highway-32": 1.25,
        },
        metric="parameters",
    ),
    *figures(Source(PAPER, "section 4.2"), {"resnet1202": 0.1}, metric="train_error", relation="<"),
    *figures(
        Source(PAPER, "Table 1"),
        {
            "resnet18": 1.8,
            "resnet34": 3.6,
            "resnet50-v1": 3.8,
            "resnet101-v1": 7.6,
            "resnet152-v1": 11.3,
            "VGG-16": 15.3,
            "VGG-19": 19.6,
        },
        dataset="imagenet",
        metric="multiply_adds",
    ),
    *figures(
        TABLE2,
        {"plain18": 27.94, "resnet18-A": 27.88, "plain34": 28.54, "resnet34-A": 25.03},
        dataset="imagenet",
        protocol="10-crop",
    ),
    *top1_top5(
        TABLE3,
        {
            "VGG-16": (28.07, 9.33),
            "PReLU-net": (24.27, 7.38),
            "plain34": (28.54, 10.02),
            "resnet34-A": (25.03, 7.76),
            "resnet34": (24.52, 7.46),
            "resnet34-C": (24.19, 7.40),
            "resnet50-v1": (22.85, 6.71),
            "resnet101-v1": (21.75, 6.05),
            "resnet152-v1": (21.43, 5.71),
        },
        protocol="10-crop",
    ),
    *figures(TABLE3, {"GoogLeNet": 9.15}, "imagenet", "test_error_top5", "10-crop"),
    *top1_top5(
        TABLE4,
        {
            "VGG (v5)": (24.4, 7.1),
            "PReLU-net": (21.59, 5.71),
            "BN-Inception": (21.99, 5.81),
            "resnet34": (21.84, 5.71),
            "resnet34-C": (21.53, 5.60),
            "resnet50-v1": (20.74, 5.25),
            "resnet101-v1": (19.87, 4.60),
            "resnet152-v1": (19.38, 4.49),
        },
        protocol=SCALES,
    ),
    *figures(
        TABLE4,
        {"VGG (ILSVRC'14, test)": 8.43, "GoogLeNet": 7.89},
        "imagenet",
        "test_error_top5",
        SCALES,
    ),
    *figures(
        TABLE5,
        {
            "VGG (ILSVRC'14)": 7.32,
            "GoogLeNet": 6.66,
            "VGG (v5)": 6.8,
            "PReLU-net": 4.94,
            "BN-Inception": 4.82,
            "ResNet": 3.57,
        },
        "imagenet",
        "test_error_top5",
        "ensemble, test set",
    ),
    *top1_top5(
        Source("KaimingHe/deep-residual-networks", "README"),
        {"resnet50-v1": (24.7, 7.8), "resnet101-v1": (23.6, 7.1), "resnet152-v1": (23.0, 6.7)},
        protocol="1-crop",
    ),
)
