"""He et al. 2015, beyond degradation: the figures of Table 6, very deep nets, ImageNet."""

from resnet.claims.contrasts import Contrast, difference, threshold, value
from resnet.claims.model import Claim, Source
from resnet.claims.orders import Groups, Trend
from resnet.claims.stated.degradation import HE2015, NOISE, ORDER_ONLY, RESIDUAL

NEAR, SLIGHTLY = 0.5, 1.0
NEAR_WHY = "±0.5 points: ours. Runs on all 50,000 images come out 0.1 to 0.5 lower than the paper's"
TABLE6 = dict(zip(RESIDUAL, (8.75, 7.51, 7.17, 6.97, 6.61), strict=True))

DEPTHS = ("resnet50-v1", "resnet101-v1", "resnet152-v1")


def _gap(above: str, below: str, printed: float, margin: float) -> Contrast:
    """`above` exceeds `below` by the `printed` points of 10-crop test error, within `margin`."""
    terms = ((above, 1.0), (below, -1.0))
    return Contrast("test_error_10_crops", terms, "equal", margin, bound=printed)


CLAIMS = (
    Claim(
        "C1",
        "ResNet-20, 32, 44, 56 and 110 have test errors of 8.75, 7.51, 7.17, 6.97 and 6.61 %",
        Source(HE2015, "Table 6"),
        tuple(value("test_error", net, figure, NEAR) for net, figure in TABLE6.items()),
        NEAR_WHY,
        divisible=True,
        note="6.61 is the mean of five runs; how many runs the others had is not stated.",
    ),
    Claim(
        "C2",
        "The test error of residual nets falls with depth, from 20 to 110 layers",
        Source(HE2015, "Table 6"),
        (
            Trend("test_error", RESIDUAL, "lower", margin=-NOISE, up_to=110),
            difference("test_error", "resnet110", "resnet20", "lower", NOISE, True, up_to=110),
        ),
        "neighbours may tie within 0.2 points, the size of the noise; the ends may not",
    ),
    Claim(
        "C5",
        "The error of the plain net of 110 layers stays above 60 %",
        Source(HE2015, "Figure 6, caption"),
        (threshold("test_error", "plain110", "higher", bound=60.0),),
        "none: the paper's own bound; it does not say whether of training or test error",
        disputes=(
            "He et al. 2016, Table 1: above 20 % (all that 'fail' says there)",
            "Li et al. 2018: 16.44 % with learning rate 0.01 and weight decay 5e-4",
        ),
    ),
    Claim(
        "C6",
        "ResNet-1202 trains to an error below 0.1 % and yet has a higher test error than "
        "ResNet-110",
        Source(HE2015, "section 4.2, Table 6"),
        (
            threshold("train_error", "resnet1202", "lower", bound=0.1),
            difference("test_error", "resnet1202", "resnet110", "higher"),
        ),
        ORDER_ONLY,
        disputes=(
            "He et al. 2015: 7.93 against 6.61 %",
            "Huang et al. 2016 agree: 6.67 against 6.41 %",
            "akamaster's reproduction disagrees: 6.18 against 6.32 %",
        ),
    ),
    Claim(
        "C6-value",
        "ResNet-1202 has a test error of 7.93 %",
        Source(HE2015, "Table 6"),
        (value("test_error", "resnet1202", 7.93, NEAR),),
        NEAR_WHY,
        disputes=("Huang et al. 2016: 6.67 %", "akamaster's reproduction: 6.18 %"),
    ),
    Claim(
        "C6-training",
        "ResNet-1202 optimises without difficulty: its training error is not above that of "
        "ResNet-110",
        Source(HE2015, "section 4.2, Figure 6 (right)"),
        (difference("train_error", "resnet1202", "resnet110", "lower", -NOISE),),
        "0.2 points may be noise: the paper calls the two training errors similar",
    ),
    Claim(
        "C6-test",
        "ResNet-1202 has a higher test error than ResNet-110",
        Source(HE2015, "section 4.2, Table 6"),
        (difference("test_error", "resnet1202", "resnet110", "higher"),),
        ORDER_ONLY,
        disputes=(
            "He et al. 2015: 7.93 against 6.61 %, laid to overfitting",
            "Huang et al. 2016 agree: 6.67 against 6.41 %",
            "akamaster's reproduction disagrees: 6.18 against 6.32 %",
        ),
    ),
    Claim(
        "C7",
        "The layers of residual nets respond less strongly than those of plain nets, and the less "
        "so the deeper the net",
        Source(HE2015, "Figure 7"),
        (
            difference("response_std", "plain56", "resnet56", "higher", general=True),
            Trend("response_std", ("resnet20", "resnet56", "resnet110"), "lower"),
        ),
        ORDER_ONLY,
    ),
    Claim(
        "H15-grad-training",
        "At no step of training that was looked at is the gradient at the first block of a plain "
        "net with batch normalisation less than a tenth of that at the last",
        Source(HE2015, "section 4.1"),
        (threshold("gradient_ratio_lowest", "plain56", "higher", bound=-1.0, general=True),),
        "bound of −1 decade: ours, since the paper says that the norms are healthy, without a "
        "number",
        note="Measured at initialisation and at every step that a run keeps weights of, on one "
        "batch; the paper does not say when it looked. Of the first block alone, and of one side: "
        "blocks between may have less, and a norm that grows towards the input is not asked here.",
    ),
    Claim(
        "C9",
        "On ImageNet 34 plain layers have higher training and test error than 18, while 34 "
        "residual layers have lower test error than 18",
        Source(HE2015, "Table 2, Figure 4"),
        (
            difference("train_error", "plain34", "plain18", "higher"),
            difference("test_error_10_crops", "plain34", "plain18", "higher"),
            difference("test_error_10_crops", "resnet34-A", "resnet18-A", "lower"),
        ),
        "0: the gap of the plain nets is only 0.60 points in the paper",
        dataset="imagenet",
    ),
    Claim(
        "C9-value",
        "On ImageNet 34 layers have 0.60 points more top-1 error than 18 when plain, and 2.85 less "
        "when residual",
        Source(HE2015, "Table 2 (10-crop)"),
        (_gap("plain34", "plain18", 0.60, 0.7), _gap("resnet18-A", "resnet34-A", 2.85, 0.7)),
        "±0.7 points: ours; with ten crops, as in the table",
        dataset="imagenet",
    ),
    Claim(
        "C10",
        "Projection shortcuts are slightly better than padding (C, then B, then A), and not "
        "essential",
        Source(HE2015, "Table 3"),
        (
            Groups(
                "test_error_10_crops", (("resnet34-C",), ("resnet34",), ("resnet34-A",)), -NOISE
            ),
            difference("test_error_10_crops", "resnet34-A", "resnet34-C", "higher"),
            difference("test_error_10_crops", "resnet34-A", "resnet34-C", "equal", SLIGHTLY),
        ),
        "neighbours may tie within 0.2 points, A and C may not; 'slightly' and 'not essential' are "
        "less than 1 point between A and C (0.84 in the paper): ours",
        dataset="imagenet",
    ),
    Claim(
        "C10-cifar",
        "Asked of CIFAR-10: projection shortcuts are slightly better than padding (C, then B, "
        "then A), and not essential",
        Source(HE2015, "Table 3 (which is of ImageNet, 34 layers)"),
        (
            Groups("test_error", (("resnet56-C",), ("resnet56-B",), ("resnet56",)), -NOISE, True),
            difference("test_error", "resnet56", "resnet56-C", "higher", general=True),
            difference("test_error", "resnet56", "resnet56-C", "equal", SLIGHTLY, general=True),
        ),
        "as for ImageNet: neighbours may tie within 0.2 points, and C is ahead of A by less than 1",
        note="The paper itself pads everywhere on CIFAR-10, and prints no B or C there.",
        disputes=(
            "He et al. 2015, ImageNet, 34 layers: C 24.19, B 24.52, A 25.03 %",
            "He et al. 2016, Table 1: at 110 layers on CIFAR-10 1×1 convolutions on all shortcuts "
            "harm, 12.22 against 6.61 %",
        ),
    ),
    Claim(
        "C11",
        "On ImageNet the error falls from 50 through 101 to 152 layers",
        Source(HE2015, "Tables 3 and 4"),
        (Trend("test_error", DEPTHS, "lower", up_to=152),),
        ORDER_ONLY,
        dataset="imagenet",
        note="The order is the same with one crop, ten crops and many scales.",
    ),
)
