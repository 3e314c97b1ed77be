"""`--launcher slurm`: send, wait, and give the runs back to the script for its verdicts."""

from __future__ import annotations

from resnet.planning.options import Options
from resnet.planning.plan import Plan
from sweeps import sending
from sweeps.driver import Driver, trouble
from sweeps.sending import Draft
from sweeps.show import Board, largest_array, plan_lines
from sweeps.states import RunState
from sweeps.submit import Order


def foretell(plan: Plan, options: Options) -> None:
    """Print what `launch` would send."""
    from resnet.console import say

    order = sending.order(plan, options, sending.cluster_of(options))
    for line in plan_lines(sending.draft(plan.runs, order), largest_array()):
        say(f"  {line}")


def launch(plan: Plan, options: Options) -> list[str]:
    """Train the plan's runs on the cluster; returns a line for each that did not end well."""
    from resnet.console import say

    order = sending.order(plan, options, sending.cluster_of(options))
    draft, sent = sending.submit(plan.runs, order)
    for line in plan_lines(draft, largest_array()):
        say(f"  {line}")
    if sent:
        say(f"  sent      as jobs {jobs_text(sent.jobs)}; {sent.folder}\n")
    else:
        say("  sent      nothing: all that is missing is under way already\n")
    return trouble(wait(draft, order, options.output_dir))


def wait(draft: Draft, order: Order, root: object) -> list[RunState]:
    """Wait for the runs of a draft, with a table; on Ctrl-C the jobs go on without us."""
    from resnet.console import say

    try:
        with Board() as board:
            return Driver(order, draft.specs, board, say).wait()
    except KeyboardInterrupt:
        say(
            f"\nthe jobs go on; look with: python -m sweeps status {order.experiment} "
            f"--output-dir {root}"
        )
        raise


def jobs_text(jobs: tuple[str, ...]) -> str:
    """'35' for an array, '35, 36' for two."""
    return ", ".join(dict.fromkeys(job.split("_")[0] for job in jobs if job))
