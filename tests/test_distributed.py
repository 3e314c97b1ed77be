"""One run on two processes: the numbers of one, to the bit when resumed; and every accident."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import nn

from resnet.data import Dataset
from resnet.errors import UserError
from resnet.nets import build
from resnet.runs.files import read_json
from resnet.runs.folder import RunFolder, read_metrics
from resnet.runs.spec import RunSpec
from resnet.training import train as training
from resnet.training.batch_norm import set_statistics
from resnet.training.callbacks import Follower
from resnet.training.distributed import ALONE, Ranks, check, joined
from resnet.training.signals import Interrupted
from resnet.training.train import train, weights_sha256
from sweeps import team as teams
from sweeps.team import RankLost, Seats, team
from tests.conftest import make_dataset, spec_of

TWO = Seats(2, 2)


def train_on(seats: Seats, spec: RunSpec, dataset: Dataset, root: Path, **more: Any) -> str:
    """Train the run on so many processes of this machine."""
    return train(spec, dataset, root, "test", team=team(seats, spec, dataset, "cpu", 1), **more)


def groups(dataset: Dataset, **changes: object) -> RunSpec:
    """A run with BN over 8 of its 16 images."""
    return spec_of(dataset, "resnet8", **{"bn_group": 8, "lr": 0.002, **changes})


# ---- BN -----------------------------------------------------------------------------------------


def test_groups_are_normalised_each_by_itself() -> None:
    x, norm, same = torch.randn(12, 3, 4, 4), nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    set_statistics(norm, group=4, batch=12, world=1)
    parts = []
    means = []
    for part in x.split(4):
        same.reset_running_stats()
        parts.append(same(part))
        means.append(same.running_mean)
    assert torch.equal(norm(x), torch.cat(parts))
    assert norm.running_mean is not None
    # Fresh statistics moved once: a tenth of the groups' mean.
    assert torch.allclose(norm.running_mean, x.mean((0, 2, 3)) / 10, atol=1e-6)
    assert set(norm.state_dict()) == set(same.state_dict())
    same.load_state_dict(norm.state_dict())
    assert torch.equal(norm.eval()(x), same.eval()(x))


def test_a_recipe_without_groups_leaves_a_lone_process_alone() -> None:
    net = build("resnet8")
    before = [type(module) for module in net.modules()]
    set_statistics(net, group=0, batch=16, world=1)
    assert [type(module) for module in net.modules()] == before


def test_groups_make_another_run(dataset: Dataset) -> None:
    plain = spec_of(dataset, "resnet8", lr=0.002)
    assert groups(dataset).id != plain.id
    assert groups(dataset, bn_group=0).id == plain.id
    with pytest.raises(UserError, match="divides the batch of 16"):
        groups(dataset, bn_group=5)


# ---- equal to one process -----------------------------------------------------------------------


def steps(rank: int, world: int, port: int, pipe: Any = None, **changes: Any) -> Any:
    """The steps of a run, in float64 unless in bfloat16: the weights, and every rank's digest."""
    torch.set_num_threads(1)
    dataset = make_dataset()
    spec = spec_of(dataset, "resnet8", **changes)
    if world == 1:
        found = _steps(spec, dataset, ALONE)
    else:
        store = dist.TCPStore("127.0.0.1", port, is_master=rank == 0, wait_for_workers=False)
        with joined(store, Ranks(rank, world), "cpu") as ranks:
            found = _steps(spec, dataset, ranks)
    return pipe.send(found[1]) if pipe else found


def _steps(spec: RunSpec, dataset: Dataset, ranks: Ranks) -> Any:
    record = Follower(RunFolder(Path(), spec), 0, None, ranks)
    module, _ = training._prepare(spec, dataset, "cpu", record)
    if spec.recipe.precision == "float32":
        module.net.double()
        single = module._batch
        module._batch = lambda step: (single(step)[0].double(), single(step)[1])  # type: ignore
    for step in range(spec.recipe.steps):
        module.training_step(range(step, step + 1), step)
    state = {k: v for k, v in module.net.state_dict().items() if torch.is_tensor(v)}
    return state, weights_sha256(module.net), module.position.wrong, module.position.loss


def on_two(**changes: Any) -> Any:
    """What `steps` returns on two processes, whose digests agree."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    port = 21_000 + os.getpid() % 5_000 + changes.get("bn_group", 0)
    other = context.Process(target=steps, args=(1, 2, port, theirs), kwargs=changes)
    other.start()
    found = steps(0, 2, port, **changes)
    assert ours.poll(60)
    assert found[1] == ours.recv()  # every rank has the same weights and statistics, to the bit
    other.join(30)
    return found


@pytest.mark.parametrize("group", [0, 4])
def test_two_processes_take_the_steps_of_one(group: int) -> None:
    alone = steps(0, 1, 0, bn_group=group)
    state, _, wrong, loss = on_two(bn_group=group)
    assert wrong == alone[2]
    assert loss == pytest.approx(alone[3], rel=1e-6)  # the loss itself is taken in float32
    for name, value in alone[0].items():
        assert torch.allclose(state[name], value, rtol=1e-6, atol=1e-6), name


def test_two_processes_take_the_steps_of_one_in_bfloat16() -> None:
    few = {"precision": "bfloat16", "steps": 4, "milestones": (3,)}
    alone, (state, _, _, loss) = steps(0, 1, 0, **few), on_two(**few)
    assert loss == pytest.approx(alone[3], rel=0.01)
    for name, value in alone[0].items():
        assert torch.allclose(state[name], value, rtol=0.01, atol=2e-3), name


@pytest.fixture(scope="module")
def two(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that two processes trained undisturbed."""
    root, spec = tmp_path_factory.mktemp("two"), groups(dataset)
    assert train_on(TWO, spec, dataset, root) == "done"
    return RunFolder(root, spec)


def test_a_whole_run_on_two_processes_is_that_of_one(
    tmp_path: Path, dataset: Dataset, two: RunFolder
) -> None:
    assert train_on(Seats(), two.spec, dataset, tmp_path) == "done"
    one = RunFolder(tmp_path, two.spec)
    for name, value in one.load_weights(20).items():
        # In float32 a ReLU that rounding turns over is seen; the float64 above is the exact word.
        assert torch.allclose(two.load_weights(20)[name], value, atol=1e-4), name
    for a, b in zip(read_metrics(one.path), read_metrics(two.path), strict=True):
        assert a.keys() == b.keys()
        assert [b[k] for k in a if k != "time"] == pytest.approx(
            [a[k] for k in a if k != "time"], rel=1e-3
        )
    attempts = read_json(two.path / "provenance.json")["attempts"]
    assert [attempt["processes"] for attempt in attempts] == [2]


class Act:
    """Progress that does something once, at a step."""

    def __init__(self, step: int, act: Any) -> None:
        self.step, self.act = step, act

    def start(self, spec: RunSpec, step: int) -> None:
        """Nothing."""

    def advance(self, step: int) -> None:
        """The thing."""
        if step == self.step:
            self.act()

    def epoch(self, step: int, epoch: int, metrics: dict[str, float]) -> None:
        """Nothing."""


def test_cut_and_resumed_on_two_processes_to_the_bit(
    tmp_path: Path, dataset: Dataset, two: RunFolder
) -> None:
    spec = two.spec
    cut = Act(8, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        train_on(TWO, spec, dataset, tmp_path, progress=cut)
    assert train_on(TWO, spec, dataset, tmp_path) == "done"
    results = [RunFolder(tmp_path, spec).result(), two.result()]
    assert results[0] is not None
    assert results[1] is not None
    assert results[0]["weights_sha256"] == results[1]["weights_sha256"]


# ---- accidents ----------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The ranks that are started."""
    found: list[subprocess.Popen[bytes]] = []
    start = teams.start
    monkeypatch.setattr(teams, "start", lambda *a: found.append(start(*a)) or found[-1])
    return found


def test_a_killed_rank_ends_the_attempt_and_not_the_run(
    tmp_path: Path, dataset: Dataset, started: list[subprocess.Popen[bytes]]
) -> None:
    kill = Act(4, lambda: started[0].kill())
    with pytest.raises(RankLost):
        train_on(TWO, groups(dataset), dataset, tmp_path, progress=kill)
    assert RunFolder(tmp_path, groups(dataset)).status() == "partial"
    assert not dist.is_initialized()


def test_a_loss_that_is_not_finite_fails_on_all_ranks(
    tmp_path: Path, dataset: Dataset, started: list[subprocess.Popen[bytes]]
) -> None:
    spec = groups(dataset, lr=1e30)
    assert train_on(TWO, spec, dataset, tmp_path) == "failed"
    assert [rank.returncode for rank in started] == [0]


@pytest.mark.parametrize(
    ("changes", "world", "cause"),
    [
        ({"bn_group": 0}, 3, "give a number that divides 16"),
        ({"bn_group": 8}, 4, "give at most 2 processes"),
    ],
)
def test_what_cannot_be_shared_is_said(
    dataset: Dataset, changes: dict[str, int], world: int, cause: str
) -> None:
    recipe = groups(dataset, **changes).recipe
    with pytest.raises(UserError, match=cause):
        check(recipe, build("resnet8"), Ranks(0, world))
    check(recipe, build("resnet8"), Ranks(0, 2))
    with pytest.raises(UserError, match="dropout"):
        check(recipe, build("resnet8-dropout-shortcut"), Ranks(0, 2))
    with pytest.raises(UserError, match="stochastic depth"):
        check(recipe, build("torchvision:convnext_tiny"), Ranks(0, 2))
