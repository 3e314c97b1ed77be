"""Degradation, in detail: what He et al. 2015 say of plain and residual nets on CIFAR-10.

Seeds: three, since the papers' noise (standard deviation 0.16 points over 5 runs of ResNet-110) is
small beside the effects. Several of the sentences print an order and no size: their margin is zero
and the interval alone guards against noise.
"""

from resnet.claims.contrasts import Contrast, difference, interaction, threshold
from resnet.claims.model import Claim, Source
from resnet.claims.orders import Trend

HE2015 = "He et al. 2015"
NOISE = 0.2
ORDER_ONLY = "0: the paper states an order and no size, so any size counts"
ABOVE_NOISE = (
    "0.2 points: differences of this size come from the seed alone (Huang et al. 2016, README)"
)
PLAIN = ("plain20", "plain32", "plain44", "plain56")
RESIDUAL = ("resnet20", "resnet32", "resnet44", "resnet56", "resnet110")


def _both_errors(first: str, second: str) -> tuple[Contrast, ...]:
    """Training and test error of `first` above those of `second`, beyond the noise."""
    return tuple(
        difference(metric, first, second, "higher", NOISE, general=True)
        for metric in ("train_error", "test_error")
    )


CLAIMS = (
    Claim(
        "H15-F1",
        "A deep plain net (56 layers) has higher training error and higher test error than a "
        "shallow one (20)",
        Source(HE2015, "Figure 1"),
        _both_errors("plain56", "plain20"),
        ABOVE_NOISE,
    ),
    Claim(
        "H15-F6L",
        "The training error of plain nets grows with depth",
        Source(HE2015, "Figure 6 (left), section 4.2"),
        (Trend("train_error", PLAIN, "higher"),),
        ORDER_ONLY,
        note="The paper prints no values of these curves.",
    ),
    Claim(
        "H15-F6M",
        "The training error and the test error of residual nets fall with depth, up to 110 layers",
        Source(HE2015, "Figure 6 (middle), Table 6"),
        tuple(
            Trend(metric, RESIDUAL, "lower", up_to=110) for metric in ("train_error", "test_error")
        ),
        ORDER_ONLY,
        note="Table 6 prints gaps of 0.20 to 1.24 points of test error between neighbours.",
    ),
    Claim(
        "H15-deg",
        "Degradation is not overfitting: with depth the training error of plain nets rises too",
        Source(HE2015, "sections 1 and 4.1"),
        (difference("train_error", "plain56", "plain20", "higher", NOISE, general=True),),
        ABOVE_NOISE,
        note="Overfitting would raise the test error and lower the training error.",
    ),
    Claim(
        "H15-equal-depth",
        "At equal depth and equal parameter count, the residual net has lower training error and "
        "lower test error than the plain net",
        Source(HE2015, "Figure 6, section 4.2"),
        _both_errors("plain56", "resnet56"),
        ABOVE_NOISE,
        note="Asked at the deepest common depth: at 20 layers the two are nearly alike.",
    ),
    Claim(
        "H15-addressed",
        "Shortcuts lessen degradation: depth adds more to the training error of plain nets than "
        "to that of residual nets",
        Source(HE2015, "section 4.2"),
        (
            interaction(
                "train_error",
                ("plain56", "plain20"),
                ("resnet56", "resnet20"),
                "higher",
                NOISE,
                general=True,
            ),
        ),
        ABOVE_NOISE,
        note="That depth does residual nets no harm at all, as the paper has it, is H15-F6M.",
    ),
    Claim(
        "H15-grad",
        "Gradients do not vanish in plain nets with batch normalisation: at initialisation, the "
        "first block's is not below a tenth of the last block's",
        Source(HE2015, "section 4.1"),
        (threshold("gradient_ratio", "plain56", "higher", bound=-1.0, general=True),),
        "bound of −1 decade: ours, since the paper says that the norms are healthy, without a "
        "number; a gradient that vanished over 56 layers would fall by many decades",
        note="Measured at initialisation; the paper does not say when it looked. A norm that grows "
        "towards the input is not asked here, but in H15-healthy.",
    ),
    Claim(
        "H15-healthy",
        "Gradients in plain nets with batch normalisation have healthy norms: at initialisation, "
        "the first block's is within ten times the last's",
        Source(HE2015, "section 4.1"),
        (Contrast("gradient_ratio", (("plain56", 1.0),), "equal", margin=1.0, general=True),),
        "±1 decade: ours, since the paper says 'healthy', without a number",
        note="Measured at initialisation; the paper does not say when it looked.",
    ),
)
