"""Where a run came from: commit, uncommitted changes, versions, hardware."""

import json
import os
import platform
import socket
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "numpy", "wandb", "submitit")
CODE = "code.json"  # beside a copy of the code: the commit and diff that it was made from
SOURCES = ("resnet", "sweeps")  # the packages that a run's numbers depend on
LONGEST_DIFF = 200_000  # characters; a longer one is cut and says so


def gather(device: str) -> dict[str, Any]:
    """All that is known of the code, the libraries and the machine, as plain JSON values."""
    return {**code(), "versions": versions(), "hardware": hardware(device)}


@cache
def code() -> dict[str, Any]:
    """The commit that runs and what differs from it; None where there is no git."""
    root = Path(__file__).resolve().parents[2]
    if (root / CODE).exists():
        return json.loads((root / CODE).read_text())
    diff = (_git(root, "diff", "HEAD") or "") + _untracked(root)
    if len(diff) > LONGEST_DIFF:
        diff = diff[:LONGEST_DIFF] + "\n[cut]\n"
    return {"commit": (_git(root, "rev-parse", "HEAD") or "").strip() or None, "diff": diff}


def _untracked(root: Path) -> str:
    """The source files that git has not been told of, whole: `git diff` is silent on them."""
    names = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", *SOURCES) or ""
    paths = (root / name for name in names.split("\0") if name.endswith(".py"))
    return "".join(
        f"+++ {path.relative_to(root)} (untracked)\n{path.read_text(errors='replace')}\n"
        for path in paths
        if path.is_file()
    )


def joined(before: dict[str, Any], now: dict[str, Any], attempt: dict[str, Any]) -> dict[str, Any]:
    """The provenance of a run of which a further `attempt` begins, on `now` (`gather`).

    What earlier attempts had otherwise (the commit, the machine) stands beside the last of them;
    where one says nothing, it had what the next one that does had.
    """
    apart = {name: before[name] for name in now if name in before and before[name] != now[name]}
    earlier = list(before.get("attempts", []))
    if earlier:
        earlier[-1] = {**apart, **earlier[-1]}
    return {**now, "attempts": [*earlier, attempt]}


def versions() -> dict[str, str]:
    """Python's version and those of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware(device: str) -> dict[str, Any]:
    """The host, its processor, and the device that trains."""
    import torch

    name = torch.cuda.get_device_name() if device == "cuda" else processor()
    return {
        "host": socket.gethostname(),
        "device": device,
        "name": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


@cache
def processor() -> str:
    """The processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
