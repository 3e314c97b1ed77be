"""He et al. 2016: what may stand on the shortcut, and where the activations belong."""

from resnet.claims.contrasts import Contrast, difference, interaction, threshold
from resnet.claims.model import Claim, Part, Source
from resnet.claims.orders import Groups
from resnet.claims.stated.degradation import ABOVE_NOISE, NOISE, ORDER_ONLY

HE2016 = "He et al. 2016"
FAILING = 20.0
MEDIANS = "The paper's figures are medians of five runs; 6.61 is the mean of He et al. 2015."


def _placements(depth: int) -> tuple[Part, ...]:
    """Table 2 at one depth: the extremes strictly apart, neighbours may tie within the noise."""
    original, preact = f"resnet{depth}", f"preact-resnet{depth}"
    only, before = f"{original}-relu-only-preact", f"{original}-relu-before-addition"
    after = f"{original}-bn-after-addition"
    order = ((preact,), (original, only), (before,), (after,))
    return (
        Groups("test_error", order, -NOISE, general=True),
        difference("test_error", after, preact, "higher", NOISE, general=True),
        difference("test_error", only, original, "equal", NOISE, general=True),
    )


def _gain(deep: int, shallow: int) -> Contrast:
    """What pre-activation gains at one depth exceeds what it gains at the other."""
    pairs = [(f"resnet{depth}", f"preact-resnet{depth}") for depth in (deep, shallow)]
    return interaction("test_error", pairs[0], pairs[1], "higher", general=True)


TRAIN = (
    ("resnet110",),
    ("resnet110-shortcut-gating-6",),
    ("resnet110-exclusive-gating-6",),
    ("resnet110-exclusive-gating-7",),
    ("resnet110-C", "resnet110-scaled-0.5-0.5", "resnet110-shortcut-gating-0"),
)
FAIL = (
    "plain110",
    "resnet110-scaled-0.5-1",
    "resnet110-exclusive-gating-0",
    "resnet110-dropout-shortcut",
)

CLAIMS = (
    Claim(
        "C12",
        "Identity shortcuts are best: gates, scaling and 1×1 convolutions on the shortcuts of "
        "ResNet-110 raise its error, and some make it fail (above 20 %)",
        Source(HE2016, "Table 1"),
        (
            Groups("test_error", TRAIN),
            *(threshold("test_error", net, "higher", FAILING) for net in FAIL),
        ),
        ORDER_ONLY,
        divisible=True,
        note=f"{MEDIANS} A shortcut scaled by 0 is the plain net.",
        disputes=("Li et al. 2018: the plain net of 110 layers reaches 16.44 %, below 'fail'",),
    ),
    Claim(
        "C12-order",
        "Of what may stand on a shortcut the identity is best, then gates nearly open, then "
        "scaling, 1×1 convolutions and half-open gates; last come those that fail",
        Source(HE2016, "Table 1"),
        (Groups("test_error", (*TRAIN, FAIL), general=True),),
        ORDER_ONLY,
        note=f"{MEDIANS} The order alone, which shorter runs and shallower nets can be asked for. "
        "Gates that begin nearly shut must be trained open, which a short recipe may not do.",
    ),
    Claim(
        "C12-training",
        "Scaling, 1×1 convolutions, half-open gates and dropout on the shortcuts hinder the "
        "optimisation, as does having none: training errors are higher too",
        Source(HE2016, "section 3, Figure 3"),
        tuple(
            difference("train_error", net, "resnet110", "higher", general=True)
            for net in (*TRAIN[-1], *FAIL)
        ),
        ORDER_ONLY,
        divisible=True,
    ),
    Claim(
        "C13",
        "Full pre-activation is best, ReLU-only pre-activation equals the original, ReLU before "
        "the addition is worse and BN after it worst, at 110 and 164 layers",
        Source(HE2016, "Table 2"),
        (*_placements(110), *_placements(164)),
        "neighbours may tie within 0.2 points, the size of the noise; the extremes may not",
        divisible=True,
        note=MEDIANS,
        disputes=(
            "gcr's single runs: BN after addition 13.56 against 6.97 % at 110 layers, where this "
            "paper has 8.17 against 6.61 %",
        ),
    ),
    Claim(
        "C14",
        "What pre-activation gains grows with depth: 0.24, 0.47 and 2.69 points at 110, 164 and "
        "1001 layers",
        Source(HE2016, "Table 3"),
        (_gain(164, 110), _gain(1001, 164)),
        ORDER_ONLY,
        note=MEDIANS,
    ),
    Claim(
        "C15",
        "1001 layers are worse than 164 in the original net, and better with pre-activation",
        Source(HE2016, "Table 3"),
        (
            difference("test_error", "resnet1001", "resnet164", "higher", NOISE),
            difference("test_error", "preact-resnet1001", "preact-resnet164", "lower", NOISE),
        ),
        ABOVE_NOISE,
        note=f"{MEDIANS} CIFAR-100 shows the same order.",
    ),
    Claim(
        "C24",
        "BN after the addition harms at 110 layers and hardly at 20",
        Source("gcr/torch-residual-networks", "README (single runs)"),
        (
            interaction(
                "test_error",
                ("resnet110-bn-after-addition", "resnet110"),
                ("resnet20-bn-after-addition", "resnet20"),
                "higher",
                NOISE,
                general=True,
            ),
            difference("test_error", "resnet20-bn-after-addition", "resnet20", "equal", 0.5),
        ),
        f"{ABOVE_NOISE}; 'hardly' is within 0.5 points: ours (0.05 there)",
        disputes=(
            "gcr: 13.56 against 6.97 % at 110 layers",
            "He et al. 2016, Table 2: 8.17 against 6.61 % at 110 layers",
        ),
    ),
)
