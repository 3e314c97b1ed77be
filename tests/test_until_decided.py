"""--until-decided buys seeds in waves and stops; its verdicts allow for the looks."""

import json
import re
import subprocess
import sys
from pathlib import Path

from reports import attach
from tests.test_degradation import QUICK, rows, run


def test_seeds_come_in_waves_up_to_the_budget(tmp_path: Path) -> None:
    arguments = (*QUICK, "--recipe", "smoke", "--nets", "plain8,plain14", "--until-decided", "3")
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    seeds = {int(row["seed"]) for row in rows(tmp_path)}
    assert seeds == {0, 1, 2}
    assert re.search(r"looked at after 3 seeds", done.stdout)
    pdf = tmp_path / "reports" / "pdf" / "degradation.pdf"
    assert json.loads(attach.contents(pdf)[attach.MANIFEST])["waves"] == [3]
    verified = subprocess.run(
        [sys.executable, "-m", "reports", "verify", str(pdf)],
        cwd=tmp_path,  # where a folder reports/ lies, which is not the package
        capture_output=True,
        text=True,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_seeds_and_until_decided_exclude_each_other(tmp_path: Path) -> None:
    done = run("--until-decided", "5", "--seeds", "3", cwd=tmp_path)
    assert done.returncode == 2
    assert "leave --seeds out" in done.stderr
