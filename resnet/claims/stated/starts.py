"""Questions of ours on nets that start from trained ones: no paper prints these numbers.

Where a paper's argument gives the direction, the claim says so. They are questions all the same.
"""

from resnet.claims.contrasts import Contrast, difference, interaction, value
from resnet.claims.model import Claim, Source
from resnet.claims.stated.degradation import ABOVE_NOISE, NOISE

OURS = "this suite"
DEEPENED = "plain56-from-plain20"
AFTER_HE = Source(OURS, "the constructed solution of He et al. 2015, section 1, executed", "OURS")
TRANSFER = Source(OURS, "features of one part of the classes, for the other", "OURS")

IDENTITY = (
    Claim(
        "ID-start",
        "Deepened to 56 layers by exact identities, plain-20 fits the training images as it did",
        AFTER_HE,
        (value("start_gap", DEEPENED, 0.0, 0.01),),
        "0.01 points: on a CPU the outputs are equal bit for bit; a GPU's kernels may round "
        "otherwise",
        note="Arithmetic, and no matter of training: 56 plain layers can represent what 20 do.",
    ),
    Claim(
        "ID-find",
        "Trained on from there, plain-56 ends with lower training error than from drawn weights, "
        "even where those are trained twice as long: what it cannot find, it can represent",
        AFTER_HE,
        tuple(
            difference("train_error", DEEPENED, other, "lower", NOISE)
            for other in ("plain56", "plain56-from-plain56")
        ),
        ABOVE_NOISE,
    ),
    Claim(
        "ID-keep",
        "Trained on from there, plain-56 has no higher training error than plain-20 trained on "
        "for as long",
        AFTER_HE,
        (difference("train_error", DEEPENED, "plain20-from-plain20", "lower", -NOISE),),
        "a tie within 0.2 points, the size of the noise, is no higher",
        note="He et al. 2015 argue that a deeper net should produce no higher training error than "
        "the shallower one inside it. Whether training leaves that solution is open.",
    ),
    Claim(
        "ID-residual",
        "What such a start gains at 56 layers is more for plain nets than for residual ones",
        AFTER_HE,
        (
            interaction(
                "train_error",
                ("plain56", DEEPENED),
                ("resnet56", "resnet56-from-resnet20"),
                "higher",
                NOISE,
            ),
        ),
        ABOVE_NOISE,
        note="Residual nets should find by themselves what plain ones have to be given.",
    ),
)


def _arm(net: str, recipe: str) -> str:
    return f"{net}-from-animals@{recipe}"


def _lower(arm: str, other: str) -> Contrast:
    """`arm` has lower test error than `other`, at whatever depth is at hand."""
    return difference("test_error", arm, other, "lower", NOISE, general=True)


def _cost(recipe: str) -> Contrast:
    """What 36 further layers add to the error of plain nets, less what they add to residual's."""
    plain, residual = (
        (_arm(f"{kind}56", recipe), _arm(f"{kind}20", recipe)) for kind in ("plain", "resnet")
    )
    return interaction("test_error", plain, residual, "higher", NOISE, general=True)


CLASSES = (
    Claim(
        "TR-start",
        "Fine-tuned from other classes, a residual net has lower test error than from drawn "
        "weights",
        TRANSFER,
        (_lower(_arm("resnet56", "two-rates"), "resnet56@paper"),),
        ABOVE_NOISE,
        dataset="cifar10-vehicles",
    ),
    Claim(
        "TR-frozen",
        "Features of other classes, frozen, do worse than the same fine-tuned",
        TRANSFER,
        tuple(
            _lower(_arm(net, "two-rates"), _arm(net, "frozen"))
            for net in ("plain20", "resnet20", "plain56", "resnet56")
        ),
        ABOVE_NOISE,
        dataset="cifar10-vehicles",
        divisible=True,
    ),
    Claim(
        "TR-residual",
        "Frozen features of deep residual nets serve other classes better than those of plain nets "
        "as deep",
        TRANSFER,
        (_lower(_arm("resnet56", "frozen"), _arm("plain56", "frozen")),),
        ABOVE_NOISE,
        dataset="cifar10-vehicles",
    ),
    Claim(
        "TR-depth",
        "What depth adds to the error of frozen features is more for plain nets than for residual "
        "ones",
        TRANSFER,
        (_cost("frozen"),),
        ABOVE_NOISE,
        dataset="cifar10-vehicles",
        note="Degradation as features show it.",
    ),
)
