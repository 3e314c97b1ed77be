"""The main job as a user meets it: real processes, real signals, real files."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resnet.runs.files import read_json
from resnet.runs.folder import read_spec
from tests import train_again

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = (
    "id,experiment,net,dataset,dataset_digest,recipe,seed,status,"
    "train_error,test_error,weights_sha256,seconds"
)
QUICK = ("--dataset", "synthetic", "--preset", "quick", "--wandb", "disabled")
SMOKE = (*QUICK, "--recipe", "smoke", "--nets", "plain8,plain14,resnet8,resnet14")
SLOW = (*QUICK, "--recipe", "smoke", "--nets", "plain32", "--no-report")


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "experiments" / "degradation.py"), *arguments]


def run(*arguments: str, cwd: Path, timeout: float = 400) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=cwd, capture_output=True, text=True, timeout=timeout
    )


def rows(cwd: Path) -> list[dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "resnet", "runs", "runs", "--csv"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[0] == COLUMNS
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from experiments.degradation import EXPERIMENT\n"
        "from resnet.planning.options import parser; parser(EXPERIMENT).format_help()\n"
        "heavy = {'torch', 'numpy', 'pandas', 'pytorch_lightning', 'matplotlib', 'wandb'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["--nets", "resent20"], "resnet20"),
        (["--nets", "plain21"], "plain20, plain26"),
        (["--nets", ","], "names no net"),
        (["--sedes", "3"], "--seeds"),
        (["--lr", "0.1"], "--recipe NAME"),
        (["--epochs=3"], "NET@NAME"),
        (["--seeds", "-1"], "1 or more"),
        (["--seeds", "two"], "3-5 or 0,4"),
        (["--preset", "fast"], "quick"),
        (["--recipe", "papre"], "paper"),
        (["--dataset", "cifar11"], "cifar10"),
        (["--workers", "0"], "1 or more"),
        (["--minutes", "0"], "more than 0"),
        (["--minutes", "5", "--launcher", "slurm"], "--timeout-min"),
        (["--data-dir", "nowhere"], "nowhere"),
        (["--validation-images", "9999", "--dataset", "synthetic", "--preset", "quick"], "9999"),
    ],
)
def test_a_mistake_gets_one_line_that_names_the_mend(
    tmp_path: Path, arguments: list[str], names: str
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert names in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_output_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    done = run(*QUICK, cwd=tmp_path)
    assert done.returncode == 2
    assert "is a file" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the whole of a small degradation run has happened, and what was said."""
    cwd = tmp_path_factory.mktemp("finished")
    done = run(*SMOKE, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd, done.stdout


def test_one_command_ends_with_verdicts_and_a_pdf(finished: tuple[Path, str]) -> None:
    cwd, said = finished
    assert "SYNTHETIC" in said
    assert re.search(r"4 to train", said)
    for net in ("plain8", "plain14", "resnet8", "resnet14"):
        assert re.search(rf"{net}\s+1\s+\d+\.\d+", said), net
    assert re.search(r"(observed|not observed)\s+[+-−]?\d", said)
    assert (cwd / "reports" / "pdf" / "degradation.pdf").read_bytes().startswith(b"%PDF")
    assert {row["status"] for row in rows(cwd)} == {"done"}


def test_the_second_call_trains_nothing_and_makes_the_same_pdf(
    finished: tuple[Path, str],
) -> None:
    cwd, _ = finished
    before, pdf = rows(cwd), (cwd / "reports" / "pdf" / "degradation.pdf").read_bytes()
    again = run(*SMOKE, cwd=cwd)
    assert again.returncode == 0, again.stderr
    assert "4 done, 0 to train" in again.stdout
    assert rows(cwd) == before
    assert (cwd / "reports" / "pdf" / "degradation.pdf").read_bytes() == pdf
    assert not list(cwd.glob("runs/*/metrics-2.jsonl"))


def test_a_mistake_found_late_leaves_no_folder(tmp_path: Path) -> None:
    done = run("--preset", "paper", "--data-dir", str(tmp_path / "nowhere"), cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_trains_nothing(tmp_path: Path) -> None:
    done = run(*QUICK, "--nets", "plain8", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "0 done, 1 to train" in done.stdout
    assert "time      about" in done.stdout
    assert not list(tmp_path.glob("runs/*/*"))


def started(cwd: Path) -> subprocess.Popen[str]:
    """A process whose worker has trained for at least an epoch."""
    process = subprocess.Popen(
        command(*SLOW),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell's background job ignores Ctrl-C, and its children would as well.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "epoch 1/2" in line:
            return process
    raise AssertionError(process.communicate()[1])


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip() == "stopped; the same command goes on from here"
    (row,) = rows(tmp_path)
    assert row["status"] == "partial"
    assert list(tmp_path.glob("runs/*/resume.ckpt"))
    assert not list(tmp_path.glob("runs/*/.*"))  # no file half-written
    done = run(*SLOW, cwd=tmp_path)
    assert "goes on" in done.stdout
    assert rows(tmp_path)[0]["status"] == "done"


def test_minutes_that_are_over_save_and_say_how_to_go_on(tmp_path: Path) -> None:
    one = (*SLOW, "--workers", "1")
    cut = run(*one, "--seeds", "60", "--minutes", "0.4", cwd=tmp_path)
    assert cut.returncode == 0, cut.stderr
    assert re.search(r"\d+ of 60 runs are not done: the time is up", cut.stdout)
    assert "Verdicts" in cut.stdout
    begun = [row for row in rows(tmp_path) if row["status"] in ("done", "partial")]
    assert begun
    last = max(begun, key=lambda row: int(row["seed"]))
    seeds = int(last["seed"]) + 1
    whole = run(*one, "--seeds", str(seeds), cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert "the time is up" not in whole.stdout
    ends = {r["id"]: r["weights_sha256"] for r in rows(tmp_path) if r["status"] == "done"}
    assert len(ends) == seeds
    assert ends[last["id"]] == undisturbed(tmp_path / "runs" / last["id"], tmp_path / "here")


def undisturbed(folder: Path, root: Path) -> str:
    """The digest of the weights of the same run, trained in one go in a process of its own."""
    threads = read_json(folder / "provenance.json")["hardware"]["threads"]
    return train_again.started(read_spec(folder)[0], root, threads).communicate()[0].strip()


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    process = started(tmp_path)
    workers = children(process.pid)
    assert workers
    process.kill()
    process.communicate(timeout=30)
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in workers)


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.shared_data
def test_quick_shows_degradation_on_real_images(tmp_path: Path) -> None:
    """Its runs are taken from RESNET_RUNS, where they are trained already; CI names some there."""
    if there := os.environ.get("RESNET_RUNS"):
        (tmp_path / "runs").symlink_to(there)
    data = os.environ["RESNET_DATA"]
    done = run("--preset", "quick", "--data-dir", data, cwd=tmp_path, timeout=1500)
    assert done.returncode == 0, done.stderr
    assert "JPEG copy (lossy)" in done.stdout
    error = {row["net"]: float(row["train_error"]) for row in rows(tmp_path)}
    assert error["plain56"] > error["plain20"] + 5
    assert error["plain56"] - error["plain20"] > error["resnet56"] - error["resnet20"]
    assert error["plain56"] > error["resnet56"]


def test_two_spellings_of_one_net_are_one_arm(tmp_path: Path) -> None:
    done = run(*QUICK, "--nets", "resnet8-A,resnet8", "--dry-run", cwd=tmp_path)
    assert "1: 1 net × 1 seed;" in done.stdout


def test_processes_that_cannot_share_a_batch_are_told_by_the_plan(tmp_path: Path) -> None:
    done = run(*QUICK, "--nets", "plain8", "--processes-per-run", "3", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "3 processes cannot share a batch of 64 images" in done.stderr
    assert done.stderr.count("\n") == 1
