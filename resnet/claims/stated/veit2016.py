"""Claims of Veit et al. 2016: residual nets behave like ensembles of shallow ones."""

from resnet.claims.contrasts import difference, threshold, value
from resnet.claims.model import Claim, Source, Status
from resnet.claims.stated.degradation import ORDER_ONLY

VEIT = "Veit et al. 2016"
SECOND_HAND: Status = "VERIFIED-2ND"
LESIONED, SAMPLED = "preact-resnet110", "preact-resnet110-23-of-54"

CLAIMS = (
    Claim(
        "C16",
        "Deleting one block of a trained residual net hardly matters, save where it downsamples; "
        "deleting one layer of VGG drops it to chance",
        Source(VEIT, "section 4.1, Figure 3", SECOND_HAND),
        (
            threshold("lesion_median_rise", LESIONED, "lower", bound=1.0, general=True),
            threshold("lesion_downsampling_excess", LESIONED, "higher", bound=0.0, general=True),
            threshold("lesion_chance_share", "vgg15-bn", "higher", bound=80.0, general=True),
        ),
        "1 point for 'hardly', 80 % of the way from the whole net's error to chance: ours",
        note="The depth of that VGG is not verified, and it may have lacked BN; ours has it.",
    ),
    Claim(
        "C16-plain",
        "Deleting a block takes a plain net further towards chance than the residual net of its "
        "depth",
        Source(VEIT, "section 4.1: VGG there, plain nets here", SECOND_HAND),
        (difference("lesion_chance_share", "plain56", "resnet56", "higher", 10.0, general=True),),
        "10 % of the way to chance: ours, for a difference that can be seen",
        note="VGG and the residual net differ in more than shortcuts; these two in nothing else.",
    ),
    Claim(
        "C17",
        "The error rises smoothly with the number of blocks deleted, to about 0.2 with 10 of 54",
        Source(VEIT, "sections 4.2 and 6, Figure 5a", SECOND_HAND),
        (
            threshold("lesion_correlation", LESIONED, "higher", bound=0.0, general=True),
            value("lesion_ten_error", LESIONED, figure=22.5, margin=12.5),
        ),
        "10 to 35 %: ours, for 'around 0.2'; of 'smoothly' a rank correlation above 0 is asked",
        note="Nets that one deletion takes to chance may meet that correlation as well: see C16.",
        divisible=True,
    ),
    Claim(
        "C18",
        "The error rises smoothly as the order of the blocks is shuffled (Kendall's τ falls)",
        Source(VEIT, "section 4.3, Figure 5b", SECOND_HAND),
        (threshold("shuffle_correlation", LESIONED, "lower", bound=0.0, general=True),),
        f"{ORDER_ONLY}; of 'smoothly' a rank correlation below 0 is asked",
        note="Nets that one swap takes to chance may meet that correlation as well: see C16.",
    ),
    Claim(
        "C19",
        "Nearly all of the gradient comes from paths of 5 to 17 of the 54 modules, and training "
        "with 23 modules a batch does as well as with all",
        Source(VEIT, "effective paths", SECOND_HAND),
        (
            threshold("short_path_share", LESIONED, "higher", bound=90.0, general=True),
            difference("test_error", SAMPLED, LESIONED, "equal", 0.3, general=True),
        ),
        "90 % for 'nearly all' and ±0.3 points for 'as well' (5.96 against 6.10 %): ours",
        note="Of other depths the lengths are asked in proportion, to the nearest whole block; of "
        "fewer blocks the same law leaves less between them: 78 to 90 % of 9 to 27 blocks.",
    ),
    Claim(
        "C19-decay",
        "The gradient along a path shrinks with each block on it, so that most of it comes along "
        "paths shorter than the mean of all",
        Source(VEIT, "effective paths", SECOND_HAND),
        (
            threshold("path_decay", LESIONED, "lower", bound=0.0, general=True),
            threshold("path_length", LESIONED, "lower", bound=50.0, general=True),
        ),
        f"{ORDER_ONLY}; half the blocks are the mean length of all paths",
    ),
)
