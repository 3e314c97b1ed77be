"""Randomness by counter: every draw is a pure function of (seed, words), never of what came before.

So a resumed run needs no saved generator state, and two arms with the same seed see the same
images in the same order, cropped and flipped alike, and start from the same weights.
"""

import hashlib

import numpy as np


def key(seed: int, *words: int | str) -> int:
    """A 128-bit key for (seed, words). Seed 0 is a seed like any other."""
    text = "\x1f".join(str(word) for word in (seed, *words))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")


def generator(seed: int, *words: int | str) -> np.random.Generator:
    """A fresh generator for (seed, words): Philox, the same stream on every machine."""
    return np.random.Generator(np.random.Philox(key=key(seed, *words)))
