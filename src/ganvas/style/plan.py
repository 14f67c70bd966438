"""How a painting is made: from coarse to fine, at each size in as many steps and as large blocks as can be had."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..config import StyleConfig
from ..errors import UnfitPictureError
from ..models.vgg import VGG
from .optimise import LBFGS

SMALLEST = 127  # the first size is at most this many pixels long: the whole composition fits the network's view
USUAL = 512  # pixels at which `iterations` are meant
FEWER = 1.6  # times as many steps at half the size, where each costs a quarter
SIDES = (0, 1024, 768, 512, 384, 256, 128)  # of blocks; 0 is the whole picture
FIXED = 640 << 20  # bytes, measured on a processor: of Python, torch and the network's weights
# Bytes for each pixel of a block that is looked at, measured as well (910, with maxima 1,550, with patches 1,560, with
# both 2,030): on the way to one gradient; more with maxima, of which all is kept, and with patches, for each region.
ON_THE_WAY, OF_MAXIMA, OF_PATCHES = 1000, 600, 650
MEASURED = {*StyleConfig.content_layers, *StyleConfig.style_layers}  # layers that were looked at there
# Bytes for each pixel of the picture: of itself, of a style, and of a region on all layers: its mask, and which patches
# answer.
OF_PICTURE, OF_STYLE, OF_MASK, OF_MATCHES = 12, 12, 6, 11


@dataclass(frozen=True)
class Appetite:
    """Say what looking takes, beside the optimiser.

    Args:
        halo: pixels around a block that are looked at with it.
        of_block: bytes for each pixel that is looked at together.
        kept: bytes that are kept for each pixel of the picture.
        shapes: bytes for each of its pixels that its own features take, kept where it is looked at as a whole.
        held: bytes of the pictures that it is painted from.
    """

    halo: int
    of_block: float
    kept: float
    shapes: float
    held: int = 0


def appetite_of(
    config: StyleConfig, encoder: VGG, contents: Iterable[str], styles: Sequence[float], masked: bool, held: int
) -> Appetite:
    """Return what an encoder takes.

    Args:
        contents: layers that the content's shapes are compared at.
        styles: pixels of each style for one of the painting.
        masked: whether there are regions, or what is transparent.
        held: bytes of the pictures that are painted from.
    """
    regions = len(styles) if masked else 1
    of_block = ON_THE_WAY + OF_MAXIMA * (config.pooling == "max") + encoder.bytes_of({*encoder.layers} - MEASURED)
    kept = OF_PICTURE + OF_STYLE * sum(styles) + OF_MASK * regions * masked
    if config.statistics == "patches":
        of_block += OF_PATCHES * regions
        kept += OF_MATCHES * regions
    return Appetite(encoder.halo, of_block, kept, encoder.bytes_of(contents), held)


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


def stages(shape: tuple[int, int], config: StyleConfig, memory: int, appetite: Appetite) -> list[Stage]:
    """Return the stages of a painting, coarse to fine: each twice as large as the one before.

    Large strokes are found on a small picture, where a step costs little; the large one adds the fine ones.

    Args:
        shape: (width, height) of the content.
        memory: bytes that may be used.

    Raises:
        UnfitPictureError: not even the smallest blocks fit.
    """
    long_sides = [config.size]
    while long_sides[0] > SMALLEST:
        long_sides.insert(0, long_sides[0] // 2)
    finest_first = [_stage(scaled(shape, each), config, memory, appetite) for each in reversed(long_sides)]
    return finest_first[::-1]


def scaled(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    """Return (width, height) with the shape of `size`, `long_side` pixels on the longer side, at least one across."""
    factor = long_side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def needed(stage: Stage, appetite: Appetite) -> int:
    """Return about how many bytes a stage takes."""
    width, height = stage.size
    reach = stage.side + 2 * appetite.halo if stage.side else max(stage.size)
    shapes = 0.0 if stage.side else appetite.shapes
    whole = (of_picture(stage) + appetite.kept + shapes) * width * height
    return round(FIXED + appetite.held + whole + appetite.of_block * min(width, reach) * min(height, reach))


def of_picture(stage: Stage) -> int:
    """Return the bytes of each pixel of the picture (measured on a processor), by what the optimiser looks back on."""
    return 12 * (22 + 2 * min(stage.iterations, LBFGS.LOOKS_BACK)) if stage.optimiser == "lbfgs" else 12 * 10


def _stage(size: tuple[int, int], config: StyleConfig, memory: int, appetite: Appetite) -> Stage:
    """Return the stage of one size: as asked if that fits, else in blocks, else with the optimiser that needs least."""
    steps = max(1, round(config.iterations * FEWER ** math.log2(USUAL / max(size))))
    for optimiser in dict.fromkeys((config.optimiser, "adam")):
        for side in SIDES:
            stage = Stage(size, steps, optimiser, side)
            if needed(stage, appetite) <= memory:
                return stage
    least, most = (each / 2**30 for each in (needed(stage, appetite), memory))
    raise UnfitPictureError(
        f"A painting of {size[0]} x {size[1]} pixels takes {least:.1f} GB, and {most:.1f} may be used.",
        "Try a smaller --size, or a larger --memory.",
    )
