"""The service that lets processes share a GPU, with a stand-in for NVIDIA's control program."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments import here
from resnet.planning.options import Options
from sweeps import mps
from sweeps.job import Job
from sweeps.mps import CONTROL, LOG, PIPE, SWITCH, shared_gpu
from sweeps.pool import Pool
from sweeps.source import Source
from tests.sweeps.conftest import make_spec

ROOT = Path(__file__).resolve().parents[2]

STAND_IN = """#!/bin/sh
told=$MPS_TOLD
if [ "$1" = -d ]; then
  echo "daemon in $CUDA_MPS_PIPE_DIRECTORY sees ${CUDA_VISIBLE_DEVICES-all}" >> "$told"
  exit $MPS_FAILS
fi
while read -r line; do
  echo "$line" >> "$told"
  if [ "$line" = get_server_list ] && [ "$MPS_SERVER" ]; then echo "$MPS_SERVER"; fi
done
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    control = tmp_path / "bin" / CONTROL
    control.parent.mkdir()
    control.write_text(STAND_IN)
    control.chmod(0o755)
    monkeypatch.setenv("PATH", f"{control.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("MPS_TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("MPS_FAILS", "0")
    monkeypatch.setenv("MPS_SERVER", "4711")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.delenv(PIPE, raising=False)
    monkeypatch.delenv(SWITCH, raising=False)
    return tmp_path / "told"


@pytest.fixture(autouse=True)
def nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mps, "USUAL", tmp_path / "usual" / "control")


def test_it_runs_while_it_is_needed_and_sees_every_gpu(told: Path) -> None:
    with shared_gpu() as shared:
        assert shared
        folder = os.environ[PIPE]
        assert os.environ[LOG] == folder
        assert Path(folder).is_dir()
    lines = told.read_text().splitlines()
    assert lines[0] == f"daemon in {folder} sees all"
    assert lines[1:] == [f"start_server -uid {os.getuid()}", "get_server_list", "quit"]
    assert PIPE not in os.environ
    assert LOG not in os.environ
    assert not Path(folder).exists()


def test_it_ends_with_an_error_too(told: Path) -> None:
    with pytest.raises(RuntimeError), shared_gpu():
        raise RuntimeError
    assert told.read_text().splitlines()[-1] == "quit"
    assert PIPE not in os.environ


def test_a_service_without_a_server_is_none(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPS_SERVER", "")
    with shared_gpu() as shared:
        assert not shared
        assert PIPE not in os.environ
    assert told.read_text().splitlines()[-1] == "quit"


def test_a_service_that_does_not_start_is_none(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPS_FAILS", "1")
    with shared_gpu() as shared:
        assert not shared
    assert [line.split()[0] for line in told.read_text().splitlines()] == ["daemon", "quit"]


def test_gpus_that_are_named_for_good_are_the_ones_it_sees(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-1f,MIG-2e")
    with shared_gpu():
        pass
    assert told.read_text().splitlines()[0].endswith("sees MIG-1f,MIG-2e")


def test_it_ends_with_a_process_that_is_killed(told: Path) -> None:
    code = (
        "import os, signal\n"
        "from sweeps.mps import shared_gpu\n"
        "with shared_gpu():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    deadline = time.monotonic() + 20
    while "quit" not in told.read_text().splitlines() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert told.read_text().splitlines()[-1] == "quit"


def test_a_service_where_all_look_for_one_is_used(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "usual").mkdir()
    (tmp_path / "usual" / "control").write_text("")
    with shared_gpu() as shared:
        assert shared
        assert PIPE not in os.environ
    assert not told.exists()


@pytest.mark.parametrize(
    ("device", "count", "gpus", "shares"),
    [
        ("cuda", 2, ("0",), True),
        ("cuda", 1, ("0",), False),
        ("cuda", 2, ("0", "1"), False),
        ("any", 2, ("0",), True),
        ("any", 2, (), False),
        ("cpu", 2, (), False),
    ],
)
def test_a_pool_asks_for_it_where_workers_meet_on_a_gpu(
    told: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    count: int,
    gpus: tuple[str, ...],
    shares: bool,
) -> None:
    monkeypatch.setattr(Pool, "_hire", lambda self, gpus: seen.append(PIPE in os.environ))
    seen: list[bool] = []
    job = Job(tmp_path, "test", device)
    pool = Pool(job, Source("synthetic", None, ""), count, None, gpus=gpus)  # type: ignore[arg-type]
    pool.train([make_spec(seed) for seed in range(3)])
    assert seen == [shares] * count
    assert told.exists() is shares


def test_a_gpu_gets_as_many_runs_as_it_has_room_for(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = tuple(make_spec(seed) for seed in range(40))
    plan, options = SimpleNamespace(specs=specs), Options()
    monkeypatch.setattr(here, "visible", lambda device, processes: ("0", "1"))
    monkeypatch.setattr("sweeps.pool.cores", lambda: 48)
    monkeypatch.setattr(here, "_memory", lambda: 3 * mps.EACH)
    assert here.at_a_time(plan, options, "cuda") == (6, 8)
    assert here.at_a_time(plan, replace(options, workers=5), "cuda") == (5, 9)
    two = replace(options, cluster_flags=(("processes_per_run", 2),))
    assert here.at_a_time(plan, two, "cuda") == (1, 24)
    wide = SimpleNamespace(specs=(make_spec(0, "wrn-28-10"), *specs))
    assert here.at_a_time(wide, options, "cuda") == (2, 24)
    monkeypatch.setenv(SWITCH, "0")
    assert here.at_a_time(plan, options, "cuda") == (2, 24)


@pytest.mark.parametrize("why", ["not wanted", "switched off", "somebody's"])
def test_it_is_left_alone(told: Path, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "switched off":
        monkeypatch.setenv(SWITCH, "0")
    if why == "somebody's":
        monkeypatch.setenv(PIPE, "/somewhere")
    with shared_gpu(why != "not wanted") as shared:
        assert shared is (why == "somebody's")
    assert not told.exists()
    assert (PIPE in os.environ) is (why == "somebody's")


def test_without_the_program_processes_take_turns(
    told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(told.parent / "nothing"))
    with shared_gpu() as shared:
        assert not shared
