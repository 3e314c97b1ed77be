"""Claims of the papers around the two: landscapes, width, gates, stochastic depth."""

from resnet.claims.contrasts import Contrast, difference, interaction
from resnet.claims.model import Claim, Source, Status
from resnet.claims.orders import Groups, Trend
from resnet.claims.stated.degradation import ABOVE_NOISE, NOISE, ORDER_ONLY

LI, HUANG = "Li et al. 2018", "Huang et al. 2016"
SECOND_HAND: Status = "VERIFIED-2ND"

CLAIMS = (
    Claim(
        "C20",
        "Without shortcuts the test error rises with depth; with them it falls",
        Source(LI, "Figures 5 and 6", SECOND_HAND),
        (
            Trend("test_error", ("plain20", "plain56", "plain110"), "higher"),
            Trend("test_error", ("resnet20-B", "resnet56-B", "resnet110-B"), "lower"),
        ),
        ORDER_ONLY,
        note="In the paper 8.18, 13.31 and 16.44 % at 20, 56 and 110 layers without shortcuts, and "
        "7.37, 5.89 and 5.79 % with them. Their deepest plain net took another "
        "learning rate (0.01), which is another recipe here.",
    ),
    Claim(
        "L18-surface",
        "With depth the loss surface around the trained net turns from nearly convex to chaotic "
        "without shortcuts, and less so with them",
        Source(LI, "loss surfaces with and without shortcuts", SECOND_HAND),
        (
            difference("surface_negative_curvature", "plain56", "plain20", "higher", general=True),
            difference(
                "surface_negative_curvature", "plain56", "resnet56-B", "higher", general=True
            ),
            interaction(
                "surface_negative_curvature",
                ("plain56", "plain20"),
                ("resnet56-B", "resnet20-B"),
                "higher",
                general=True,
            ),
        ),
        "0: the paper speaks of pictures and states no size",
        note="The statistic is ours: the share of negative curvature on a filter-normalised plane, "
        "0 % for a convex surface. The paper's surfaces are of nets trained for 300 epochs.",
    ),
    Claim(
        "C21",
        "Stochastic depth lowers the error of ResNet-110",
        Source(HUANG, "constant against stochastic depth, CIFAR-10"),
        (
            difference(
                "test_error",
                "resnet110-stochastic-depth",
                "resnet110",
                "lower",
                NOISE,
                general=True,
            ),
        ),
        ABOVE_NOISE,
    ),
    Claim(
        "C21-depth",
        "With stochastic depth 1202 layers beat 110, which they do not without it",
        Source(HUANG, "constant against stochastic depth, CIFAR-10"),
        (
            difference(
                "test_error",
                "resnet1202-stochastic-depth",
                "resnet110-stochastic-depth",
                "lower",
                NOISE,
            ),
            difference("test_error", "resnet1202", "resnet110", "higher"),
        ),
        f"{ABOVE_NOISE}; 0 for the second (6.67 against 6.41 %)",
        disputes=(
            "He et al. 2015 have 1202 layers worse than 110 as well: 7.93 against 6.61 %",
            "akamaster's reproduction disagrees: 6.18 against 6.32 %",
        ),
    ),
    Claim(
        "C22",
        "Squeeze-and-excitation lowers the error at 110 and 164 layers",
        Source("Hu et al. 2018", "Table 4"),
        tuple(
            difference("test_error", f"se-{net}", net, "lower", NOISE, general=True)
            for net in ("preact-resnet110", "preact-resnet164")
        ),
        ABOVE_NOISE,
        divisible=True,
        note="Its baselines are the pre-activation figures of He et al. 2016; runs not stated.",
    ),
    Claim(
        "C23",
        "WRN-40-4 has lower error than the pre-activation net of 1001 layers, and trains several "
        "times as fast",
        Source("Zagoruyko & Komodakis 2016", "Table 5 and the comparison of speed"),
        (
            difference("test_error", "wrn-40-4", "preact-resnet1001", "lower", NOISE),
            Contrast("seconds", (("preact-resnet1001", 1.0), ("wrn-40-4", -4.0)), "higher"),
        ),
        f"{ABOVE_NOISE}; four times as fast: ours, since the 8 times there are of a Titan X",
        note="Times are compared on one kind of hardware alone; those of runs that shared a device "
        "are longer for it.",
    ),
    Claim(
        "Z16-width",
        "At 40 layers the error of Wide ResNet falls as it is widened 1, 2 and 4 times",
        Source("Zagoruyko & Komodakis 2016", "Table 4 (ZCA input)"),
        (Groups("test_error", (("wrn-40-4",), ("wrn-40-2",), ("wrn-40-1",)), NOISE, general=True),),
        ABOVE_NOISE,
        note="6.85, 5.33 and 4.97 %; 4.66 % at 8 times.",
    ),
    Claim(
        "X17-cardinality",
        "With as many parameters, ResNeXt-29 (8×64d) has lower error than WRN-28-10",
        Source("Xie et al. 2017", "Table 7"),
        (difference("test_error", "resnext29-8x64d", "wrn-28-10", "lower", NOISE),),
        ABOVE_NOISE,
        disputes=(
            "Xie et al. 2017: 3.65 against 4.17 %, the latter with ZCA input",
            "Zagoruyko & Komodakis 2016, Table 5: WRN-28-10 has 4.00 % with mean/std input",
        ),
    ),
    Claim(
        "C25",
        "Without its shortcuts ResNet-50 has far higher error on ImageNet (31.2 against 23.9 %)",
        Source("Xie et al. 2017", "ablation of shortcuts"),
        (Contrast("test_error", (("plain50", 1.0), ("resnet50", -1.0)), "higher", bound=4.0),),
        "4 points: ours, for 'far' (7.3 there)",
        dataset="imagenet",
    ),
)
