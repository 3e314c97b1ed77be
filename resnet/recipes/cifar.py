"""Recipes for CIFAR-10: the papers', the rivals', and short ones for two CPU cores."""

from resnet.recipes.recipe import Recipe

PAPER = Recipe("paper", warmup="until-error", warmup_min_depth=110)

CIFAR = (
    PAPER,
    # He et al. 2016 (arXiv 1603.05027), appendix: 400 warm-up steps for every CIFAR net.
    Recipe("paper2016", warmup="steps", warmup_steps=400),
    # Minutes on two CPU cores, and shows the effect: lr 0.1 does not train 56 layers here.
    Recipe(
        "quick",
        train_images=2_048,
        test_images=2_000,
        batch_size=64,
        steps=192,
        lr=0.02,
        milestones=(144,),
    ),
    # Seconds, to try the whole way out; it shows nothing but that.
    Recipe(
        "smoke",
        train_images=512,
        test_images=256,
        batch_size=64,
        steps=16,
        lr=0.02,
        milestones=(12,),
    ),
    # Between quick and paper: 5,000 images, 12 epochs, five times the work of quick.
    Recipe(
        "small",
        train_images=5_000,
        test_images=2_000,
        batch_size=64,
        steps=938,
        lr=0.02,
        milestones=(469, 704),
    ),
    # Minutes on one modern GPU: the paper's, an eighth as long, feature maps in bfloat16.
    Recipe(
        "eighth",
        steps=8_000,
        milestones=(4_000, 6_000),
        warmup="until-error",
        warmup_min_depth=110,
        precision="bfloat16",
    ),
    # akamaster/pytorch_resnet_cifar10: 200 epochs of 391 batches; at 110 layers and more its
    # chained scheduler leaves the rate at a tenth for good after the first epoch (issue 21).
    Recipe(
        "akamaster",
        steps=78_200,
        milestones=(39_100, 58_650),
        decay_all=True,
        normalisation="imagenet",
        pad_value="black",
        warmup="stays",
        warmup_min_depth=110,
    ),
    # facebookarchive/fb.resnet.torch: 164 epochs of 391 batches; train.lua cuts the rate for
    # epochs 81 and 122, counted from 1: after 80 and 121 of them. Its batch lies on two GPUs, whose
    # BN averages over 64 images each; ours, as under the paper's recipe, over all 128.
    Recipe(
        "fb",
        steps=64_124,
        milestones=(31_280, 47_311),
        nesterov=True,
        decay_all=True,
        normalisation="channel",
        init="fan-out",
    ),
)
