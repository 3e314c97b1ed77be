"""What a process keeps of freed memory: counted in page faults, each in a process of its own."""

import ctypes
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from resnet import memory

MAPS = """
import resource, torch
{first}
def faults(rounds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        maps = [torch.ones(size, dtype=torch.uint8) for size in (40 << 20, 64 << 20, 8 << 20)]
        del maps
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(5)  # until the heap has room for all of them
print(faults(10))
"""
KEEP = "from resnet.memory import keep_freed; assert keep_freed()"
OF_ONE_ROUND = (112 << 20) // 4096  # pages


def faults(first: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MAPS.format(first=first)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_memory_that_is_kept_is_not_asked_for_again() -> None:
    assert faults(KEEP) < OF_ONE_ROUND / 10
    if "[always]" not in Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text():
        assert faults("") > 5 * OF_ONE_ROUND  # or the test shows nothing


@pytest.mark.parametrize("old", [True, False])
def test_an_old_glibc_gets_the_largest_threshold_that_it_takes(
    monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    told: dict[int, int] = {}

    def mallopt(parameter: int, value: int) -> int:
        if old and parameter == memory.MMAP_THRESHOLD and value > 2**25:
            return 0
        told[parameter] = value
        return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    assert memory.keep_freed()
    assert told == {-3: 2**25 if old else 2**30, -1: 2**31 - 1}


@pytest.mark.parametrize("libc", [SimpleNamespace(), None])
def test_elsewhere_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, libc: SimpleNamespace | None
) -> None:
    def opened(name: None) -> SimpleNamespace:
        if libc is None:
            raise TypeError("not a Unix")
        return libc

    monkeypatch.setattr(ctypes, "CDLL", opened)
    assert not memory.keep_freed()
