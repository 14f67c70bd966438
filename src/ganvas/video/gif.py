"""Films as GIF: one palette for all frames and a pattern that stands still, so that nothing flickers."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.GifImagePlugin import getdata

from ..image_io import description
from .container import on_white
from .writer import FilmFile, Frame, spread

COLORS = 255  # of the palette's 256; the last stands for what is transparent
TRANSPARENT = 255
PREVIEW_SIDE = 128  # pixels, of the frames from which colours are taken
KMEANS_ROUNDS = 3
MET = 4  # levels of 255, up to which a pixel's own colour is in the palette: a white ground stays plain
REPLACE, KEEP = 2, 1  # what happens to a frame when the next one comes


class GifFilm(FilmFile):
    """GIF that repeats for ever. Colours that the palette has not are shown by an ordered pattern (Bayer 1973).

    Error diffusion would make another pattern in each frame: still grounds would boil.
    """

    def _open(self) -> None:
        settings = self.settings
        self.palette = make_palette(settings.preview)
        table = np.zeros((256, 3), np.uint8)
        table[: len(self.palette)] = self.palette
        self.file.write(b"GIF89a" + struct.pack("<HHBBB", settings.width, settings.height, 0xF7, 0, 0))
        self.file.write(table.tobytes())
        self.file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0")  # repeat for ever
        self.file.write(b"\x21\xfe" + _sub_blocks(description(settings.metadata).encode("ascii")))
        self.reference = Image.new("P", (1, 1))
        self.reference.putpalette(self.palette.tobytes())
        self.spacing = color_spacing(self.palette)

    def _write(self, frame: Frame) -> None:
        height, width = frame.shape[:2]
        colors = on_white(frame)
        dithered = (colors + bayer(height, width)[:, :, None] * self.spacing).round().clip(0, 255).astype(np.uint8)
        plain, patterned = self._nearest(colors), self._nearest(dithered)
        is_met = np.abs(self.palette[plain].astype(np.int16) - colors).max(2) <= MET
        indices = np.where(is_met, plain, patterned)
        if self.settings.has_alpha:
            indices[frame[:, :, 3] < 128] = TRANSPARENT
        image = Image.fromarray(indices)
        _, hundredths = spread(self.frames, self.settings.fps, 100)
        has_alpha = self.settings.has_alpha
        flags = (REPLACE if has_alpha else KEEP) << 2 | has_alpha
        self.file.write(b"\x21\xf9\x04" + struct.pack("<BHBB", flags, hundredths, TRANSPARENT, 0))
        self.file.write(b"".join(getdata(image)))

    def _nearest(self, colors: Frame) -> npt.NDArray[np.uint8]:
        """Return the index (H, W) of the palette's colour that is nearest to each pixel of an RGB frame."""
        return np.asarray(Image.fromarray(colors).quantize(palette=self.reference, dither=Image.Dither.NONE))

    def _finish(self) -> None:
        self.file.write(b"\x3b")


def make_palette(frames: Sequence[Frame]) -> npt.NDArray[np.uint8]:
    """Return at most `COLORS` colours (N, 3) that stand for those of some frames."""
    tiles = []
    for frame in frames:
        image = Image.fromarray(on_white(frame))
        image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        tiles.append(np.asarray(image).reshape(-1, 3))
    pixels = np.concatenate(tiles)[None]
    quantized = Image.fromarray(pixels).quantize(COLORS, Image.Quantize.MEDIANCUT, kmeans=KMEANS_ROUNDS)
    return np.array(quantized.getpalette(), np.uint8).reshape(-1, 3)[:COLORS]


def color_spacing(palette: npt.NDArray[np.uint8]) -> float:
    """Return how far the colours of a palette lie from the nearest other one, on average, in each channel."""
    colors = np.unique(palette, axis=0).astype(np.float32)
    if len(colors) < 2:
        return 0.0
    distances = np.linalg.norm(colors[:, None] - colors[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(1).mean()) / 3**0.5


def bayer(height: int, width: int) -> npt.NDArray[np.float32]:
    """Return the thresholds of ordered dithering (H, W) in (-0.5, 0.5): an 8 x 8 matrix, repeated."""
    matrix = np.zeros((1, 1))
    for _ in range(3):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    thresholds = ((matrix + 0.5) / 64 - 0.5).astype(np.float32)
    return np.tile(thresholds, (-(-height // 8), -(-width // 8)))[:height, :width]


def _sub_blocks(content: bytes) -> bytes:
    """Return data in blocks of at most 255 bytes, each behind its length, and an empty one at the end."""
    parts = [content[start : start + 255] for start in range(0, len(content), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
