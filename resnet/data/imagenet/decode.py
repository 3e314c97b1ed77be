"""JPEG to pixels, by the fastest decoder on this machine; none of them changes a pixel.

All decoders are libjpeg-turbo inside and give the same pixels (a test compares them), so which
one is at work is no part of a run's identity. What the fast ones refuse (CMYK, PNG, odd markers)
goes to PIL, whose word on whether a file is whole is the last.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np

from resnet.errors import UserError, first_line, unknown

DECODERS = ("simplejpeg", "torchvision", "pil")
"""From fast to slow, as `python -m benchmarks decode` measures them."""
ENV = "RESNET_DECODER"
SCALES = (8, 4, 2)
COLOURS = {1: "L", 3: "RGB"}


class CorruptImage(Exception):
    """Bytes that are no whole image; the message says what is wrong."""


def chosen() -> str:
    """The decoder that is asked for (--decoder, $RESNET_DECODER), else the fastest one here.

    Raises:
        UserError: one that is unknown or not installed.
    """
    asked = os.environ.get(ENV)
    if not asked:
        return next(name for name in DECODERS if is_here(name))
    if asked not in DECODERS:
        raise unknown("decoder", asked, DECODERS)
    if not is_here(asked):
        raise UserError(f"the decoder '{asked}' is not installed: pip install {asked}")
    return asked


@cache
def is_here(name: str) -> bool:
    """Whether that decoder can be used."""
    return name == "pil" or find_spec(name) is not None


def decode(content: bytes, scale: int = 1, decoder: str | None = None) -> np.ndarray:
    """One image file as uint8 RGB [H, W, 3]; grey ones get three equal channels.

    Args:
        content: the file's bytes.
        scale: 1, 2, 4 or 8: a JPEG comes at 1/scale of its size (rounded up), which costs less;
            what is no JPEG comes whole.
        decoder: one of DECODERS; None for `chosen()`.

    Raises:
        CorruptImage: the file is cut, or no image.
    """
    name = chosen() if decoder is None else decoder
    frame = header(content)
    if name == "pil" or frame is None or frame[2] not in COLOURS:
        return _pil(content, scale)
    try:
        return FAST[name](content, frame, scale)
    except Exception:  # each has its own idea of a flaw; PIL decides whether it matters
        return _pil(content, scale)


def reduction(have: int, enough: int) -> int:
    """The greatest scale of decoding at which `have` pixels are still `enough`."""
    return next((scale for scale in SCALES if have // scale >= enough), 1)


def header(content: bytes) -> tuple[int, int, int] | None:
    """(height, width, channels) from a JPEG's frame header; None where it says none of a size."""
    place, end = 2, len(content) - 9
    if content[:2] != b"\xff\xd8":
        return None
    while place < end:
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:  # fill bytes
            place += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(content[place + 5 : place + 7], "big")
            width = int.from_bytes(content[place + 7 : place + 9], "big")
            return (height, width, content[place + 9]) if height and width else None
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None


def _pil(content: bytes, scale: int) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            if scale > 1 and image.format == "JPEG" and image.mode in COLOURS.values():
                # "At least this size": any more, and PIL would not scale down so far.
                image.draft(None, (image.width // scale, image.height // scale))
            return np.array(image.convert("RGB"))
    except Exception as error:  # PIL raises many kinds for a broken file
        raise CorruptImage(first_line(error)) from None


def _torchvision(content: bytes, frame: tuple[int, int, int], scale: int) -> np.ndarray:
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg

    if scale > 1:  # it has no scaled decoding
        return _pil(content, scale)
    data = torch.from_numpy(np.frombuffer(bytearray(content), np.uint8))
    return decode_jpeg(data, ImageReadMode.RGB).permute(1, 2, 0).numpy()


def _simplejpeg(content: bytes, frame: tuple[int, int, int], scale: int) -> np.ndarray:
    import simplejpeg

    if scale == 1:
        return simplejpeg.decode_jpeg(content, "RGB")
    height, width = (-(-side // scale) for side in frame[:2])
    return simplejpeg.decode_jpeg(content, "RGB", min_height=height, min_width=width, min_factor=1)


FAST: dict[str, Callable[[bytes, tuple[int, int, int], int], np.ndarray]] = {
    "torchvision": _torchvision,
    "simplejpeg": _simplejpeg,
}
