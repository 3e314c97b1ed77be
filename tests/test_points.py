"""The points of a surface: each computed once, by however many workers, killed or not."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from resnet.analysis.points import CHUNK, Points


def value(number: int) -> tuple[float, float]:
    return number / 7, float(number**2)


def test_points_are_computed_once_and_part_by_part(tmp_path: Path) -> None:
    asked: list[int] = []

    def at(number: int) -> tuple[float, float]:
        asked.append(number)
        return value(number)

    points = Points(tmp_path / "a", 3 * CHUNK + 2)
    assert points.compute(at, 1, 2) == CHUNK + 2
    assert sorted(asked) == [*range(CHUNK, 2 * CHUNK), *range(3 * CHUNK, 3 * CHUNK + 2)]
    assert points.compute(at, 0, 2) == 2 * CHUNK
    assert points.compute(at) == 0
    assert sorted(asked) == list(range(points.count))
    assert points.known() == {n: value(n) for n in range(points.count)}
    whole = Points(tmp_path / "b", points.count)
    whole.compute(value)
    assert list(whole.known().items()) == list(points.known().items())


@pytest.mark.parametrize("cut", [1, 3, 10, 25])
def test_a_line_that_a_kill_cut_short_is_computed_again(tmp_path: Path, cut: int) -> None:
    points = Points(tmp_path, CHUNK)
    points.compute(value)
    file = tmp_path / "00000.jsonl"
    file.write_bytes(file.read_bytes()[:-cut])
    assert len(points.known()) < CHUNK
    assert points.compute(value) == CHUNK - len(points.known()) or len(points.known()) == CHUNK
    assert points.known() == {n: value(n) for n in range(CHUNK)}


def test_losses_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    points = Points(tmp_path, 2)
    points.compute(lambda number: (float("inf") if number else float("nan"), 90.0))
    known = points.known()
    assert np.isnan(known[0][0])
    assert known[1] == (float("inf"), 90.0)


def slow(path: Path, log: Path, pause: float) -> None:
    """A worker whose points take a while; it notes each one that it computes."""

    def at(number: int) -> tuple[float, float]:
        with open(log, "a") as file:
            file.write(f"{number}\n")
        time.sleep(pause)
        return value(number)

    Points(path, 4 * CHUNK).compute(at)


def test_two_processes_share_a_surface_and_compute_nothing_twice(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    logs = [tmp_path / "log-0", tmp_path / "log-1"]
    workers = [context.Process(target=slow, args=(tmp_path / "p", log, 0.01)) for log in logs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    shares = [log.read_text().split() for log in logs]
    assert sorted(map(int, [*shares[0], *shares[1]])) == list(range(4 * CHUNK))
    assert all(shares)
    assert Points(tmp_path / "p", 4 * CHUNK).known() == {n: value(n) for n in range(4 * CHUNK)}


def test_a_killed_process_frees_its_points(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    worker = context.Process(target=slow, args=(tmp_path / "p", tmp_path / "log", 0.05))
    worker.start()
    while not (tmp_path / "log").exists() or len((tmp_path / "log").read_text().split()) < 4:
        time.sleep(0.005)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    points = Points(tmp_path / "p", 4 * CHUNK)
    done = len(points.known())
    assert 0 < done < 4 * CHUNK
    assert points.compute(value) == 4 * CHUNK - done
    assert points.known() == {n: value(n) for n in range(4 * CHUNK)}
