"""Work on static buffers, captured once as a CUDA graph and replayed: one launch for hundreds."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from resnet.nets.mixing import Chance

WARM = 3  # times that the work runs before it is captured: libraries choose their kernels then


class Graph:
    """Replays `work`, which must read and write nothing but tensors that stay where they are.

    Args:
        work: launches kernels and neither waits for the device nor asks it anything.
        state: the tensors that `work` changes and reads; they are left as they were.
    """

    def __init__(self, work: Callable[[], object], state: Sequence[Tensor]) -> None:
        before = [tensor.detach().clone() for tensor in state]
        warm_up(work)
        put_back(state, before)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads (a logger's, say) may go on using the device meanwhile.
        with uncollected(), torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            work()

    def __call__(self) -> None:
        """Do the work once more; returns before it is done."""
        self._graph.replay()


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection of garbage meanwhile: an old graph that it ends would spoil the new one."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def warm_up(work: Callable[[], object]) -> None:
    """Run the work on a stream of its own, as capture asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM):
            work()
    torch.cuda.current_stream().wait_stream(stream)


@torch.no_grad()
def put_back(state: Sequence[Tensor], before: Sequence[Tensor]) -> None:
    """Copy `before` into the tensors of `state`, where they are."""
    for tensor, old in zip(state, before, strict=True):
        tensor.copy_(old)


def draws(net: nn.Module) -> bool:
    """Whether the net may draw random numbers in training: a graph would repeat the first ones.

    Our own nets draw through `Chance`. torchvision's may draw anywhere, in functions too, from
    torch's own state; which of them do is not worth knowing, so all of them count.
    """
    ours = hasattr(net, "name") and not net.name.startswith("torchvision:")  # type: ignore[operator, union-attr]
    return not ours or any(isinstance(module, Chance) for module in net.modules())
