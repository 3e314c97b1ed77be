"""What others got: test errors that reproductions report, with what differs in their protocol."""

from resnet.claims.model import Source, Status
from resnet.claims.printed.figure import Figure, figures, top1_top5

ABC = (20, 32, 44, 56, 110)


def _depths(
    repository: str, where: str, values: tuple[float | None, ...], protocol: str
) -> tuple[Figure, ...]:
    """ResNet-20, 32, 44, 56, 110 in this order; None where there is none."""
    named = zip(ABC, values, strict=True)
    row = {f"resnet{depth}": value for depth, value in named if value is not None}
    return figures(Source(repository, where), row, protocol=protocol)


GCR = "gcr/torch-residual-networks"
SINGLE = "single run, 50k images, 200 epochs, Nesterov"
AKAMASTER = "akamaster/pytorch_resnet_cifar10"
BEARPAW = Source("bearpaw/pytorch-classification", "README")
HYSTS = "hysts/pytorch_image_classification"
FB = "facebookarchive/fb.resnet.torch"
REPORT = "an independent report"
COMPUTED: Status = "COMPUTED"

CIFAR = (
    *_depths(AKAMASTER, "README", (8.27, 7.37, 6.90, 6.61, 6.32), "50k images, 200 epochs"),
    *figures(Source(AKAMASTER, "README"), {"resnet1202": 6.18}, protocol="50k images, 200 epochs"),
    *figures(
        Source(AKAMASTER, "issue 18, six runs", COMPUTED),
        {"resnet56": (7.56, 0.54)},
        protocol="mean of the best epochs of six runs",
    ),
    *figures(
        Source(AKAMASTER, "issue 18, quoting ReZero (2003.04887)"), {"resnet56": (7.37, 0.06)}
    ),
    *_depths(GCR, "README", (8.29, 7.63, 7.14, 6.94, 6.73), SINGLE),
    *figures(
        Source(GCR, "README (variants)"),
        {
            "resnet20": 8.29,
            "resnet20-bn-after-addition": 8.34,
            "ResNet-20 without ReLU after addition": 8.62,
            "ResNet-20 without ReLU, BN after addition": 8.23,
            "resnet110": 6.97,
            "resnet110-bn-after-addition": 13.56,
            "ResNet-110 without ReLU after addition": 6.32,
            "ResNet-110 without ReLU, BN after addition": 12.30,
        },
        protocol=SINGLE,
    ),
    *figures(
        Source(GCR, "README (momentum of BN)"),
        {"ResNet-20, 1": 8.63, "ResNet-20, 0.01": 8.35, "ResNet-20, 0.1": 8.29}
        | {"ResNet-20, dynamic": 8.22},
        protocol=SINGLE,
    ),
    *figures(
        Source(GCR, "README (solvers)"),
        {"ResNet-110, Nesterov": 6.97, "ResNet-110, RMSprop": 7.68, "ResNet-110, Adadelta": 8.88}
        | {"ResNet-110, Adagrad": 11.45},
        protocol=SINGLE,
    ),
    *figures(Source(FB, "issue 177"), {"resnet110": 6.04}, protocol="164 epochs, warm-up; 1st run"),
    *figures(Source(FB, "issue 177"), {"resnet110": 5.89}, protocol="164 epochs, warm-up; 2nd run"),
    *_depths("apark263/cfmz", "README", (8.29, 7.26, None, 6.31, 6.00), "180 epochs, an extra BN"),
    *_depths(
        "Lasagne/Recipes", "README", (None, 7.42, None, 6.75, None), "test set used to select"
    ),
    *_depths("longrootchen", "README", (8.24, 7.38, 7.07, 7.01, 6.63), "one of ten folds held out"),
    *figures(
        BEARPAW,
        {"resnet164": 6.11, "preact-resnet164": 4.94},
        protocol="164 epochs; the rows named 110 there are 164-layer bottleneck nets",
    ),
    *figures(BEARPAW, {"wrn-28-10-dropout0.3": 3.79}),
    *figures(
        BEARPAW,
        {"resnext29-8x64d": 3.69, "resnext29-16x64d": 3.53},
        protocol="cuts at epochs 150 and 225",
    ),
    *figures(
        Source(HYSTS, "README"),
        {
            "resnet110": 6.52,
            "preact-resnet110": 6.47,
            "preact-resnet164": 5.90,
            "wrn-28-10": 4.03,
            "vgg15-bn": 7.29,
        },
        protocol="median of three, last epoch",
    ),
    *figures(
        Source("tensorpack", "examples"),
        {"preact-resnet110": 5.9},
        protocol="64k iterations; given as about 5.9",
    ),
    *figures(
        Source("apache/mxnet", "pull request 2046"),
        {"resnet56": 6.91},
        protocol="best of the last three epochs",
    ),
    *figures(
        Source(REPORT, "one run"),
        {"plain20": 8.84, "plain56": 12.77, "resnet20": 8.74, "resnet56": 6.57},
        protocol="200 epochs, last epoch",
    ),
    *figures(Source(REPORT, "seed 1"), {"plain20": 9.57, "resnet20": 8.51}, protocol="64k updates"),
    *figures(Source("IntelLabs/distiller", "baseline"), {"plain20": 9.82}),
)

IMAGENET = (
    *top1_top5(
        Source("torchvision", "weights IMAGENET1K_V1"),
        {
            "resnet18": (30.242, 10.922),
            "resnet34": (26.686, 8.580),
            "resnet50": (23.870, 7.138),
            "resnet101": (22.626, 6.454),
            "resnet152": (21.688, 5.954),
        },
        protocol="1-crop 224",
    ),
    *figures(
        Source("torchvision", "weights IMAGENET1K_V1"),
        {"resnext50-32x4d": 22.382, "wide-resnet50-2": 21.532},
        "imagenet",
        protocol="1-crop 224",
    ),
    *top1_top5(
        Source(FB, "pretrained/README"),
        {
            "resnet18": (30.43, 10.76),
            "resnet34": (26.73, 8.74),
            "resnet50-bn-after-addition": (24.01, 7.02),  # as that file says of it
            "resnet101": (22.44, 6.21),
            "resnet152": (22.16, 6.16),
            "preact-resnet200": (21.66, 5.79),
        },
        protocol="1-crop 224, scale + aspect",
    ),
    *top1_top5(
        Source(FB, "pretrained/README"),
        {
            "resnet18": (28.22, 9.42),
            "resnet34": (24.76, 7.35),
            "resnet50-bn-after-addition": (22.24, 6.08),
            "resnet101": (21.08, 5.35),
            "resnet152": (20.69, 5.21),
            "preact-resnet200": (20.15, 4.93),
        },
        protocol="10-crop, scale + aspect",
    ),
    *figures(
        Source("torch.ch blog", "stride in the 3×3 or the 1×1"),
        {"resnet50": 24.2, "resnet50-v1": 24.5},
        "imagenet",
        protocol="1-crop 224, scale + aspect",
    ),
    *figures(
        Source("torch.ch blog", "BN after addition"),
        {"resnet34-bn-after-addition": 27.0, "resnet34": 26.9},
        "imagenet",
        protocol="1-crop 224, scale + aspect",
    ),
    *figures(
        Source("tensorpack", "examples (recipe of Goyal et al. 2017)"),
        {"resnet18": 29.66, "resnet34": 26.17, "resnet50": 23.61, "resnet101": 21.95}
        | {"resnet152": 21.51},
        "imagenet",
        protocol="1-crop 224",
    ),
)

FIGURES = (*CIFAR, *IMAGENET)
