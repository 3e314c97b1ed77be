"""What SLURM knows: jobs in the queue, how others ended, its limits. One call for all jobs."""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from resnet.errors import UserError

LONGEST = 30  # seconds that SLURM may take to answer
WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED")


class NoAnswer(UserError):
    """SLURM does not answer now; it may later."""


@dataclass(frozen=True)
class Job:
    """A job, or an array's element, in the queue."""

    state: str
    node: str
    reason: str
    name: str

    @property
    def waits(self) -> bool:
        """Whether it has no node yet, or no longer."""
        return self.state in WAITING


def queue() -> dict[str, Job]:
    """The user's jobs in the queue by id, as '35_0' for an element of an array."""
    if shutil.which("squeue") is None:
        raise NoAnswer("no SLURM here (squeue not found): look from where the runs were sent")
    text = _ask("squeue", "-h", "-r", "-u", getpass.getuser(), "-o", "%i|%T|%N|%r|%j")
    rows = (line.split("|", 4) for line in text.splitlines() if line.count("|") >= 4)
    return {row[0].strip(): Job(row[1], row[2], row[3], row[4]) for row in rows}


def ended(jobs: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(state, node) of jobs that left the queue, as far as accounting tells; {} without sacct."""
    ids = sorted({job.split("_")[0] for job in jobs})
    if not ids or shutil.which("sacct") is None:
        return {}
    try:
        text = _ask("sacct", "-n", "-P", "-X", "-j", ",".join(ids), "-o", "JobID,State,NodeList")
    except NoAnswer:
        return {}  # installed, but there is no accounting
    rows = (line.split("|") for line in text.splitlines() if line.count("|") == 2)
    return {
        job: (state.split()[0], node.replace("None assigned", ""))
        for name, state, node in rows
        if state and state not in (*WAITING, "RUNNING")  # it lags behind the queue
        for job in _each(name)
    }


def _each(job: str) -> list[str]:
    """The ids in one of accounting's: '7_[0,2-3%2]' are elements that never started."""
    array, bracket, rest = job.partition("_[")
    if not bracket:
        return [job]
    found = re.findall(r"(\d+)(?:-(\d+)(?::(\d+))?)?", rest.partition("%")[0])
    ranges = (range(int(a), int(b or a) + 1, int(step or 1)) for a, b, step in found)
    return [f"{array}_{number}" for numbers in ranges for number in numbers]


def cancel(jobs: Iterable[str]) -> None:
    """Take jobs out of the queue."""
    if chosen := sorted(jobs):
        _ask("scancel", *chosen)


def max_array_size() -> int:
    """The most elements of one array; SLURM's own default where it does not tell."""
    try:
        found = re.search(r"^MaxArraySize\s*=\s*(\d+)", _ask("scontrol", "show", "config"), re.M)
    except NoAnswer:
        found = None
    return max(1, int(found.group(1))) if found else 1001


def check_partition(name: str) -> None:
    """UserError with the valid ones when there is no such partition; `name` may list several."""
    from resnet.errors import unknown

    partitions = set(_ask("sinfo", "-a", "-h", "-o", "%R").split())  # -a: the hidden ones too
    for word in name.split(",") if name and partitions else ():
        if word not in partitions:
            raise unknown("partition", word, partitions)


def check_here() -> None:
    """UserError when this machine cannot send jobs."""
    missing = [tool for tool in ("sbatch", "srun", "squeue") if shutil.which(tool) is None]
    if missing:
        raise UserError(
            f"no SLURM here ({', '.join(missing)} not found): run this on the cluster's login "
            "node, or use --launcher local"
        )


def _ask(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"SLURM does not answer: {command[0]} took over {LONGEST} s") from None
    except OSError as error:
        raise NoAnswer(f"SLURM does not answer: {command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise NoAnswer(f"SLURM does not answer: {lines[0]}")
    return done.stdout
