"""How long runs will take: a few steps of the shallowest net are timed, the rest is arithmetic."""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from resnet.recipes import Recipe
from resnet.runs import measures
from resnet.runs.spec import RunSpec
from resnet.training.speed import FAST, Speed

WARM, TIMED = 2, 3  # steps
MOMENT = 0.2  # seconds
LAYER = 2e6  # multiply-adds of one layer for an image of CIFAR-10
LOADED = 32  # photographs a thread that are timed
PIXELS = 128 * 32 * 32  # at most so many a channel in a batch that is timed on a CPU


def layers(spec: RunSpec) -> float:
    """What an image costs the run's net, in layers of CIFAR-10's nets: by its multiply-adds.

    Two million to a layer is what ResNet-20 to 110 have. Nets for photographs are counted at the
    recipe's size.
    """
    scale = (spec.recipe.size / 224) ** 2 if spec.recipe.photographs else 1.0
    return _multiply_adds(spec.net) * scale / LAYER


@cache
def _multiply_adds(net: str) -> int:
    from resnet.nets.counts import totals
    from resnet.nets.start import split

    return totals(split(net)[0])[1]


def seconds_per_layer_image(
    spec: RunSpec, device: str, speed: Speed = FAST, processes: int = 1
) -> float:
    """Seconds that training takes an image and a layer, timed on the net of `spec`.

    In this process: of several that share a run's batch it is one, and has its part of it. The
    device's memory is free again after that.
    """
    import torch

    try:
        return _timed(spec, device, speed, processes)
    finally:
        gc.collect()
        torch.cuda.empty_cache()


def _timed(spec: RunSpec, device: str, speed: Speed, processes: int) -> float:
    import torch

    from resnet.kernels import fuse_where_possible
    from resnet.memory import keep_freed
    from resnet.nets import build
    from resnet.training.graph import Graph
    from resnet.training.hasten import capturable, own_kernels
    from resnet.training.step import plain_step, set_precision, sgd

    keep_freed()
    net = build(spec.net, num_classes=10, seed=0)
    net = net.to(device).to(memory_format=torch.channels_last)
    optimizer, size = sgd(net, spec.recipe), spec.recipe.size
    batch = max(1, spec.recipe.batch_size // processes)
    if device == "cpu":
        batch = max(1, min(batch, PIXELS // size**2))
    x = torch.randn(batch, 3, size, size, device=device).to(memory_format=torch.channels_last)
    y = torch.zeros(batch, dtype=torch.int64, device=device)
    rate = torch.zeros((), device=device) if device == "cuda" else 0.0
    precision = spec.recipe.precision
    set_precision(precision)

    def step() -> None:
        plain_step(net, optimizer, x, y, rate, precision=precision)

    # As the run will be: a captured step takes less than half the time of a plain one, and by our
    # own kernels half of that.
    alone = device == "cuda" and processes == 1
    captured = alone and speed.graph and capturable(net, spec.recipe)
    if captured and own_kernels(speed, spec.recipe):
        fuse_where_possible(net, (size, size))
    work = Graph(step, []) if captured else step
    return seconds_a_step(work, device) / batch / layers(spec)


def seconds_a_step(work: Callable[[], None], device: str) -> float:
    """Seconds of `work`, warm: by a few calls, or on a GPU by as many as fill a moment."""

    def timed(steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            work()
        _wait(device)
        return time.perf_counter() - start

    steps, seconds = TIMED, timed(WARM)
    if device == "cuda":
        steps = WARM
        while seconds < MOMENT:  # its clock rises while it works
            steps *= 2
            seconds = timed(steps)
    return timed(steps) / steps


def _wait(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def work(spec: RunSpec) -> float:
    """A run's work in layer-images trained; an image tested counts a third of one trained.

    So does one that only the classifier is trained on.
    """
    recipe = spec.recipe
    frozen = recipe.frozen_steps if recipe.backbone_lr else recipe.steps
    images = (recipe.steps - 2 / 3 * frozen) * recipe.batch_size
    tested = recipe.epochs * (recipe.test_images + recipe.validation_images)
    return layers(spec) * (images + tested / 3)


def measuring(spec: RunSpec, names: Iterable[str]) -> float:
    """The work of taking measures of a trained run, in the units of `work`."""
    from resnet.nets import depth

    count = depth(spec.net)
    asked = [one for one in map(measures.get, names) if one.applies(spec.net)]
    images = sum(one.passes(count) for one in asked) * spec.recipe.test_images
    images += sum(one.forwards(spec.recipe, one.settings) for one in asked if one.forwards)
    return layers(spec) * images / 3


def times(
    specs: Sequence[RunSpec],
    device: str,
    threads: int | None,
    training: Sequence[float] | None = None,
    measured: Sequence[float] | None = None,
    loading: float = 0.0,
    speed: Speed = FAST,
    processes: int = 1,
) -> list[float]:
    """Expected seconds of each of `specs`, alone, with so many threads.

    `training` is the work left in each, where that is not a whole training, and `measured` that of
    its measures, which are taken in float32 whatever it is trained in; `loading` the seconds that
    an image takes to load. Beside a GPU the slower of net and loader sets the pace; on a CPU they
    share the cores. The `processes` of a run share its training, and the first one measures.
    """
    import torch

    if not specs:
        return []
    whole = training or [work(spec) for spec in specs]
    left = [amount / processes for amount in whole]
    exact = measured or [0.0] * len(specs)
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    shallow = min(specs, key=layers)
    kinds = ((shallow, left), (_in_float32(shallow), exact))
    rates = {
        kind: seconds_per_layer_image(kind, device, speed, processes)
        for kind in {kind for kind, amounts in kinds if any(amounts)}
    }
    torch.set_num_threads(before)
    together = max if device == "cuda" else sum
    rate, exactly = rates.get(shallow, 0.0), rates.get(_in_float32(shallow), 0.0)
    return [
        together((rate * trained + exactly * more, loading * (trained + more) / layers(spec)))
        for spec, trained, more in zip(specs, left, exact, strict=True)
    ]


def _in_float32(spec: RunSpec) -> RunSpec:
    return replace(spec, recipe=replace(spec.recipe, precision="float32"))


def seconds(times: Sequence[float], workers: int, pace: float | None = None) -> float:
    """Expected seconds for runs that take so long each, alone, so many at a time.

    `pace` is how many times as much gets done then as with one at a time, where that is less.
    """
    pace = pace or workers
    side_by_side = min(workers, len(times))
    slower = max(1.0, side_by_side / pace)
    return max(sum(times) / pace, max(times) * slower) if times else 0.0


def loading(dataset: Any, recipe: Recipe, device: str, threads: int | None) -> float:
    """Seconds that a photograph takes to become a training crop, timed on some of them.

    Raises:
        UserError: one of them is no image.
    """
    from resnet.data.imagenet import views
    from resnet.data.imagenet.draws import Stream
    from resnet.data.imagenet.loader import Loader, Request, threads_for

    part = dataset.narrowed(recipe).train
    stream = Stream(0, len(part), recipe)
    loader = Loader(threads_for(device, threads))
    shape = (3, recipe.size, recipe.size)
    count = LOADED * loader.threads

    def request(batch: int) -> Request:
        places = range(batch * count, (batch + 1) * count)
        skip = recipe.skip_corrupt
        return Request(tuple(views.training(part, stream, p, skip) for p in places), shape)

    next(loader.batches([request(0)], ahead=0))  # starts the threads
    start = time.perf_counter()
    next(loader.batches([request(1)], ahead=0))
    return (time.perf_counter() - start) / count
