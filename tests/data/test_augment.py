"""Batched augmentation equals the slow way: one image at a time, step by step."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet.data import Draw, Pipeline, Split, Stream
from resnet.errors import UserError

KINDS = [
    ("per-pixel mean", "zero"),
    ("channel", "zero"),
    ("channel", "black"),
    ("imagenet", "zero"),
    ("imagenet", "black"),
]
FORMATS = [torch.contiguous_format, torch.channels_last]


def some_split(n: int = 12, size: int = 8, seed: int = 0) -> Split:
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 256, (n, 3, size, size), dtype=np.uint8)
    return Split(torch.from_numpy(images), torch.from_numpy(draw.integers(0, 10, n)))


def statistics(split: Split, normalisation: str) -> tuple[np.ndarray, np.ndarray]:
    images = split.images.numpy().astype(np.float64) / 255
    if normalisation == "per-pixel mean":
        return images.mean(0).astype(np.float32), np.ones((3, 1, 1), np.float32)
    if normalisation == "channel":
        mean, std = images.mean((0, 2, 3)), images.std((0, 2, 3))
    else:
        mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    full = np.broadcast_to(mean.astype(np.float32)[:, None, None], images.shape[1:])
    return full, std.astype(np.float32)[:, None, None]


def slow(split: Split, kind: tuple[str, str], pad: int, draw: Draw) -> np.ndarray:
    """Normalise, pad with zeros (or pad with black, normalise), crop, flip: an image at a time."""
    mean, std = statistics(split, kind[0])
    size = split.images.shape[2]
    edges = ((0, 0), (pad, pad), (pad, pad))
    batch = []
    for index, dy, dx, flip in zip(draw.index, draw.dy, draw.dx, draw.flip, strict=True):
        image = split.images[int(index)].numpy().astype(np.float32) / np.float32(255)
        if kind[1] == "zero":
            padded = np.pad((image - mean) / std, edges)
        else:
            padded = (np.pad(image, edges) - mean[:, :1, :1]) / std
        crop = padded[:, dy : dy + size, dx : dx + size]
        batch.append(crop[:, :, ::-1] if flip else crop)
    return np.stack(batch)


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), pad=st.integers(0, 4), step=st.integers(0, 5))
def test_equals_the_slow_way_exactly(kind, memory_format, seed, pad, step):
    split = some_split(seed=seed)
    draw = Stream(seed, len(split), 7, pad).batch(step)
    pipeline = Pipeline(split, kind[0], pad, "cpu", memory_format, pad_value=kind[1])
    batch = pipeline.train(draw)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=memory_format)
    assert np.array_equal(batch.numpy(), slow(split, kind, pad, draw))
    assert pipeline.labels(draw).tolist() == [int(split.labels[i]) for i in draw.index]


def test_every_crop_and_flip_at_full_size():
    split = some_split(n=3, size=32)
    ways = [(y, x, f) for y in range(9) for x in range(9) for f in (False, True)]
    dy, dx, flip = (np.array(values) for values in zip(*ways, strict=True))
    draw = Draw(np.arange(len(ways)) % 3, dy, dx, flip)
    batch = Pipeline(split, pad=4).train(draw).numpy()
    assert np.array_equal(batch, slow(split, ("per-pixel mean", "zero"), 4, draw))


def test_padding_is_zero_after_the_per_pixel_mean():
    split = some_split(n=5)
    corner = Draw(np.arange(5), np.zeros(5, int), np.zeros(5, int), np.zeros(5, bool))
    batch = Pipeline(split, pad=4).train(corner)
    assert not batch[:, :, :4].any()
    assert not batch[:, :, :, :4].any()
    assert batch[:, :, 4:, 4:].any()


def test_tensors_on_the_device_do_as_well_as_arrays():
    pipeline, stream = Pipeline(some_split()), Stream(0, 12, 12, 4)
    sent = stream.epoch(0).to("cpu")
    assert torch.equal(pipeline.train(stream.batch(0)[3:9]), pipeline.train(sent[3:9]))
    assert torch.equal(pipeline.labels(stream.batch(0)), pipeline.labels(sent))


@pytest.mark.parametrize("memory_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_test_images_are_whole_upright_and_in_order(kind, memory_format):
    train, test = some_split(seed=1), some_split(n=10, seed=2)
    pipeline = Pipeline(train, kind[0], 4, "cpu", memory_format, pad_value=kind[1])
    batches = list(pipeline.test(test, 4))
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    assert all(x.is_contiguous(memory_format=memory_format) for x, _ in batches)
    assert torch.equal(torch.cat([y for _, y in batches]), test.labels)
    mean, std = statistics(train, kind[0])
    expected = (test.images.numpy().astype(np.float32) / np.float32(255) - mean) / std
    assert np.array_equal(torch.cat([x for x, _ in batches]).numpy(), expected)


def test_training_images_sum_to_zero_under_their_own_mean():
    split = some_split(n=50)
    (x, _), *_ = Pipeline(split).test(split, 50)
    assert x.mean(0).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("normalisation", "pad_value", "says"),
    [
        ("per pixel mean", "zero", "unknown normalisation 'per pixel mean': valid"),
        ("channel", "grey", "unknown pad value 'grey': valid: black, zero"),
        ("per-pixel mean", "black", "no value outside the image"),
    ],
)
def test_bad_words_are_named(normalisation, pad_value, says):
    with pytest.raises(UserError, match=says):
        Pipeline(some_split(), normalisation, pad_value=pad_value)
