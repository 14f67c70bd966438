"""How a painting is made: from coarse to fine, at each size in as many steps and as large blocks as can be had."""

import math
from dataclasses import dataclass

from ..config import StyleConfig
from ..errors import UnfitPictureError

SMALLEST = 127  # the first size is at most this many pixels long: the whole composition fits the network's view
USUAL = 512  # pixels at which `iterations` are meant
FEWER = 1.6  # times as many steps at half the size, where each costs a quarter
SIDES = (0, 1024, 512, 256, 128)  # of blocks; 0 is the whole picture
# Bytes, measured on a processor: of Python, torch and the network's weights; for each pixel of a block; for each of the
# picture, by what the optimiser looks back on. What is kept of the content comes on top.
FIXED, OF_BLOCK = 700 << 20, 2400
OF_PICTURE = {"lbfgs": 12 * (22 + 2 * 20), "adam": 12 * 10}


@dataclass(frozen=True)
class Stage:
    """Hold one size of the painting: (width, height), steps, the optimiser, and a block's side, 0 for the whole."""

    size: tuple[int, int]
    iterations: int
    optimiser: str
    side: int

    @property
    def long_side(self) -> int:
        """Return the pixels of the longer side."""
        return max(self.size)

    @property
    def cost(self) -> float:
        """Return what a step costs, in pixels."""
        return float(self.size[0] * self.size[1])


def stages(shape: tuple[int, int], config: StyleConfig, memory: int, halo: int, kept: float) -> list[Stage]:
    """Return the stages of a painting, coarse to fine: each twice as large as the one before.

    Large strokes are found on a small picture, where a step costs little; the large one adds the fine ones.

    Args:
        shape: (width, height) of the content.
        memory: bytes that may be used.
        halo: pixels around a block that are looked at with it.
        kept: bytes that are kept of the content for each of its pixels.

    Raises:
        UnfitPictureError: not even the smallest blocks fit.
    """
    long_sides = [config.size]
    while long_sides[0] > SMALLEST:
        long_sides.insert(0, long_sides[0] // 2)
    finest_first = [_stage(scaled(shape, each), config, memory, halo, kept) for each in reversed(long_sides)]
    return finest_first[::-1]


def scaled(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return (width, height) with the shape of `size`, `long_side` pixels on the longer side, at least one across."""
    factor = long_side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def needed(size: tuple[int, int], optimiser: str, side: int, halo: int, kept: float) -> int:
    """Return about how many bytes a stage takes."""
    width, height = size
    reach = side + 2 * halo if side else max(size)
    whole = (OF_PICTURE[optimiser] + kept) * width * height
    return round(FIXED + whole + OF_BLOCK * min(width, reach) * min(height, reach))


def _stage(size: tuple[int, int], config: StyleConfig, memory: int, halo: int, kept: float) -> Stage:
    """Return the stage of one size: as asked if that fits, else in blocks, else with the optimiser that needs least."""
    steps = max(1, round(config.iterations * FEWER ** math.log2(USUAL / max(size))))
    for optimiser in dict.fromkeys((config.optimiser, "adam")):
        for side in SIDES:
            if needed(size, optimiser, side, halo, kept) <= memory:
                return Stage(size, steps, optimiser, side)
    least, most = (each / 2**30 for each in (needed(size, "adam", SIDES[-1], halo, kept), memory))
    raise UnfitPictureError(
        f"A painting of {size[0]} x {size[1]} pixels takes {least:.1f} GB, and {most:.1f} may be used.",
        "Try a smaller --size, or a larger --memory.",
    )
