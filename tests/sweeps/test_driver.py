"""What the driver sends again, while it waits for runs to end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resnet.runs.spec import RunSpec
from sweeps import manifest as manifests
from sweeps import sending
from sweeps.driver import REFUSED, TRIES, Driver
from sweeps.states import RunState
from tests.sweeps.conftest import Bench, finish, make_spec

FOUR = [make_spec(seed) for seed in range(4)]


class World:
    """Stands for time: what happens between two looks of the driver."""

    def __init__(self, bench: Bench, *steps: object) -> None:
        self.bench, self.steps = bench, list(steps)
        self.said: list[str] = []

    def sleep(self, seconds: float) -> None:
        """The next thing happens; in the end all jobs are done."""
        if self.steps:
            self.steps.pop(0)()  # type: ignore[operator]

    def drive(self, *specs: RunSpec, **changes: object) -> list[RunState]:
        """The driver's last word."""
        order = self.bench.order(**changes)
        return Driver(order, specs, lambda s: None, self.said.append, self.sleep).wait()


def test_a_lost_run_is_sent_again(bench: Bench) -> None:
    bench.sent(FOUR[0])
    bench.scheduler.end("1", "OUT_OF_MEMORY")
    world = World(bench, lambda: None, lambda: finish(bench.root, FOUR[0]))
    (state,) = world.drive(FOUR[0])
    assert state.state == "done"
    assert len(world.said) == 1
    assert "OUT_OF_MEMORY" in world.said[0]
    assert [m.jobs for m in manifests.load(bench.root)] == [("1",), ("2",)]


def test_what_slurm_brings_back_by_itself_is_not_sent_again(bench: Bench) -> None:
    bench.sent(FOUR[0])
    queue = (bench.scheduler.folder / "queue").read_text()
    bench.scheduler.end("1", "NODE_FAIL")

    def back() -> None:
        (bench.scheduler.folder / "queue").write_text(queue)

    def done() -> None:
        finish(bench.root, FOUR[0])

    world = World(bench, back, lambda: None, done)
    assert world.drive(FOUR[0])[0].state == "done"
    assert world.said == []


def test_a_run_that_never_gets_on_is_given_up(bench: Bench) -> None:
    bench.sent(FOUR[0])

    def kill() -> None:
        for job in bench.scheduler.jobs:
            bench.scheduler.end(job, "FAILED")

    world = World(bench, *([kill] * 50))
    assert world.drive(FOUR[0])[0].state == "lost"
    assert len(world.said) == TRIES


def test_what_slurm_refuses_for_now_is_sent_later(bench: Bench) -> None:
    bench.sent(*FOUR[:2])
    bench.scheduler.end("1_0", "FAILED")
    bench.scheduler.refuse(True)

    def finish_all() -> None:
        for spec in FOUR[:2]:
            finish(bench.root, spec)

    nothing = [lambda: None] * (TRIES + 2)  # more refusals than a run has tries
    world = World(bench, *nothing, lambda: bench.scheduler.refuse(False), finish_all)
    assert [s.state for s in world.drive(*FOUR[:2])] == ["done", "done"]
    refused = [line for line in world.said if "QOSMaxSubmitJobLimit" in line]
    assert len(refused) == TRIES + 2
    assert world.said == [
        *refused,
        "plain8 seed 0: its task ended FAILED and left no result; sent again",
    ]
    assert [m.jobs for m in manifests.load(bench.root)] == [
        ("1_0", "1_1"),
        *[("",)] * (TRIES + 2),
        ("2",),
    ]


def test_what_slurm_refuses_again_and_again_is_left_and_the_others_go_on(bench: Bench) -> None:
    bench.sent(*FOUR[:2])
    bench.scheduler.end("1_0", "FAILED")
    bench.scheduler.refuse(True)
    nothing = [lambda: None] * (REFUSED + 5)
    world = World(bench, *nothing, lambda: finish(bench.root, FOUR[1]))
    assert [s.state for s in world.drive(*FOUR[:2])] == ["lost", "done"]
    assert len(world.said) == REFUSED + 1
    assert "resume" in world.said[-1]


def test_the_driver_sends_no_other_code_than_was_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.sent(FOUR[0])
    monkeypatch.setattr("sweeps.code.digests", lambda root=None: {"resnet/other.py": "1"})
    bench.scheduler.end("1", "FAILED")
    world = World(bench)
    assert world.drive(FOUR[0])[0].state == "lost"
    assert "the code changed" in world.said[-1]
    assert [m.name for m in manifests.load(bench.root)] == [first.name]


def test_what_ran_a_copy_of_the_code_runs_it_again(bench: Bench) -> None:
    order = replace(bench.order(), snapshot=True)
    _, first = sending.submit([FOUR[0]], order)
    bench.scheduler.end("1", "FAILED")
    world = World(bench, lambda: None, lambda: finish(bench.root, FOUR[0]))
    world.drive(FOUR[0])
    assert first is not None
    second = manifests.load(bench.root)[-1]
    assert second.name != first.name
    assert second.snapshot == first.snapshot == str(first.folder / "code")
    assert f"--chdir={first.snapshot}" in bench.scheduler.script(2)


def test_cancelled_and_erring_runs_are_left_alone(bench: Bench) -> None:
    sent = bench.sent(FOUR[0], FOUR[1])
    bench.scheduler.end("1_0", "CANCELLED by 0")
    bench.scheduler.end("1_1", "COMPLETED")
    sent.events(1).add("error", run=sent.tasks[1][0], text="ValueError: no")
    world = World(bench)
    assert [s.state for s in world.drive(FOUR[0], FOUR[1])] == ["cancelled", "error"]
    assert world.said == []


def test_a_node_without_the_data_is_avoided(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURMD_NODENAME", "n7")
    bench.sent(FOUR[0]).events(0).add("unfit", text="on n7: no such data folder")
    monkeypatch.delenv("SLURMD_NODENAME")
    bench.scheduler.end("1", "FAILED", "n7")
    world = World(bench, lambda: None, lambda: finish(bench.root, FOUR[0]))
    assert world.drive(FOUR[0])[0].state == "done"
    assert "--exclude=n7" in bench.scheduler.script(2)


@pytest.mark.parametrize("unfit", [True, False])
def test_nodes_that_were_excluded_stay_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, unfit: bool
) -> None:
    asked = "gpu[01,03-05],login1"
    sent = bench.sent(FOUR[0], exclude=asked)
    if unfit:
        monkeypatch.setenv("SLURMD_NODENAME", "n7")
        sent.events(0).add("unfit", text="on n7: no such data folder")
    bench.scheduler.end("1", "FAILED", "n7")
    world = World(bench, lambda: None, lambda: finish(bench.root, FOUR[0]))
    world.drive(FOUR[0], exclude=asked)
    found = manifests.load(bench.root)[-1]
    assert found.jobs == ("2",)
    assert found.cluster["exclude"] == (f"{asked},n7" if unfit else asked)
