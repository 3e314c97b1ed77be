"""Runs that start from others: who waits for whom, in the queue, in a pool, and after a loss."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

from resnet.data import Dataset
from resnet.runs.folder import RunFolder
from resnet.runs.spec import RunSpec
from sweeps.driver import TRIES, Driver
from sweeps.events import Events, Witness
from sweeps.job import Job
from sweeps.pool import Pool, Worker
from sweeps.states import RunState
from tests.conftest import spec_of
from tests.sweeps.conftest import Bench, finish, make_spec

SEEDS = range(3)
PARENTS = [make_spec(seed) for seed in SEEDS]
CHILDREN = [replace(p, net="plain14-from-plain8").starting_from(p) for p in PARENTS]
GRANDCHILD = replace(CHILDREN[0], net="plain20-from-plain14-from-plain8").starting_from(CHILDREN[0])


def dependency(bench: Bench, job: int) -> str:
    """What the array waits for."""
    lines = bench.scheduler.script(job).splitlines()
    return next((line.split("=")[1] for line in lines if "--dependency" in line), "")


def test_children_wait_in_the_queue_for_their_parents_jobs(bench: Bench) -> None:
    sent = bench.sent(GRANDCHILD, *CHILDREN, *PARENTS)
    assert bench.scheduler.arrays() == [3, 3, 1]
    assert [dependency(bench, job) for job in (1, 2, 3)] == ["", "afterany:1", "afterany:2"]
    ids = [spec.id for spec in (*PARENTS, *CHILDREN, GRANDCHILD)]
    assert sent.order == ids
    assert dict(zip(sent.order, sent.jobs, strict=True))[GRANDCHILD.id] == "3"


def test_large_arrays_wait_for_all_that_they_need(bench: Bench) -> None:
    bench.scheduler.limit(2)
    bench.sent(*CHILDREN, *PARENTS)
    assert bench.scheduler.arrays() == [2, 1, 2, 1]
    found = [dependency(bench, job) for job in (1, 2, 3, 4)]
    assert found == ["", "", "afterany:1", "afterany:2"]


def test_a_parent_sent_before_is_waited_for_and_a_done_one_is_not(bench: Bench) -> None:
    bench.sent(PARENTS[0], PARENTS[1])
    finish(bench.root, PARENTS[1])
    bench.scheduler.end("1_1", "COMPLETED")
    bench.sent(*PARENTS[:2], *CHILDREN[:2])
    assert bench.scheduler.arrays() == [2, 2]
    assert dependency(bench, 2) == "afterany:1"
    bench.sent(replace(CHILDREN[1], net="plain20-from-plain8"))
    assert dependency(bench, 3) == ""


class World:
    """What happens while the driver sleeps."""

    def __init__(self, *moves: Any) -> None:
        self.moves = list(moves)

    def sleep(self, seconds: float) -> None:
        if self.moves:
            self.moves.pop(0)()


def driven(bench: Bench, *specs: RunSpec, moves: list[Any]) -> tuple[list[RunState], list[str]]:
    said: list[str] = []
    world = World(*moves)
    driver = Driver(bench.order(), specs, lambda states: None, said.append, sleep=world.sleep)
    return driver.wait(), said


def orphaned(bench: Bench, child: RunSpec) -> Any:
    """The child's task finds no parent, says so, and ends."""

    def move() -> None:
        from sweeps import manifest as manifests

        sweep = next(m for m in reversed(manifests.load(bench.root)) if child.id in m.order)
        number = sweep.order.index(child.id)
        Witness(sweep.events(number), str).end(child, "orphaned")
        bench.scheduler.end(sweep.jobs[number], "COMPLETED")

    return move


def test_an_orphan_is_sent_again_behind_its_parent(bench: Bench) -> None:
    parent, child = PARENTS[0], CHILDREN[0]
    bench.sent(parent, child)
    states, said = driven(
        bench,
        parent,
        child,
        moves=[
            lambda: bench.scheduler.end("1", "FAILED"),  # killed, and not by us
            orphaned(bench, child),
            *[lambda: None] * 3,
            lambda: finish(bench.root, parent),
            lambda: bench.scheduler.end(bench.scheduler.jobs[0], "COMPLETED"),
            lambda: finish(bench.root, child),
            lambda: bench.scheduler.end(bench.scheduler.jobs[0], "COMPLETED"),
        ],
    )
    assert [state.state for state in states] == ["done", "done"]
    assert any("plain14-from-plain8" in line and "sent again" in line for line in said)


def test_an_orphan_whose_parent_cannot_be_trained_is_left_with_the_cause(bench: Bench) -> None:
    parent, child = PARENTS[0], CHILDREN[0]
    sent = bench.sent(parent, child)
    Witness(sent.events(0), lambda run: "ValueError: broken").end(parent, "error")
    bench.scheduler.end("1", "COMPLETED")
    orphaned(bench, child)()
    states, said = driven(bench, parent, child, moves=[])
    assert [state.state for state in states] == ["error", "orphaned"]
    assert states[1].cause == "that run left no result"
    assert said == []
    assert len(bench.scheduler.arrays()) == 2
    assert TRIES > 1


def pool_of(dataset: Dataset, *specs: RunSpec) -> Pool:
    pool = Pool(Job(Path("x"), "test"), dataset, 2, Witness(Events(Path("x"), echo=False), str))
    pool._queue, pool._workers = deque(specs), []
    return pool


def test_a_worker_gets_the_first_run_that_need_not_wait(dataset: Dataset) -> None:
    parent, other = spec_of(dataset), spec_of(dataset, seed=1)
    child = replace(parent, net="plain14-from-plain8").starting_from(parent)
    pool = pool_of(dataset, child, other, parent)
    assert pool._next() == other
    assert pool._next() == parent
    pool._workers.append(Worker(None, None, spec=parent))
    assert pool._next() is None  # the parent is in hand
    pool._workers.clear()
    assert pool._next() == child
    assert pool._next() is None


def test_a_pool_trains_parents_first_and_says_what_orphans_lack(
    tmp_path: Path, dataset: Dataset
) -> None:
    good, bad = spec_of(dataset), spec_of(dataset, lr=1e30)  # the second fails: not finite
    children = [replace(p, net="plain8-from-plain8").starting_from(p) for p in (good, bad)]
    witness = Witness(Events(tmp_path / "events", echo=False), lambda run: "")
    pool = Pool(Job(tmp_path, "test", threads=1), dataset, 2, witness, say=lambda text: None)
    pool.train([*children, good, bad])
    ends = [witness.ends[spec.id] for spec in (good, bad, *children)]
    assert ends == ["done", "failed", "done", "error"]
    assert RunFolder(tmp_path, children[0]).status() == "done"
    (line,) = pool.errors.values()
    assert "plain8" in line
    assert "not trained to its end" in line
