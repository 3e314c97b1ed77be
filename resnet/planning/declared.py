"""What an experiment's file may get wrong, found before anything trains."""

from __future__ import annotations

from resnet.claims import arms, metrics, registry
from resnet.claims.model import Claim
from resnet.errors import UserError, unknown
from resnet.experiment import FOLDER, Experiment

NOTEBOOKS = FOLDER.parent / "reports"


def check(experiment: Experiment, report: bool = True) -> None:
    """Look through what `experiment` declares; with `report`, for its notebook too.

    Raises:
        UserError: for the first mistake, with its mend.
    """
    for name, kind in (("nets", str), ("quick_nets", str), ("claims", Claim), ("measures", str)):
        each = getattr(experiment, name)
        if not isinstance(each, tuple):
            raise UserError(f"{name} of {experiment.name} must be a tuple: (one,) has a comma")
        if wrong := [one for one in each if not isinstance(one, kind)]:
            by_id = "; registry.some takes ids" if kind is Claim else ""
            raise UserError(
                f"{name} of {experiment.name}: {wrong[0]!r} is to be a {kind.__name__}{by_id}"
            )
    for arm in experiment.every_net:
        _check_arm(arm, experiment.name)
    for claim in experiment.claims:
        _check_claim(claim)
    notebook = NOTEBOOKS / f"{experiment.name}.ipynb"
    if report and not notebook.is_file():
        raise UserError(
            f"no notebook reports/{notebook.name}: copy reports/degradation.ipynb to it and set "
            f'experiment = "{experiment.name}" there; or train with --no-report'
        )


def _check_claim(claim: Claim) -> None:
    if not isinstance(claim.parts, tuple):
        raise UserError(f"the parts of claim {claim.id} must be a tuple: (one,) has a comma")
    if registry.claims().get(claim.id, claim) != claim:
        raise UserError(f"claim {claim.id}: the id is taken, by another claim of the registry")
    for metric in claim.metrics:
        if metric not in metrics.METRICS:
            raise unknown(f"metric of claim {claim.id}", metric, metrics.METRICS)
    for arm in claim.arms:
        _check_arm(arm, f"claim {claim.id}")


def _check_arm(arm: str, whose: str) -> None:
    """UserError for an arm that names no net, or names it otherwise than its runs will."""
    if (name := arms.check(arm)) != arm:
        raise UserError(f"{whose}: call the arm {arm} by its usual name, {name}")
