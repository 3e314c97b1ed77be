"""Recipes for a trained backbone under a new head: the paper's, but for what the backbone does.

No paper of ours prints these; they are the two usual ways (features as they are, or fine-tuned
slowly), at the paper's length.
"""

from dataclasses import replace

from resnet.recipes.cifar import PAPER

TRANSFER = (
    # The features as they are, batch statistics included: the classifier alone is trained.
    replace(PAPER, name="frozen", backbone_lr=0.0),
    # A quarter of the steps for the classifier alone, so that its first gradients, which know
    # nothing yet, leave the features alone; then the backbone at a tenth of the classifier's rate.
    replace(PAPER, name="two-rates", backbone_lr=0.1, frozen_steps=16_000),
)
