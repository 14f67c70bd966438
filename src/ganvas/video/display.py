"""How a film's pictures are shown: turned and mirrored, of square pixels, and in which colours."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from .writer import Frame

# Numbers of the standard ITU-T H.273, and what PyAV calls the same matrices.
COLOR_MATRICES = {1: "ITU709", 4: "FCC", 5: "ITU601", 6: "ITU601", 7: "SMPTE240M", 9: "BT2020", 10: "BT2020"}
FULL_RANGE = 2
HDR_CURVES = (16, 18)  # PQ and HLG
HD_WIDTH, HD_HEIGHT = 1280, 576  # pixels; players take smaller films that say nothing for those of television (BT.601)
IDENTITY = (1, 0, 0, 1)


@dataclass(frozen=True, kw_only=True)
class Display:
    """How to show the frames of a film.

    Args:
        matrix: a, b, c, d: what is at (x, y) of a frame is shown at (a x + c y, b x + d y), apart from a shift.
        pixel_shape: width of a pixel by its height.
        color_matrix: from luma and chroma to RGB, by PyAV's name.
        is_full_range: whether black is 0 of 255, and not 16.
        has_alpha: whether there is transparency.
        is_hdr: whether colours are brighter than a usual screen's.
    """

    matrix: tuple[int, int, int, int]
    pixel_shape: float
    color_matrix: str
    is_full_range: bool
    has_alpha: bool
    is_hdr: bool

    @classmethod
    def of(cls, frame: Any, stream: Any) -> "Display":
        """Return how to show a frame of PyAV's, and those that follow it."""
        from av.video.reformatter import Colorspace

        name = frame.format.name
        is_rgb = frame.format.is_rgb or name == "pal8"
        is_high = frame.width >= HD_WIDTH or frame.height > HD_HEIGHT
        color_matrix = COLOR_MATRICES.get(frame.colorspace, "ITU709" if is_high else "ITU601")
        shape = stream.sample_aspect_ratio
        return cls(
            matrix=_display_matrix(frame),
            pixel_shape=float(shape) if shape and 0.1 < shape < 10 else 1.0,
            color_matrix=color_matrix
            if color_matrix in Colorspace.__members__
            else "ITU709",  # PyAV 15 may have no BT.2020
            is_full_range=is_rgb or name.startswith("yuvj") or frame.color_range == FULL_RANGE,
            has_alpha=any(component.is_alpha for component in frame.format.components),
            is_hdr=getattr(stream.codec_context, "color_trc", None) in HDR_CURVES,
        )

    @property
    def swaps_sides(self) -> bool:
        """Whether what is wide in the file is shown tall."""
        a, b, c, d = self.matrix
        return abs(b) + abs(c) > abs(a) + abs(d)

    def shown_size(self, frame: Any) -> tuple[int, int]:
        """Return (width, height) of a frame of PyAV's as it is shown."""
        width, height = max(1, round(frame.width * self.pixel_shape)), frame.height
        return (height, width) if self.swaps_sides else (width, height)

    def pixels(self, frame: Any, size: tuple[int, int]) -> Frame:
        """Return a frame of PyAV's upright at `size` (width, height): (H, W, 3), or (H, W, 4) with transparency."""
        width, height = size[::-1] if self.swaps_sides else size
        shrinks = width * height < frame.width * frame.height
        converted = frame.reformat(
            width=width,
            height=height,
            format="rgba" if self.has_alpha else "rgb24",
            src_colorspace=self.color_matrix,
            # PyAV 14 converts where they differ, whatever the second one means for RGB.
            dst_colorspace="ITU709" if self.color_matrix != "ITU709" else "ITU601",
            src_color_range="JPEG" if self.is_full_range else "MPEG",
            dst_color_range="JPEG",
            interpolation="AREA" if shrinks else "BICUBIC",
        )
        return np.ascontiguousarray(self._upright(converted.to_ndarray()))

    def _upright(self, pixels: Frame) -> Frame:
        a, b, c, d = self.matrix
        if self.swaps_sides:
            pixels, to_left, to_top = pixels.transpose(1, 0, 2), c < 0, b < 0
        else:
            to_left, to_top = a < 0, d < 0
        return pixels[:: -1 if to_top else 1, :: -1 if to_left else 1]


def _display_matrix(frame: Any) -> tuple[int, int, int, int]:
    """Return a, b, c, d of the matrix that comes with a frame (ISO 14496-12, 8.3.2)."""
    for side_data in frame.side_data:
        if side_data.type.name == "DISPLAYMATRIX":
            a, b, _u, c, d = struct.unpack_from("=5i", bytes(side_data))
            return a, b, c, d
    return IDENTITY
