"""Loss surfaces: exact where they can be, restartable, and the same from any number of workers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from resnet.analysis import curvature
from resnet.analysis.directions import parameters, random_direction
from resnet.analysis.landscape import landscape, losses
from resnet.analysis.measure import Trained, measure, trained
from resnet.analysis.settings import Settings, chosen, default, forwards, text_of
from resnet.analysis.surface import (
    Grid,
    between,
    moved,
    put,
    score,
    steps,
    with_batch_statistics,
)
from resnet.analysis.surfaces import Landscape
from resnet.data import Dataset
from resnet.errors import UserError
from resnet.nets import build
from resnet.recipes import get
from resnet.runs import measures, table
from resnet.runs.spec import RunSpec
from resnet.training.step import evaluate
from resnet.training.train import train

X = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(1))
BATCHES = [(X[:10], torch.arange(10)), (X[10:], torch.arange(6))]


# ---- surfaces -----------------------------------------------------------------------------------


def test_the_centre_is_the_net_and_the_ends_of_a_line_are_its_ends() -> None:
    net, other = build("resnet8", 10).eval(), build("resnet8", 10, seed=1).eval()
    own, others = evaluate(net, BATCHES), evaluate(other, BATCHES)
    centre, probe = parameters(net), build("resnet8", 10, seed=2).eval()
    place = moved(centre, random_direction(net, 0, 0), random_direction(net, 0, 1))
    found = []
    for values in (place(0.0, 0.0), between(centre, parameters(other))(0.0, 0.0),
                   between(centre, parameters(other))(1.0, 0.0), place(0.5, 0.0)):  # fmt: skip
        put(probe, values)
        found.append(score(probe, BATCHES))
    assert found[0] == found[1] == (own["loss"], own["error"])
    assert found[2] == (others["loss"], others["error"])
    assert found[3] != found[0]


def test_batch_statistics_are_those_of_training_and_leave_no_trace() -> None:
    net = build("resnet8", 10)
    before = {name: buffer.clone() for name, buffer in net.named_buffers()}
    found = score(with_batch_statistics(net), BATCHES[:1])
    assert all(torch.equal(buffer, before[name]) for name, buffer in net.named_buffers())
    x, y = BATCHES[0]
    expected = nn.functional.cross_entropy(build("resnet8", 10).train()(x), y)
    assert found[0] == pytest.approx(float(expected.detach()), rel=1e-6)


def test_grids_have_their_middle_and_their_ends() -> None:
    side = steps(-1.0, 1.0, 5)
    assert side == (-1.0, -0.5, 0.0, 0.5, 1.0)
    assert steps(-0.3, 0.3, 51)[25] == 0.0
    assert steps(0.1, 0.7, 7)[::6] == (0.1, 0.7)
    grid = Grid(side, (2.0, 3.0))
    assert [grid.at(n) for n in (0, 4, 5, 9)] == [(-1.0, 2.0), (1.0, 2.0), (-1.0, 3.0), (1.0, 3.0)]
    assert len(grid) == 10


# ---- settings -----------------------------------------------------------------------------------


def test_settings_by_recipe_and_by_name() -> None:
    assert default(get("quick")) == Settings(9, 1.0, 256)
    assert default(get("paper")) == Settings(51, 1.0, 10_000)
    assert chosen(get("quick"), text_of(25, None)) == Settings(25, 1.0, 256)
    assert chosen(get("quick"), text_of(None, 0.5)) == Settings(9, 0.5, 256)
    assert chosen(get("quick"), text_of(5, 2.0)).label == "5x2"
    few = chosen(get("paper"), text_of(5, None, 500))
    assert (few, few.label) == (Settings(5, 1.0, 500), "5x1x500")
    assert chosen(get("paper"), few.label) == few
    assert chosen(get("quick"), text_of(None, None, 10**6)).images == get("quick").train_images
    assert forwards(get("paper"), "5x1x500") == 500 * (2 * 25 + 2 * 9 + 6)
    with pytest.raises(UserError, match="--images 0: give 1 or more"):
        text_of(None, None, 0)
    assert text_of(None, None) == ""
    assert forwards(get("quick")) == 256 * (2 * 81 + 2 * 17 + 6)
    for resolution, reach in ((4, None), (1, None), (None, 0.0), (None, float("nan"))):
        with pytest.raises(UserError, match=r"--resolution \d+: give an odd|--range \S+: give"):
            text_of(resolution, reach)


def test_a_measure_with_settings_is_another_measure() -> None:
    one = measures.get("landscape@25x1")
    assert (one.name, one.settings) == ("landscape@25x1", "25x1")
    assert measures.get("landscape").settings == ""
    with pytest.raises(UserError, match="unknown measure"):
        measures.get("signals@25x1")


# ---- a whole run --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset, spec: RunSpec) -> Trained:
    """A run that is done."""
    root = tmp_path_factory.mktemp("runs")
    train(spec, dataset, root, "test")
    return trained(spec, dataset, root)


SMALL = Settings(3, 1.0, 24)


def test_the_surfaces_of_a_run_meet_where_they_must(run: Trained) -> None:
    whole = Landscape(run, SMALL)
    assert whole.compute() == 2 * 9 + 2 * 5 + 6
    assert whole.compute() == 0
    batches = list(run.pipeline.test(run.data.train.at(np.arange(24)), 512))
    own = evaluate(run.net(), batches)["loss"]
    assert losses(whole, "surface")[1, 1] == losses(whole, "line")[0, 2] == own
    assert np.array_equal(losses(whole, "surface")[1], losses(whole, "line")[0, ::2])
    ends = [score(with_batch_statistics(run.net(step)), batches)[0] for step in (0, 20)]
    assert losses(whole, "path")[0, [0, -1]].tolist() == ends
    trajectory = losses(whole, "trajectory")[0]
    assert trajectory[[0, -1]].tolist() == ends
    for k, step in enumerate(run.spec.recipe.kept, start=1):
        found = score(with_batch_statistics(run.net(step)), batches)[0]
        assert trajectory[k] == found


def test_parts_and_restarts_equal_one_undisturbed_computation(
    run: Trained, dataset: Dataset, tmp_path: Path
) -> None:
    """Two parts, one of them cut and taken up by another object, beside one worker's whole."""
    whole = Landscape(run, SMALL)
    whole.compute()
    other = Landscape(Elsewhere(**vars(run), scratch_folder=tmp_path), SMALL)  # type: ignore[arg-type]
    for part in (1, 0):
        Landscape(other.trained, SMALL).compute(part, 2)
        for file in tmp_path.glob("*/00000.jsonl"):
            file.write_bytes(file.read_bytes()[:-30])
    assert Landscape(other.trained, SMALL).compute() > 0
    for name in whole.surfaces:
        assert other.points(name).known() == whole.points(name).known()


class Elsewhere(Trained):
    """A run whose measures keep their work in another folder."""

    def __init__(self, scratch_folder: Path, **values: object) -> None:
        super().__init__(**values)  # type: ignore[arg-type]
        object.__setattr__(self, "scratch_folder", scratch_folder)

    def scratch(self, name: str) -> Path:
        return self.scratch_folder  # type: ignore[attr-defined]


def test_the_measure_of_a_run(run: Trained, dataset: Dataset) -> None:
    root, spec = run.folder.path.parent, run.spec
    names = ["landscape@3x", "landscape@3x0.5"]
    measure(spec, dataset, root, names, say=lambda _: None)
    frame = table.history(root).set_index(["step", "key"])["value"]
    assert not frame.index.duplicated().any()
    whole = Landscape(run, chosen(spec.recipe, "3x"))
    surface = losses(whole, "surface")
    found = [frame[20, f"surface@3x1/loss/{n:04d}"] for n in range(9)]
    assert found == surface.ravel().tolist()
    assert [frame[20, f"surface@3x0.5/x/{n:04d}"] for n in range(3)] == [-0.5, 0.0, 0.5]
    assert frame[20, "surface@3x0.5/loss/0004"] == frame[20, "surface@3x1/loss/0004"]
    for (x, y), step in zip(whole.places, (0, *spec.recipe.kept), strict=True):
        assert [frame[step, f"trajectory@3x1/{axis}"] for axis in "xy"] == [x, y]
    assert 0 < frame[20, "trajectory@3x1/share-y"] < frame[20, "trajectory@3x1/share-x"] < 1
    assert table.load(root)["surface_negative_curvature"].isna().all()  # settings of one's own
    content = json.loads((run.folder.path / "measure-landscape@3x.json").read_text())
    assert content["values"] == {}


def test_images_that_are_asked_for_are_on_record_by_name_even_if_they_are_the_default(
    run: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resnet.analysis import landscape as module

    monkeypatch.setattr(module, "default", lambda recipe: SMALL)
    found = landscape(run, "3x1x24")
    assert found.values == {}
    assert sum(key.startswith("surface@3x1x24/loss/") for _, key, _ in found.rows) == 9


def test_settings_that_are_spelt_in_two_ways_are_on_record_once(
    run: Trained, dataset: Dataset
) -> None:
    names = ["landscape@3xx30", "landscape@3x1x30", "landscape@3x1.0x30"]
    for name in names:  # a call each
        measure(run.spec, dataset, run.folder.path.parent, [name], say=lambda _: None)
    found = [measures.read(run.folder.path, name) for name in names]
    assert [bool(one and one["rows"]) for one in found] == [True, False, False]
    rows = [tuple(row[:2]) for one in measures.of(run.folder.path) for row in one["rows"]]
    assert len(set(rows)) == len(rows)


def test_the_default_surface_gives_the_column(
    run: Trained, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resnet.analysis import landscape as module

    monkeypatch.setattr(module, "chosen", lambda recipe, text: SMALL)
    found = landscape(run)
    share = curvature.negative_share(losses(Landscape(run, SMALL), "surface"))
    assert found.values == {"surface_negative_curvature": share}
