"""Packing, splitting, expected times, settings, and the code that is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet import experiment
from resnet.data.imagenet import loader
from resnet.errors import UserError
from resnet.nets.counts import totals
from resnet.planning import cluster as cluster_settings
from resnet.planning import estimate
from resnet.planning.cluster import NAMES, Cluster, resolve
from resnet.runs.files import read_json, write_json
from sweeps import code, source
from sweeps.device import keep_to_share
from sweeps.expected import Expected, expect, makespan
from sweeps.mps import AT_ONCE, CONTROL, EACH, PIPE, SWITCH, room
from sweeps.pack import arrays, pack
from sweeps.pool import longest_first, share
from sweeps.source import Described, Labels
from tests.sweeps.conftest import finish, make_spec

clusters = st.builds(
    Cluster,
    gpus_per_node=st.integers(0, 4),
    cpus_per_task=st.integers(1, 8),
    runs_per_gpu=st.integers(1, 3),
    runs_per_task=st.integers(0, 5),
    task_minutes=st.integers(1, 60),
)


@given(st.integers(0, 40), clusters, st.floats(0.1, 10_000) | st.none())
@settings(max_examples=60, deadline=None)
def test_every_run_is_in_one_task(n: int, cluster: Cluster, seconds: float | None) -> None:
    specs = [make_spec(seed) for seed in range(n)]
    expected = Expected(lambda spec: seconds or 0.0, "a test") if seconds else None
    tasks = pack(specs, cluster, expected)
    assert [spec for task in tasks for spec in task] == longest_first(specs)
    assert all(task for task in tasks)
    least = cluster.runs_per_task or cluster.at_a_time
    assert all(len(task) >= least for task in tasks[:-1])
    if cluster.runs_per_task or not expected:
        assert all(len(task) <= least for task in tasks)


def test_short_runs_fill_the_minutes_of_a_task() -> None:
    cluster = Cluster(gpus_per_node=2, runs_per_gpu=2, task_minutes=10)
    expected = Expected(lambda spec: 60.0, "a test")
    tasks = pack([make_spec(seed) for seed in range(100)], cluster, expected)
    assert [len(task) for task in tasks] == [40, 40, 20]


@given(st.integers(1, 300), st.integers(1, 50))
def test_arrays_are_few_and_not_too_large(n: int, largest: int) -> None:
    tasks = [(make_spec(0),)] * n
    parts = arrays(tasks, largest)
    assert sum(len(part) for part in parts) == n
    assert max(len(part) for part in parts) <= largest
    assert len(parts) == -(-n // largest)


def test_makespan_takes_the_next_as_a_slot_gets_free() -> None:
    assert makespan([4, 3, 2, 1], 2) == 5
    assert makespan([4], 9) == 4
    assert makespan([], 3) == 0


def test_runs_that_share_a_gpu_get_done_at_its_pace() -> None:
    assert estimate.seconds([], 4, 1.8) == 0
    assert estimate.seconds([10.0] * 8, 4) == 20
    assert estimate.seconds([10.0] * 8, 4, 2.0) == 40
    assert estimate.seconds([10.0] * 2, 4, 2.0) == 10  # two at a time are at full pace each
    assert estimate.seconds([40.0, 10.0, 10.0, 10.0], 4, 2.0) == 80


def test_a_gpu_takes_several_small_nets_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    small, deep = [make_spec(0), make_spec(1, "resnet110")], make_spec(0, "resnet1202")
    monkeypatch.delenv(PIPE, raising=False)
    monkeypatch.setattr("sweeps.mps.USUAL", Path("nowhere"))
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name == CONTROL else None)
    assert room(small, 141 * 2**30) == AT_ONCE
    assert room(small, 3 * EACH) == 3
    assert room(small, 2**30) == room([*small, deep], 141 * 2**30) == 1
    monkeypatch.setenv(SWITCH, "0")
    assert room(small, 141 * 2**30) == 1
    monkeypatch.setattr("sweeps.pool.cores", lambda: 64)
    assert share(100, "cuda", places=16) == (16, 4)
    assert share(3, "cuda", places=16) == (3, 21)
    assert share(100, "cuda", 5, places=16) == (5, 12)
    assert share(100, "cuda", processes=4, places=2) == (2, 8)


@pytest.mark.parametrize(("threads", "asked", "load"), [(8, "", 7), (1, "", 1), (8, "3", 3)])
def test_workers_on_gpus_load_photographs_with_their_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, threads: int, asked: str, load: int
) -> None:
    monkeypatch.setenv(loader.ENV, asked)
    monkeypatch.setattr("resnet.data.imagenet.loader.cores", lambda: 64)
    keep_to_share(threads, "cuda")
    assert loader.threads_for("cuda") == load


def test_nets_that_cost_as_much_are_as_large(tmp_path: Path) -> None:
    spec = make_spec(0, "plain20")
    assert estimate.layers(spec) == pytest.approx(20, rel=0.05)
    assert estimate.layers(make_spec(0, "vgg10-bn")) > 3 * estimate.layers(spec)


def test_time_comes_from_done_runs_of_the_arm_else_by_work(tmp_path: Path) -> None:
    done = [make_spec(seed) for seed in range(3)]
    for spec, seconds in zip(done, (50.0, 60.0, 90.0), strict=True):
        finish(tmp_path, spec, seconds)
    found = expect(tmp_path, done, "cpu")
    assert found is not None
    assert found.seconds(make_spec(9)) == 60.0
    # Another net of the same recipe: time goes with multiply-adds.
    deeper = totals("plain20")[1] / totals(done[0].net)[1]
    assert deeper > 2
    assert found.seconds(make_spec(9, "plain20")) == pytest.approx(60.0 * deeper)
    assert expect(tmp_path, [make_spec(7)], "cpu") is None


def test_processes_that_share_a_run_make_it_as_much_shorter(tmp_path: Path) -> None:
    spec = make_spec(0)
    finish(tmp_path, spec, 60.0)
    file = tmp_path / spec.id / "provenance.json"
    write_json(file, {**read_json(file), "attempts": [{"processes": 1}, {"processes": 2}]})
    found = [expect(tmp_path, [spec], "cpu", processes) for processes in (1, 2, 4)]
    assert [one and one.seconds(make_spec(9)) for one in found] == [120.0, 60.0, 30.0]


def test_times_of_the_device_at_hand_go_first(tmp_path: Path) -> None:
    slow, fast = make_spec(0), make_spec(1)
    finish(tmp_path, slow, 1000.0, "cpu")
    finish(tmp_path, fast, 10.0, "cuda")
    found = expect(tmp_path, [slow, fast], "cuda")
    assert found is not None
    assert found.seconds(make_spec(2)) == 10.0


def test_a_wrong_key_lists_the_valid_ones(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text('partitoin = "gpu"\n')
    with pytest.raises(UserError) as error:
        resolve(file, ())
    assert "partitoin" in str(error.value)
    assert all(name in str(error.value) for name in NAMES)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("timeout_min = 'long'", "a whole number"),
        ("gpus_per_node = true", "a whole number"),
        ("partition = 3", "a text"),
        ("setup = 3", "shell lines"),
        ("timeout_min = 0", "1 or more"),
        ("nodes = 2\nprocesses_per_run = 3", "a multiple of 2"),
        ("gpus_per_node = 2\nprocesses_per_run = 4", "needs 4 GPUs a node"),
        ("gpus_per_node = 2\nprocesses_per_run = 2\nruns_per_gpu = 2", "one or the other"),
        ("timeout_min =", "not TOML"),
    ],
)
def test_wrong_values_are_named(tmp_path: Path, text: str, cause: str) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=cause):
        resolve(file, ())


def test_a_file_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_bytes('setup = ["# für"]\n'.encode("latin-1"))
    with pytest.raises(UserError, match="not in UTF-8: save them so"):
        resolve(tmp_path / "c.toml", ())


def test_flags_go_over_the_file_and_the_folder_over_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert resolve(None, ()) == Cluster()
    home = tmp_path / "config" / "resnet-claims" / "cluster.toml"
    home.parent.mkdir(parents=True)
    home.write_text('partition = "home"\naccount = "me"\n')
    assert resolve(None, ()).partition == "home"
    (tmp_path / "cluster.toml").write_text('partition = "here"\nmem = "4GB"\n')
    found = resolve(None, (("mem", "8GB"),))
    assert (found.partition, found.account, found.mem) == ("here", "", "8GB")


@pytest.mark.parametrize(
    ("settings_", "world", "here", "at_a_time", "threads"),
    [
        ({"gpus_per_node": 8, "processes_per_run": 4, "cpus_per_task": 32}, 4, 4, 2, 4),
        ({"gpus_per_node": 4, "nodes": 2, "cpus_per_task": 16}, 8, 4, 1, 4),
        ({"nodes": 2, "cpus_per_task": 2}, 2, 1, 1, 2),
        ({"processes_per_run": 2, "cpus_per_task": 4}, 2, 2, 2, 1),
        ({"gpus_per_node": 2, "runs_per_gpu": 3, "cpus_per_task": 12}, 1, 1, 6, 2),
        ({"runs_per_gpu": 4, "cpus_per_task": 2}, 1, 1, 2, 1),
        ({}, 1, 1, 2, 1),
        ({"gpus_per_node": 4}, 1, 1, 4, 4),
        ({"gpus_per_node": 4, "nodes": 2}, 8, 4, 1, 4),
    ],
)
def test_processes_of_a_run_share_the_task(
    settings_: dict[str, int], world: int, here: int, at_a_time: int, threads: int
) -> None:
    cluster = Cluster(**settings_)  # type: ignore[arg-type]
    assert (cluster.world, cluster.processes_here) == (world, here)
    assert (cluster.at_a_time, cluster.threads) == (at_a_time, threads)


def test_a_task_of_several_nodes_has_one_run() -> None:
    expected = Expected(lambda spec: 1.0, "a test")
    tasks = pack([make_spec(seed) for seed in range(3)], Cluster(nodes=2), expected)
    assert [len(task) for task in tasks] == [1, 1, 1]


def test_every_setting_has_a_flag_with_help() -> None:
    assert set(cluster_settings.HELP) == set(NAMES)


def test_a_change_of_code_is_found_and_named(tmp_path: Path) -> None:
    copy = code.snapshot(tmp_path / "code")
    sent = code.digests(copy)
    assert sent == code.digests()
    code.check(sent, copy)
    (copy / "resnet" / "claims" / "paper.py").write_text("")  # a claim changes no number
    code.check(sent, copy)
    (copy / "resnet" / "training" / "step.py").write_text("")
    (copy / "sweeps" / "added.py").write_text("")
    with pytest.raises(code.CodeChanged, match=r"resnet/training/step\.py and 1 more"):
        code.check(sent, copy)


def test_the_lock_files_of_an_editor_are_no_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = code.snapshot(tmp_path / "code")
    for folder in (copy / "resnet" / "data", tmp_path):
        (folder / ".#sets.py").symlink_to("somebody@somewhere.1234:5678")
        (folder / "gone.py").symlink_to("nowhere.py")
    assert code.digests(copy) == code.digests()
    monkeypatch.setattr(code, "ROOT", copy)
    assert code.digests(code.snapshot(tmp_path / "again")) == code.digests(copy)
    monkeypatch.setattr(experiment, "FOLDER", tmp_path)
    assert experiment.names() == []


def test_a_snapshot_runs_and_knows_its_commit(tmp_path: Path) -> None:
    copy = code.snapshot(tmp_path / "code")
    asked = "import sweeps.task, resnet.runs.provenance as p, json; "
    asked += "print(json.dumps([p.__file__, sweeps.task.__file__, p.code()['commit']]))"
    words = [sys.executable, "-c", asked]
    done = subprocess.run(words, cwd=copy, capture_output=True, text=True, check=True)
    *files, commit = json.loads(done.stdout)
    assert all(file.startswith(str(copy)) for file in files)
    assert commit == json.loads((copy / "code.json").read_text())["commit"]


def test_data_is_described_once_until_it_changes(tmp_path: Path) -> None:
    loads: list[int] = []

    def load() -> Any:
        loads.append(1)
        labels = Labels(range(7))
        return Described("cifar10", "original", "d" * 64, labels, labels, "a test")

    data = tmp_path / "data"
    (data / "cifar10").mkdir(parents=True)
    (data / "cifar10" / "data_batch_1").write_bytes(b"1")
    found = [source.describe("cifar10", data, tmp_path / "kept.json", load) for _ in range(3)]
    assert found[0] == found[2]
    assert len(loads) == 1
    (data / "cifar10" / "data_batch_1").write_bytes(b"22")
    source.describe("cifar10", data, tmp_path / "kept.json", load)
    assert len(loads) == 2
    (data / "cifar10" / "gone").symlink_to("nowhere")
    (data / ".#notes").symlink_to("nowhere")
    source.describe("cifar10", data, tmp_path / "kept.json", load)


def test_the_default_data_folder_is_the_data_packages() -> None:
    from resnet.data import cache

    assert source.default_folder() == cache.folder() / "data"
