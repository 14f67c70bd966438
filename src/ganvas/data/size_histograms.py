"""Histograms of image sizes, and the quantiles that describe them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .image_file import ImageHeader

MAX_SIDE = 1 << 16  # pixels; longer sides share the last bin
MAX_ASPECT = 10_000  # percent of width over height; more oblong images share the last bin


class Quantiles(NamedTuple):
    """Minimum, 10 % quantile, median, 90 % quantile and maximum of many numbers."""

    least: float
    low: float
    middle: float
    high: float
    greatest: float


class SizeHistograms:
    """Histograms of widths, heights, short sides (pixels) and shapes (width over height). Memory stays constant."""

    def __init__(self) -> None:
        self.count = 0
        self._widths, self._heights, self._short_sides = (np.zeros(MAX_SIDE, np.int64) for _ in range(3))
        self._shapes = np.zeros(MAX_ASPECT + 1, np.int64)

    def add(self, width: int, height: int) -> None:
        """Count one image."""
        self.count += 1
        sides = ((self._widths, width), (self._heights, height), (self._short_sides, min(width, height)))
        for histogram, side in sides:
            histogram[min(side, MAX_SIDE - 1)] += 1
        self._shapes[min(round(100 * width / height), MAX_ASPECT)] += 1

    @property
    def widths(self) -> Quantiles:
        """Return the quantiles of the widths in pixels."""
        return quantiles(self._widths)

    @property
    def heights(self) -> Quantiles:
        """Return the quantiles of the heights in pixels."""
        return quantiles(self._heights)

    @property
    def short_sides(self) -> Quantiles:
        """Return the quantiles of the shorter sides in pixels."""
        return quantiles(self._short_sides)

    @property
    def shapes(self) -> Quantiles:
        """Return the quantiles of width over height, to two decimals."""
        return Quantiles(*(percent / 100 for percent in quantiles(self._shapes)))


def upright_size(header: ImageHeader) -> tuple[int, int]:
    """Return the width and height of an image after EXIF has turned it upright."""
    return (header.width, header.height) if header.orientation < 5 else (header.height, header.width)


def quantiles(histogram: npt.NDArray[np.int64]) -> Quantiles:
    """Return the quantiles of a histogram whose bin i counts the value i."""
    cumulative = np.cumsum(histogram)
    ranks = np.array([0, 0.1, 0.5, 0.9, 1]) * max(cumulative[-1] - 1, 0)
    return Quantiles(*(float(np.searchsorted(cumulative, rank, side="right")) for rank in ranks))
