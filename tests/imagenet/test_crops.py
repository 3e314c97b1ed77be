"""Crops, colours and protocols against torchvision's own, and against the papers' arithmetic."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2

from resnet.data.imagenet import colour, crops
from resnet.data.imagenet.crops import scale_and_aspect_crop, scale_crop
from resnet.data.imagenet.decode import reduction
from resnet.randomness import generator
from tests.imagenet.photos import picture

SIZES = st.tuples(st.integers(20, 700), st.integers(20, 700))


@given(size=SIZES, seed=st.integers(0, 1000))
def test_scale_crops_lie_inside_and_show_what_the_paper_shows(
    size: tuple[int, int], seed: int
) -> None:
    height, width = size
    top, left, h, w = scale_crop(height, width, 224, (256, 480), generator(seed, "box"))
    assert h == w
    assert 0 <= top <= height - h
    assert 0 <= left <= width - w
    shorter = min(size)
    assert shorter * 224 / 480 - 1 <= h <= shorter * 224 / 256 + 1


@given(size=SIZES, seed=st.integers(0, 1000))
def test_scale_and_aspect_crops_keep_their_bounds(size: tuple[int, int], seed: int) -> None:
    height, width = size
    top, left, h, w = scale_and_aspect_crop(height, width, generator(seed, "box"))
    assert 0 <= top <= height - h
    assert 0 <= left <= width - w
    slack = 1 / min(h, w)  # whole pixels
    assert 3 / 4 - slack <= w / h <= 4 / 3 + slack or min(h, w) == min(size)


def test_scale_and_aspect_crops_are_torchvisions_in_distribution() -> None:
    mine = [scale_and_aspect_crop(400, 500, generator(0, "b", n)) for n in range(2000)]
    image = torch.empty(3, 400, 500)
    torch.manual_seed(0)
    theirs = (
        [v2.RandomResizedCrop.get_params(image, (0.08, 1), (3 / 4, 4 / 3)) for _ in mine]
        if (hasattr(v2.RandomResizedCrop, "get_params"))
        else [_theirs(image) for _ in mine]
    )
    for part in (0, 1, 2, 3):
        a, b = (np.array([box[part] for box in boxes]) for boxes in (mine, theirs))
        error = math.sqrt((a.var() + b.var()) / len(a))
        assert abs(a.mean() - b.mean()) < 4 * error


def _theirs(image: torch.Tensor) -> tuple[int, ...]:
    from torchvision.transforms import RandomResizedCrop

    return RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3])


@pytest.mark.parametrize("shape", [(120, 90), (90, 133), (64, 64)])
def test_the_centre_crop_is_torchvisions(shape: tuple[int, int]) -> None:
    from resnet.data.imagenet.views import _centre, _five

    pixels = np.array(picture(4, 1).resize(shape[::-1]))
    image = torch.from_numpy(pixels).permute(2, 0, 1)
    resize = v2.Resize(48, antialias=True)
    assert torch.equal(_centre(48, 40, pixels), v2.CenterCrop(40)(resize(image)))
    assert torch.equal(_five(48, 40, pixels), torch.stack(v2.FiveCrop(40)(resize(image))))


@settings(deadline=None)
@given(seed=st.integers(0, 50))
def test_jitter_is_torchvisions_in_its_own_order(seed: int) -> None:
    draw = generator(seed, "jitter")
    numbers = torch.from_numpy(np.stack([colour.draw_colours(draw) for _ in range(3)]))
    x = torch.rand(3, 3, 8, 9, generator=torch.Generator().manual_seed(seed)) / 4 + 0.3
    found = colour.jittered(x, numbers[:, 3:6], numbers[:, 6:9].long())
    adjust = [
        v2.functional.adjust_brightness,
        v2.functional.adjust_contrast,
        v2.functional.adjust_saturation,
    ]
    for image, row, mine in zip(x, numbers, found, strict=True):
        for kind in row[6:9].long().tolist():
            image = adjust[kind](image, float(row[3 + kind]))
        # torchvision clips to 0 to 1 in between, fb.resnet.torch does not: so pale a picture.
        assert torch.allclose(mine, image, atol=2e-3)


def test_lighting_adds_the_same_along_the_principal_components() -> None:
    x = torch.rand(2, 3, 5, 5)
    numbers = torch.zeros(2, colour.NUMBERS)
    numbers[:, 0] = torch.tensor([0.1, -0.2])
    added = colour.coloured(x, numbers, "lighting") - x
    first = torch.tensor([row[0] for row in colour.EIGENVECTORS]) * colour.EIGENVALUES[0]
    expected = numbers[:, :1] * first
    assert torch.allclose(added, expected.view(2, 3, 1, 1).expand_as(x), atol=1e-6)
    assert torch.equal(colour.coloured(x, numbers, "none"), x)


def test_the_components_are_orthonormal() -> None:
    vectors = torch.tensor(colour.EIGENVECTORS)
    assert torch.allclose(vectors.T @ vectors, torch.eye(3), atol=1e-3)


@given(have=st.integers(1, 4000), enough=st.integers(1, 300))
def test_decoding_leaves_as_many_pixels_as_are_needed(have: int, enough: int) -> None:
    scale = reduction(have, enough)
    assert scale in (1, 2, 4, 8)
    assert scale == 1 or have // scale >= enough
    assert scale == 8 or have // (2 * scale) < enough


def test_a_shrunk_box_stays_inside() -> None:
    for scale in (2, 4, 8):
        for height in (97, 128):
            small = -(-height // scale)
            for top in range(0, height - 64, 7):
                y, x, h, w = crops.shrunk((top, 0, 64, 64), scale, small, small)
                assert 0 <= y <= small - h
                assert h == w == 64 // scale
                assert x == 0
