"""How well a net fits its training images as they are, from the weights it starts with to its last.

The training error on record is that of the augmented images while the weights change. A net that
starts from another one is to be compared with that one as it stands: in evaluation mode.
"""

from __future__ import annotations

from torch import nn

from resnet.analysis.measure import Measured, Trained
from resnet.training.start import parent, trained_net
from resnet.training.step import evaluate

BATCH = 500


def fit(trained: Trained) -> Measured:
    """The error on the training images at step 0 and at each step that weights were kept of.

    Value: start_gap, that error at step 0 less the one that the run it starts from ends with;
    none for a run from scratch, or one with another classifier.

    Rows: fit_error, in percent, by step.
    """
    steps = (0, *trained.spec.recipe.kept)
    errors = {step: _error(trained, trained.net(step)) for step in steps}
    rows = tuple((step, "fit_error", error) for step, error in errors.items())
    return Measured(_gap(trained, errors[0]), rows)


def _gap(trained: Trained, first: float) -> dict[str, float]:
    if trained.spec.start is None:
        return {}
    before = parent(trained.spec, trained.folder.path.parent)
    if before.spec.dataset_digest != trained.spec.dataset_digest:
        return {}
    net = trained_net(before).to(trained.device).eval()
    return {"start_gap": first - _error(trained, net)}


def _error(trained: Trained, net: nn.Module) -> float:
    return evaluate(net, trained.pipeline.test(trained.data.train, BATCH))["error"]
