"""When each run's learning rate was cut: where a plateau cuts it, arms of one claim may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.elements import Table, element
from reports.words import NONE, ids, row, scope

if TYPE_CHECKING:
    import pandas as pd

    from reports.report import Report


@element
def rate_cuts(report: Report) -> Table:
    """The epochs from which on each run had a lower rate, a row a run."""
    rates = report.history[report.history["key"] == "lr"]
    if rates.empty:
        return Table("No cuts of the rate: no run has logged an epoch yet.")
    rows = [
        row(one["net"], str(one["seed"]), *_told(rates[rates["run_id"] == one["id"]]))
        for one in report.runs.to_dict("records")
    ]
    caption = (
        "Cuts of the learning rate: the epochs that ended with a lower rate than the epoch before, "
        "and the last epoch that is on record. Where the recipe cuts on a plateau of the error, "
        "each run is cut by its own, and arms that are compared may have trained for very "
        f"different times at one rate. Scope: {scope(report)}; {ids(report.runs)}."
    )
    return Table(caption, ("Net", "Seed", "Cut at epoch", "Last epoch"), tuple(rows), "llrr")


def _told(rates: pd.DataFrame) -> tuple[str, str]:
    """The epochs of the cuts and the last epoch, of one run's rates by epoch."""
    rates = rates.sort_values("epoch")
    cut = rates.loc[rates["value"].diff() < 0, "epoch"]
    last = str(int(rates["epoch"].max())) if len(rates) else NONE
    return ", ".join(str(int(epoch)) for epoch in cut) or NONE, last
