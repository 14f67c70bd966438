"""When two pictures are the same, look the same, or show nothing: small fingerprints of files and of what they show."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .decode import Raw

EDGE = 1 << 16  # bytes at either end of a file that tell it from others of the same length
BITS_APART = 4  # of 64, for two pictures that look alike
LEVELS_APART = 4.0  # of 255, mean over small copies of both: the hash alone is blind to colour
GREY_SPREAD = 3.0  # of 255, mean distance between a pixel's channels: JPEG tints grey a little
LEVEL = 1.0  # of 255: spots that differ by no more have one colour
BLANK = 2.0  # of 255, standard deviation of a picture that shows nothing


@dataclass(frozen=True, eq=False)
class Look:
    """Hold what is to be known of one decoded picture.

    bits: (64,) its difference hash, 0 or 1: whether each spot of an 8 x 8 copy is brighter than the next to its right.
    small: (8, 8, 3) its colours, 0 to 255.
    flat: share of its spots with the colour of the next to their right: half in drawings, hardly any in photographs.
    """

    grey: bool
    transparent: bool
    blank: bool
    bits: npt.NDArray[np.float32]
    small: npt.NDArray[np.float32]
    flat: float


def look(image: Image.Image) -> Look:
    """Return the look of a picture (mode L, RGB or RGBA)."""
    transparent = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB").resize((32, 32), Image.Resampling.BOX)
    pixels = np.asarray(image, np.float32)
    spots = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.float32)
    return Look(
        grey=not transparent and float(np.ptp(pixels, axis=2).mean()) < GREY_SPREAD,
        transparent=transparent,
        blank=float(pixels.std()) < BLANK,
        bits=(spots[:, :-1] > spots[:, 1:]).astype(np.float32).ravel(),
        small=np.asarray(image.resize((8, 8), Image.Resampling.BOX), np.float32),
        flat=float((np.abs(np.diff(pixels, axis=1)).max(2) <= LEVEL).mean()),
    )


def alike(looks: Mapping[str, Look]) -> list[tuple[str, str]]:
    """Return the pairs of names whose pictures look alike: the same one resized, saved again, or a frame later."""
    names = [name for name, each in looks.items() if not each.blank]
    if not names:
        return []
    bits = np.stack([looks[name].bits for name in names])
    apart = bits @ (1 - bits).T  # bits that are set in the one and not in the other
    pairs = np.argwhere(np.triu(apart + apart.T <= BITS_APART, 1))
    return [
        (names[a], names[b])
        for a, b in pairs
        if np.abs(looks[names[a]].small - looks[names[b]].small).mean() <= LEVELS_APART
    ]


def content_hash(source: Raw) -> int:
    """Return 64 bits made of a file's length and its first and last 64 KiB: the same for copies.

    Reading no more keeps a folder of large photographs quick; that two differ only in the middle does not happen.
    """
    digest = hashlib.blake2b(digest_size=8)
    if isinstance(source, Path):
        with source.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            digest.update(file.read(EDGE))
            file.seek(max(EDGE, size - EDGE))
            digest.update(file.read(EDGE))
    else:
        content = source if isinstance(source, bytes) else source.tobytes()
        size = len(content)
        digest.update(content[:EDGE] + content[max(EDGE, size - EDGE) :])
    digest.update(size.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")
