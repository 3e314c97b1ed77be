"""Recipes for ImageNet: the papers', two rivals', and a short one for two CPU cores."""

from dataclasses import replace

from resnet.recipes.recipe import Recipe

IMAGES, TEST = 1_281_167, 50_000
EPOCHS_30, EPOCHS_60, EPOCHS_90 = (-(-epochs * IMAGES // 256) for epochs in (30, 60, 90))

# He et al. 2015, section 3.4: 60e4 iterations, "divided by 10 when the error plateaus". When it
# does is not said. Ours: five epochs without 0.1 points off the error of the held-out images (of
# the training images where none are held out; never of the test set), three times at most. At test
# BN has its moving averages, where the authors' README has exact ones, taken over training images
# when training is over.
IMAGENET2015 = Recipe(
    "imagenet2015",
    train_images=IMAGES,
    test_images=TEST,
    batch_size=256,
    steps=600_000,
    milestones=(),
    pad=0,
    crop="scale",
    size=224,
    sides=(256, 480),
    test_side=256,
    colour="lighting",
    plateau=5,
    bn_group=32,  # 256 images on 8 GPUs, as in the authors' README
)

# He et al. 2016, appendix: images as in 2015, the rate cut at 30 and 60 epochs.
IMAGENET2016 = replace(
    IMAGENET2015,
    name="imagenet2016",
    steps=EPOCHS_90,
    milestones=(EPOCHS_30, EPOCHS_60),
    plateau=0,
)

# facebookarchive/fb.resnet.torch; its crops are resized bicubically, ours bilinearly.
FB = replace(
    IMAGENET2016,
    name="fb-imagenet",
    nesterov=True,
    decay_all=True,
    normalisation="imagenet",
    init="fan-out",
    crop="scale and aspect",
    sides=(),
    colour="jitter and lighting",
    bn_group=64,  # 256 images on 4 GPUs, as its TRAINING.md has 18 to 50 layers
)

IMAGENET = (
    IMAGENET2015,
    IMAGENET2016,
    FB,
    # torchvision's references/classification, as its first ("V1") weights were trained: on 8 GPUs.
    replace(FB, name="torchvision-imagenet", nesterov=False, colour="none", bn_group=32),
    # Minutes on two CPU cores: ten classes at 64 pixels, all else of 2015 in proportion.
    Recipe(
        "quick-imagenet",
        train_images=1_600,
        test_images=200,
        batch_size=32,
        steps=120,
        lr=0.02,
        milestones=(90,),
        pad=0,
        crop="scale",
        size=64,
        sides=(73, 137),
        test_side=73,
        colour="lighting",
        classes=10,
        images_per_class=160,
    ),
)
