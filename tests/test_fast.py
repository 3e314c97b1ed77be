"""The fast step equals the plain one; what a graph replays is rehearsed here without a GPU."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from resnet import experiment
from resnet.data import Dataset, Pipeline, Stream
from resnet.nets import build
from resnet.planning.options import parse
from resnet.runs.spec import RunSpec
from resnet.training import train as training
from resnet.training.fast import Fast
from resnet.training.graph import WARM, draws, put_back
from resnet.training.hasten import applies, steps_a_chunk
from resnet.training.module import Classifier
from resnet.training.regional import compile_blocks
from resnet.training.speed import FAST, PLAIN, Speed
from resnet.training.static import StaticStep
from resnet.training.step import plain_step, sgd
from resnet.training.train import train
from sweeps.complete import complete
from sweeps.job import Job
from tests.conftest import spec_of
from tests.test_training import Stopper

STEPS = 50


def rehearsed(work: Callable[[], None], state: Sequence[Tensor]) -> Callable[[], None]:
    """What `Graph` does to the work and its state, but for the capture itself."""
    before = [tensor.detach().clone() for tensor in state]
    for _ in range(WARM):
        work()
    put_back(state, before)
    return work


def setting(dataset: Dataset, name: str, **changes: object) -> tuple[RunSpec, Pipeline, Stream]:
    spec = spec_of(dataset, name, **changes)
    pipeline = Pipeline(dataset.take(96, 0, 32).train, memory_format=torch.channels_last)
    return spec, pipeline, Stream(spec.seed, 96, spec.recipe.batch_size, 4)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("plain8", {}),
        ("resnet8", {"nesterov": True, "decay_all": True, "label_smoothing": 0.1}),
        ("resnet8", {"precision": "bfloat16"}),
        ("preact-resnet8", {"momentum": 0.0}),
    ],
)
def test_the_static_step_is_the_plain_step_bit_for_bit(
    dataset: Dataset, name: str, changes: dict[str, object]
) -> None:
    spec, pipeline, stream = setting(dataset, name, **changes)
    recipe, rates = spec.recipe, [0.02 / (step + 1) for step in range(STEPS)]
    nets = [build(name, 10).to(memory_format=torch.channels_last) for _ in "ab"]
    optimizers = [sgd(net, recipe) for net in nets]
    expected = []
    for step, rate in enumerate(rates):
        draw = stream.batch(step)
        x, y = pipeline.train(draw), pipeline.labels(draw)
        smoothing = recipe.label_smoothing
        expected.append(plain_step(nets[0], optimizers[0], x, y, rate, smoothing, recipe.precision))
    fast = Fast(nets[1], optimizers[1], pipeline, recipe, 20, rehearsed)
    parts = [
        fast.steps(stream.steps(a, min(a + 20, STEPS)), rates[a : a + 20]) for a in (0, 20, 40)
    ]
    losses, wrong = (torch.cat([part[i] for part in parts]) for i in (0, 1))
    assert losses.tolist() == [float(loss) for loss, _ in expected]
    assert wrong.tolist() == [int(errors) for _, errors in expected]
    for ours, theirs in zip(
        nets[1].state_dict().values(), nets[0].state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("room", [1, 2])
def test_chunks_too_short_to_warm_up_in_train_the_same(dataset: Dataset, room: int) -> None:
    """As for nets of a thousand layers, of which a chunk is a step or two."""
    spec, pipeline, stream = setting(dataset, "resnet8")
    found = []
    for size in (room, 4):
        net = build("resnet8", 10)
        fast = Fast(net, sgd(net, spec.recipe), pipeline, spec.recipe, size, rehearsed)
        parts = [fast.steps(stream.steps(a, a + size), [0.02] * size)[0] for a in range(0, 4, size)]
        found.append(torch.cat(parts).tolist())
    assert found[0] == found[1]


def module_of(dataset: Dataset, name: str, **changes: object) -> Classifier:
    spec, pipeline, stream = setting(dataset, name, **changes)
    return Classifier(spec, build(name, 10), pipeline, stream)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("resnet8", {}, True),
        ("resnet8", {"label_smoothing": 0.1, "precision": "bfloat16"}, True),
        ("resnet8", {"mix": "mixup"}, False),
        ("resnet8", {"cutout": 8}, False),
        ("resnet8-stochastic-depth", {}, False),
        ("resnet8-dropout-shortcut", {}, False),
    ],
)
def test_what_needs_python_in_every_step_is_not_captured(
    dataset: Dataset, name: str, changes: dict[str, object], expected: bool
) -> None:
    module = module_of(dataset, name, **changes)
    assert applies(Speed(), module, "cuda") is expected
    assert not applies(Speed(), module, "cpu")
    assert not applies(PLAIN, module, "cuda")


def test_nets_of_torchvision_may_draw_anywhere() -> None:
    assert draws(build("torchvision:squeezenet1_1", 10))
    assert not draws(build("vgg15-bn", 10))


def test_a_chunk_is_many_steps_of_a_shallow_net_and_few_of_a_deep_one() -> None:
    net = nn.Module()
    sizes = []
    for net.depth in (8, 20, 110, 1202, 0):  # type: ignore[assignment]
        sizes.append(steps_a_chunk(net, "cuda"))
        assert steps_a_chunk(net, "cpu") == 1
    assert sizes == [50, 50, 18, 1, 10]
    net.depth = 18  # type: ignore[assignment]
    assert steps_a_chunk(net, "cuda", photographs=True) == 1


def test_bfloat16_keeps_weights_momenta_and_losses_in_float32(dataset: Dataset) -> None:
    module = module_of(dataset, "resnet8", precision="bfloat16")
    kinds = []
    module.net.layer1[0].conv1.register_forward_hook(lambda *a: kinds.append(a[2].dtype))
    loss, _ = module.one_step(0)
    assert kinds == [torch.bfloat16]
    momenta = [state["momentum_buffer"] for state in module.sgd.state.values()]
    tensors = [loss, *momenta, *module.net.parameters()]
    assert {tensor.dtype for tensor in tensors} == {torch.float32}
    exact = module_of(dataset, "resnet8")
    near, _ = exact.one_step(0)
    assert float(loss) != float(near)
    assert float(loss) == pytest.approx(float(near), rel=0.02)


def test_tf32_is_let_in_by_the_recipe_alone(tmp_path: Path, dataset: Dataset) -> None:
    for precision in ("tf32", "float32"):
        spec = spec_of(dataset, precision=precision, steps=2)
        train(spec, dataset, tmp_path, "test")
        assert torch.backends.cudnn.allow_tf32 is (precision == "tf32")
        assert torch.backends.cuda.matmul.allow_tf32 is (precision == "tf32")


def test_a_saved_state_names_no_kernels_for_whoever_goes_on(dataset: Dataset) -> None:
    one, other = module_of(dataset, "plain8"), module_of(dataset, "plain8")
    one.one_step(0)
    state = one.state()
    for group in state["sgd"]["param_groups"]:
        group.update(fused=True, foreach=False)  # as a GPU leaves it
    other.restore(state)
    assert [(g["fused"], g["foreach"]) for g in other.sgd.param_groups] == [(None, True)] * 2


def test_compiling_by_blocks_touches_no_name_and_no_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda self, **options: asked.append(self))
    net, twin = build("resnet20", 10), build("resnet20", 10)
    compile_blocks(net)
    assert asked == net.blocks
    assert list(net.state_dict()) == list(twin.state_dict())


def test_static_buffers_hold_no_more_than_there_is_room_for(dataset: Dataset) -> None:
    spec, pipeline, stream = setting(dataset, "plain8")
    net = build("plain8", 10)
    static = StaticStep(net, sgd(net, spec.recipe), pipeline, 16, room=2)
    with pytest.raises(RuntimeError):
        static.load(stream.steps(0, 3), [0.1] * 3)


def test_precision_is_part_of_what_a_run_is(dataset: Dataset) -> None:
    spec = spec_of(dataset)
    low = replace(spec, recipe=replace(spec.recipe, precision="bfloat16"))
    assert low.id != spec.id


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ([], FAST),
        (["--plain-step"], PLAIN),
        (["--compile"], Speed(compile=True)),
        (["--library-kernels"], Speed(kernels=False)),
    ],
)
def test_the_flags_for_speed_reach_the_training(
    tmp_path: Path,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    asked: Speed,
) -> None:
    speeds = []
    monkeypatch.setattr(training, "train", lambda *a, speed, **k: speeds.append(speed) or "failed")
    job = Job(tmp_path, "test", speed=parse(experiment.get("degradation"), flags).speed)
    assert complete(spec_of(dataset), dataset, job, "cpu", Stopper(), print) == "failed"
    assert speeds == [asked]
