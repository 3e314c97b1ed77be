"""Gradients of weights on a stream beside, rehearsed without one: who waits for it, and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.autograd import Function

pytest.importorskip("triton")
from resnet.kernels import side
from resnet.kernels.side import Side

DW = torch.ones(())


class Stream:
    """Counts how often others were waited for."""

    def __init__(self) -> None:
        self.waits = 0

    def wait_stream(self, other: Any) -> None:
        self.waits += 1


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> Stream:
    """The current stream; it waits once for each time that the one beside is joined."""
    current = Stream()

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        yield

    monkeypatch.setattr("torch.cuda.Stream", Stream)
    monkeypatch.setattr("torch.cuda.stream", on)
    monkeypatch.setattr("torch.cuda.current_stream", lambda: current)
    monkeypatch.setattr(side.weights, "gradient", lambda *arguments: DW)
    return current


def backward(beside: Side, fails: bool = False, times: int = 1) -> None:
    """A backward pass that asks for so many gradients of weights, and then may fail."""

    class Asks(Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            dy = SimpleNamespace(is_cuda=True, nbytes=1)
            for _ in range(times):
                assert beside.gradient(dy, dy, DW, 1) is DW  # type: ignore[arg-type]
            if fails:
                raise RuntimeError("out of memory")
            return g

    Asks.apply(torch.ones(3, requires_grad=True)).sum().backward()


def test_a_backward_pass_is_joined_once_at_its_end(current: Stream) -> None:
    beside = Side()
    for passes in (1, 2):
        backward(beside, times=2)
        assert current.waits == passes
        assert not beside._kept


def test_a_backward_pass_that_failed_does_not_keep_the_next_from_its_end(current: Stream) -> None:
    beside = Side()
    with pytest.raises(RuntimeError, match="out of memory"):
        backward(beside, fails=True)
    assert current.waits == 0
    backward(beside)
    assert current.waits == 1
    assert not beside._kept
