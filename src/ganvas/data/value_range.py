"""The numbers that stand for black and for white, where these are not 0 and 255. All pictures of a set share them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..config.numbers import number_text
from ..translation import _

ROWS = 64  # of a picture that are converted at a time


class ValueRange(NamedTuple):
    """The numbers that stand for black and for white."""

    low: float
    high: float

    @property
    def words(self) -> str:
        """The range in words."""
        return _("{low} as black to {high} as white").format(low=number_text(self.low), high=number_text(self.high))

    def to_uint8(self, array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Return `array` with `low` to `high` as 0 to 255. What is beyond is cut off; what is no number is black."""
        factor = 255 / max(self.high - self.low, 1e-12)
        converted = np.empty(array.shape, np.uint8)
        for start in range(0, len(array), ROWS):  # all at once would take 80 bytes a pixel
            numbers = array[start : start + ROWS].astype(np.float64)
            numbers -= self.low
            numbers *= factor
            np.nan_to_num(numbers, copy=False, nan=0.0).clip(0, 255, out=numbers)
            converted[start : start + ROWS] = numbers.round(out=numbers)
        return converted


UINT8 = ValueRange(0.0, 255.0)
# Floats as programs write them; 8 bits; what cameras, scanners and microscopes put into 16 bits.
COMMON_RANGES = (
    ValueRange(0.0, 1.0),
    ValueRange(-1.0, 1.0),
    UINT8,
    *(ValueRange(0.0, 2.0**bits - 1) for bits in (10, 12, 14, 16)),
)


def range_of(arrays: Iterable[npt.NDArray[Any]]) -> ValueRange | None:
    """Return the first common range that all numbers of `arrays` are in, else that of the numbers themselves.

    What is no number, or infinite, is passed over. None if nothing is left.
    """
    low, high = np.inf, -np.inf
    for array in arrays:
        finite = array if array.dtype.kind in "bui" else array[np.isfinite(array)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return None
    found = next((each for each in COMMON_RANGES if each.low <= low and high <= each.high), None)
    return found or ValueRange(low, high)
