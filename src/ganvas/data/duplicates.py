"""Find exact copies, look-alikes and blank pictures, by content hashes and small thumbnails."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .image_file import ImageInput, reading

EDGE_BYTES = 1 << 16  # bytes hashed at either end of a file
MAX_HASH_DISTANCE = 4  # of 64 bits, for two pictures that look alike
MAX_COLOR_DISTANCE = 4.0  # of 255, mean over both thumbnails: the hash alone is blind to colour
GRAY_TOLERANCE = 3.0  # of 255, mean range of a pixel's channels: JPEG tints grey a little
FLAT_TOLERANCE = 1.0  # of 255: neighbours that differ by no more have one colour
BLANK_STD = 2.0  # of 255: standard deviation below which a picture is blank


@dataclass(frozen=True, eq=False)
class ThumbnailStats:
    """Statistics of one decoded picture, scaled to 32 x 32.

    hash_bits: (64,) difference hash, 0 or 1: whether each pixel of an 8 x 8 copy is brighter than its right neighbour.
    thumbnail: (8, 8, 3) colours, 0 to 255.
    luma: (32, 32) brightness, 0 to 255.
    flat_fraction: share of pixels with the colour of their right neighbour: half in drawings, few in photographs.
    """

    gray: bool
    transparent: bool
    blank: bool
    hash_bits: npt.NDArray[np.float32]
    thumbnail: npt.NDArray[np.float32]
    luma: npt.NDArray[np.float32]
    flat_fraction: float


def thumbnail_stats(image: Image.Image) -> ThumbnailStats:
    """Return the statistics of an image (mode L, RGB or RGBA)."""
    transparent = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB").resize((32, 32), Image.Resampling.BOX)
    pixels = np.asarray(image, np.float32)
    grid = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), np.float32)
    return ThumbnailStats(
        gray=not transparent and float(np.ptp(pixels, axis=2).mean()) < GRAY_TOLERANCE,
        transparent=transparent,
        blank=float(pixels.std()) < BLANK_STD,
        hash_bits=(grid[:, :-1] > grid[:, 1:]).astype(np.float32).ravel(),
        thumbnail=np.asarray(image.resize((8, 8), Image.Resampling.BOX), np.float32),
        luma=np.asarray(image.convert("L"), np.float32),
        flat_fraction=float((np.abs(np.diff(pixels, axis=1)).max(2) <= FLAT_TOLERANCE).mean()),
    )


def find_lookalikes(stats: Mapping[str, ThumbnailStats]) -> list[tuple[str, str]]:
    """Return the pairs of names whose pictures look alike: one resized, saved again, or a frame later."""
    names = [name for name, picture in stats.items() if not picture.blank]
    if not names:
        return []
    hash_bits = np.stack([stats[name].hash_bits for name in names])
    only_in_first = hash_bits @ (1 - hash_bits).T  # bits set in the first of a pair and not in the second
    pairs = np.argwhere(np.triu(only_in_first + only_in_first.T <= MAX_HASH_DISTANCE, 1))
    return [
        (names[a], names[b])
        for a, b in pairs
        if np.abs(stats[names[a]].thumbnail - stats[names[b]].thumbnail).mean() <= MAX_COLOR_DISTANCE
    ]


def content_hash(source: ImageInput) -> int:
    """Return a 64-bit hash of a file's length and its first and last 64 KiB: the same for copies.

    Reading no more keeps a folder of large photographs fast. Two files that differ only in the middle do not occur.

    Raises:
        UnreadableImageError: the file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    if isinstance(source, Path):
        with reading(source, ""), source.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            digest.update(file.read(EDGE_BYTES))
            file.seek(max(EDGE_BYTES, size - EDGE_BYTES))
            digest.update(file.read(EDGE_BYTES))
    else:
        content = source if isinstance(source, bytes) else source.tobytes()
        size = len(content)
        digest.update(content[:EDGE_BYTES] + content[max(EDGE_BYTES, size - EDGE_BYTES) :])
    digest.update(size.to_bytes(8, "little"))
    return int.from_bytes(digest.digest(), "little")
