"""Recipes beside the papers' that say why published numbers for one net differ."""

from dataclasses import replace

from resnet.recipes.cifar import PAPER

VARIANTS = (
    # The paper's with what GPUs since 2020 multiply in: factors rounded to TF32, or all feature
    # maps in bfloat16. Weights, momenta, BN statistics and the loss stay float32.
    replace(PAPER, name="paper-tf32", precision="tf32"),
    replace(PAPER, name="paper-bf16", precision="bfloat16"),
    # He et al. 2015, footnote 5: without warm-up ResNet-110 takes some epochs to start.
    replace(PAPER, name="no-warmup", warmup="none"),
    # The paper's, but for a warm-up whose scheduler never returns to the full rate, at any depth:
    # what a chained scheduler makes of akamaster's lines since PyTorch 1.4 (issue 21).
    replace(PAPER, name="chained", warmup="stays", warmup_min_depth=0),
    # gcr/torch-residual-networks: 200 epochs of 391 batches, cut at 80 and 120 (its code; its
    # README says 160), 110 layers warmed up at 0.001 for 400 steps. Left out: it divides by one
    # standard deviation, which the first BN undoes, and draws images with replacement.
    replace(
        PAPER,
        name="gcr",
        steps=78_200,
        milestones=(31_280, 46_920),
        nesterov=True,
        decay_all=True,
        warmup="steps",
        warmup_lr=0.001,
        warmup_steps=400,
        warmup_min_depth=110,
    ),
    # Li et al. 2018, cifar10/main.py: 300 epochs of 391 batches, five times the weight decay.
    replace(
        PAPER,
        name="li",
        steps=117_300,
        milestones=(58_650, 87_975, 107_525),
        weight_decay=5e-4,
        nesterov=True,
        decay_all=True,
        normalisation="channel",
        pad_value="black",
        warmup="none",
        warmup_min_depth=0,
    ),
    # What has become usual since, on top of the paper's: five epochs of warm-up and a cosine
    # (Loshchilov & Hutter 2017), label smoothing (Szegedy et al. 2016), Cutout (DeVries & Taylor
    # 2017), MixUp (Zhang et al. 2018) or CutMix (Yun et al. 2019), a batch one or the other.
    replace(
        PAPER,
        name="modern",
        schedule="cosine",
        milestones=(),
        warmup="linear",
        warmup_steps=1_955,
        warmup_min_depth=0,
        label_smoothing=0.1,
        cutout=16,
        mix="mixup or cutmix",
    ),
)
