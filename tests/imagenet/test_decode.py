"""Every decoder gives the same pixels, and the same verdict on a file that is not whole."""

import io

import numpy as np
import pytest
from PIL import Image

from resnet.data.imagenet import decode
from resnet.data.imagenet.decode import CorruptImage
from resnet.errors import UserError
from tests.imagenet.photos import jpeg, picture

HERE = [name for name in decode.DECODERS if decode.is_here(name)]
COLOUR = picture(3, 0)
KINDS = {
    "colour": jpeg(COLOUR),
    "no chroma subsampling": jpeg(COLOUR, subsampling=0),
    "progressive": jpeg(COLOUR, progressive=True),
    "grey": jpeg(COLOUR.convert("L")),
    "cmyk": jpeg(COLOUR.convert("CMYK")),
}


def usual(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("kind", KINDS)
def test_no_decoder_changes_a_pixel(name: str, kind: str) -> None:
    assert np.array_equal(decode.decode(KINDS[kind], decoder=name), usual(KINDS[kind]))


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("size", [(128, 128), (99, 131), (130, 97)])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_scaled_decoding_is_the_same_by_all(name: str, size: tuple[int, int], scale: int) -> None:
    content = jpeg(COLOUR.resize(size))
    found = decode.decode(content, scale, name)
    assert found.shape == (-(-size[1] // scale), -(-size[0] // scale), 3)
    assert np.array_equal(found, decode.decode(content, scale, "pil"))


@pytest.mark.parametrize("name", HERE)
def test_a_png_that_is_called_jpeg_is_read(name: str) -> None:
    stream = io.BytesIO()
    COLOUR.save(stream, "PNG")
    assert np.array_equal(decode.decode(stream.getvalue(), 2, name), np.asarray(COLOUR))


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"text", KINDS["colour"][:900]])
def test_a_cut_file_is_corrupt_to_all(name: str, content: bytes) -> None:
    with pytest.raises(CorruptImage):
        decode.decode(content, decoder=name)


@pytest.mark.parametrize("name", HERE)
@pytest.mark.parametrize("size", [(0, 128), (128, 0)])
def test_a_header_without_a_size_is_none(name: str, size: tuple[int, int]) -> None:
    content = KINDS["colour"]
    frame = content.index(b"\xff\xc0") + 5
    content = content[:frame] + b"".join(n.to_bytes(2, "big") for n in size) + content[frame + 4 :]
    assert decode.header(content) is None
    with pytest.raises(CorruptImage):
        decode.decode(content, decoder=name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_says_what_the_pixels_are(kind: str) -> None:
    image = Image.open(io.BytesIO(KINDS[kind]))
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[image.mode]
    assert decode.header(KINDS[kind]) == (image.height, image.width, channels)


def test_an_unknown_decoder_gets_the_valid_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESNET_DECODER", "opencv")
    with pytest.raises(UserError, match="torchvision"):
        decode.chosen()


def test_the_asked_for_decoder_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESNET_DECODER", "pil")
    assert decode.chosen() == "pil"
    monkeypatch.delenv("RESNET_DECODER")
    assert decode.chosen() == HERE[0]
