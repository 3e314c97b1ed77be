"""Folders as users have them, and every mistake in them named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from resnet.data.imagenet import index
from resnet.data.imagenet.listing import read
from resnet.data.imagenet.truth import TRUTH
from resnet.data.imagenet.wnids import VAL, wnids
from resnet.data.names import DataUnavailable
from resnet.errors import UserError
from tests.imagenet.photos import CLASSES, dataset, write


def test_the_ids_are_in_torchvisions_order() -> None:
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    names = dict(zip(wnids(), _IMAGENET_CATEGORIES, strict=True))
    assert list(wnids()) == sorted(set(wnids()))
    known = {"n01440764": "tench", "n02099601": "golden retriever", "n02123045": "tabby"}
    assert {wnid: names[wnid] for wnid in known} == known


def test_labels_follow_the_order_of_the_ids(folder: Path) -> None:
    found = dataset(folder)
    assert found.classes == CLASSES
    assert found.train.labels.tolist() == np.repeat(np.arange(4), 6).tolist()
    assert all(
        found.train.path(n).parent.name == CLASSES[found.train.labels[n]]
        for n in range(len(found.train))
    )
    assert found.copy == "part: 4 of 1,000 classes, 24 images"


def test_the_index_is_kept_until_a_folder_changes(tmp_path: Path) -> None:
    said: list[str] = []
    write(tmp_path / "data", 2, 1)
    first = index.open_index(tmp_path / "data", said.append)
    assert index.digest(index.open_index(tmp_path / "data", said.append)) == index.digest(first)
    assert len(said) == 1
    source = tmp_path / "data" / "train" / CLASSES[0]
    shutil.copy(source / f"{CLASSES[0]}_0.JPEG", source / "another.JPEG")
    changed = index.open_index(tmp_path / "data", said.append)
    assert len(said) == 2
    assert index.digest(changed) != index.digest(first)


def flat(root: Path) -> list[Path]:
    """Turn val/<wnid>/ under `root` into a flat val/; the files in the order of their numbers."""
    files = sorted(root.glob("val/*/*.JPEG"), key=lambda path: (path.stem[-1], path.parent.name))
    for number, path in enumerate(files, start=1):
        path.rename(root / "val" / f"ILSVRC2012_val_{number:08d}.JPEG")
    for wnid in CLASSES:
        (root / "val" / wnid).rmdir()
    return files


def test_a_flat_val_with_the_devkit(tmp_path: Path) -> None:
    files = flat(write(tmp_path))
    kit = tmp_path / "ILSVRC2012_devkit_t12" / "data"
    kit.mkdir(parents=True)
    # The devkit numbers the classes in an order of its own: here backwards.
    ids = {wnid: 1000 - number for number, wnid in enumerate(wnids())}
    rows = np.array(
        [(number, wnid) for wnid, number in ids.items()],
        dtype=[("ILSVRC2012_ID", object), ("WNID", object)],
    )
    savemat(kit / "meta.mat", {"synsets": rows})
    truth = [ids[path.parent.name] for path in files] + [1] * (VAL - len(files))
    (kit / TRUTH).write_text("\n".join(map(str, truth)))
    listing = read(tmp_path / "val")
    assert [wnid.decode() for wnid in listing.wnids] == sorted(p.parent.name for p in files)
    assert len(dataset(tmp_path).test) == 8


def test_a_flat_val_with_kaggles_table(tmp_path: Path) -> None:
    files = flat(write(tmp_path))
    lines = [
        f"ILSVRC2012_val_{n:08d},{path.parent.name} 1 2 3 4 " for n, path in enumerate(files, 1)
    ]
    (tmp_path / "LOC_val_solution.csv").write_text("\n".join(["ImageId,PredictionString", *lines]))
    assert dataset(tmp_path).test.labels.bincount().tolist() == [2, 2, 2, 2]


def test_a_flat_val_alone_says_what_is_missing(tmp_path: Path) -> None:
    flat(write(tmp_path))
    with pytest.raises(UserError, match=TRUTH):
        dataset(tmp_path)


def test_a_ground_truth_without_its_meta_says_so(tmp_path: Path) -> None:
    flat(write(tmp_path))
    (tmp_path / TRUTH).write_text("1\n" * VAL)
    with pytest.raises(UserError, match=r"meta\.mat is missing"):
        dataset(tmp_path)


def break_it(root: Path, how: str) -> str:
    """Spoil the folder; what the message must name."""
    victim = root / "train" / CLASSES[1] / f"{CLASSES[1]}_0.JPEG"
    if how == "empty file":
        victim.write_bytes(b"")
        return f"{CLASSES[1]}_0.JPEG (empty)"
    if how == "text":
        victim.write_text("not found")
        return f"{CLASSES[1]}_0.JPEG (not a JPEG)"
    if how == "dangling link":
        victim.unlink()
        victim.symlink_to(root / "nowhere.JPEG")
        return f"{CLASSES[1]}_0.JPEG (no such file"
    if how == "empty class":
        shutil.rmtree(root / "train" / CLASSES[2])
        (root / "train" / CLASSES[2]).mkdir()
        return CLASSES[2]
    if how == "strange class":
        (root / "train" / "dogs").mkdir()
        return "dogs"
    if how == "one split":
        shutil.rmtree(root / "val" / CLASSES[3])
        return CLASSES[3]
    shutil.rmtree(root / "train")
    return "no train/ folder"


@pytest.mark.parametrize(
    "how",
    ["empty file", "text", "dangling link", "empty class", "strange class", "one split", "none"],
)
def test_what_is_wrong_is_named_before_training(tmp_path: Path, how: str) -> None:
    named = break_it(write(tmp_path, 2, 1), how)
    with pytest.raises(UserError) as caught:
        dataset(tmp_path)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_photographs_at_all_lets_another_set_serve(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match="synthetic-photographs"):
        dataset(tmp_path)
