"""Test errors of a net trained on photographs under the papers' other protocols, as measures."""

from __future__ import annotations

from typing import cast

from resnet.analysis.measure import Measured, Trained
from resnet.data.imagenet.pipeline import PhotoPipeline
from resnet.data.imagenet.protocols import PROTOCOLS, errors
from resnet.data.imagenet.sets import Photographs

TAGS = {"10": "10_crops", "scales": "scales"}
"""What the columns of each protocol end in; those of one crop end in nothing."""


def ten_crops(trained: Trained) -> Measured:
    """Top-1 and top-5 test error over ten crops (He et al. 2015, Tables 2 and 3), in percent."""
    return _under(trained, "10")


def many_scales(trained: Trained) -> Measured:
    """The same, fully convolutional at five scales (He et al. 2015, Table 4)."""
    return _under(trained, "scales")


def _under(trained: Trained, protocol: str) -> Measured:
    pipeline, test = cast(PhotoPipeline, trained.pipeline), cast(Photographs, trained.data.test)
    found = errors(PROTOCOLS[protocol](trained.net(), pipeline, test))
    tag, images = TAGS[protocol], found["images"]
    left_out = images < len(test)  # as corrupt
    return Measured(
        {f"test_error_{tag}": found["error"], f"test_error_top5_{tag}": found["error_top5"]},
        ((trained.spec.recipe.steps, f"test_images_{tag}", images),) if left_out else (),
    )
