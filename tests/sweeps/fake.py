"""A scheduler of a few shell lines: it queues what it is sent and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

SCRIPTS = {
    "sbatch": """
        if [ -e $F/full ]; then
            echo 'sbatch: error: Batch job submission failed: QOSMaxSubmitJobLimit' >&2; exit 1
        fi
        id=$(($(cat $F/last 2>/dev/null || echo 0) + 1)); echo $id > $F/last
        for file; do :; done
        cp "$file" $F/script-$id
        if grep -q -- '--qos=bad' "$file"; then
            echo 'sbatch: error: Batch job submission failed: Invalid qos specification' >&2; exit 1
        fi
        name=$(sed -n "s/^#SBATCH --job-name=//p" "$file" | tr -d "'")
        last=$(sed -n "s/^#SBATCH --array='\\{0,1\\}0-\\([0-9]*\\).*/\\1/p" "$file")
        if [ -z "$last" ]; then echo "$id|PENDING||(Priority)|$name" >> $F/queue
        else for i in $(seq 0 $last); do
            echo "${id}_$i|PENDING||(Priority)|$name" >> $F/queue; done; fi
        echo "Submitted batch job $id"
    """,
    "squeue": "echo x >> $F/asked; cat $F/queue 2>/dev/null || true",
    "sacct": "cat $F/ended 2>/dev/null || true",
    "scancel": """
        for id; do grep -v "^$id|" $F/queue > $F/rest || true; mv $F/rest $F/queue
        echo "$id|CANCELLED by 0|n1" >> $F/ended; done
    """,
    "scontrol": "echo 'MaxArraySize            = '$(cat $F/largest 2>/dev/null || echo 1001)",
    "sinfo": "echo debug; echo gpu; case \" $* \" in *' -a '*) echo hidden;; esac",
    "srun": "exit 1",
}


class Scheduler:
    """The fake's files; jobs are moved by hand."""

    def __init__(self, folder: Path, setenv: Callable[[str, str], None], path: str) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        for name, text in SCRIPTS.items():
            script = folder / "bin" / name
            script.write_text(f"#!/bin/bash\nset -e\nF={folder}\n{text}\n")
            script.chmod(0o755)
        setenv("PATH", f"{folder / 'bin'}:{path}")

    @property
    def jobs(self) -> list[str]:
        """The ids in the queue."""
        return [line.split("|")[0] for line in self._lines("queue")]

    @property
    def asked(self) -> int:
        """How often the queue was asked for."""
        return len(self._lines("asked"))

    def script(self, job: int) -> str:
        """What sbatch was given."""
        return (self.folder / f"script-{job}").read_text()

    def arrays(self) -> list[int]:
        """How many elements each submission had, in order."""
        found = []
        for number in range(1, int((self.folder / "last").read_text()) + 1):
            match = re.search(r"--array='?0-(\d+)", self.script(number))
            found.append(int(match.group(1)) + 1 if match else 1)
        return found

    def start(self, job: str, node: str = "n1") -> None:
        """The job gets a node."""
        lines = self._lines("queue")
        names = [line.rsplit("|", 1)[1] for line in lines]
        changed = [
            f"{job}|RUNNING|{node}||{name}" if line.startswith(f"{job}|") else line
            for line, name in zip(lines, names, strict=True)
        ]
        (self.folder / "queue").write_text("".join(line + "\n" for line in changed))

    def end(self, job: str, state: str, node: str = "n1") -> None:
        """The job leaves the queue."""
        rest = [line for line in self._lines("queue") if not line.startswith(f"{job}|")]
        (self.folder / "queue").write_text("".join(line + "\n" for line in rest))
        with open(self.folder / "ended", "a") as file:
            file.write(f"{job}|{state}|{node}\n")

    def forget(self) -> None:
        """A cluster without accounting."""
        (self.folder / "bin" / "sacct").write_text("#!/bin/bash\necho disabled >&2; exit 1\n")

    def limit(self, size: int) -> None:
        """The largest array."""
        (self.folder / "largest").write_text(str(size))

    def refuse(self, full: bool) -> None:
        """Take no more jobs, or take them again."""
        (self.folder / "full").touch() if full else (self.folder / "full").unlink()

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []
