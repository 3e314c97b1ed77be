"""The service that lets processes share a GPU, with a stand-in for NVIDIA's control program."""

import os
from pathlib import Path

import pytest

from sweeps.mps import CONTROL, LOG, PIPE, SWITCH, shared_gpu

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
    assert len(told.read_text().splitlines()) == 1


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
