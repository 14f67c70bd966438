"""What recipes share: which sizes they can make, how wide networks are on each grid, what follows from the batch."""

import math
from itertools import product

from ..config import DataConfig
from ..errors import GanvasError

FARTHEST = 32  # pixels from any size of up to 256 to one that can be halved exactly


def stages(data: DataConfig) -> int:
    """Return how often pictures are halved: until the long side is 4 px, but the short side at least 1."""
    longest, shortest = max(data.height, data.width), min(data.height, data.width)
    return min(math.ceil(math.log2(longest / 4)), math.floor(math.log2(shortest)))


def doublings(data: DataConfig, least: int, most: int, recipe: str) -> int:
    """Return how often pictures can be halved exactly, until a side is 4 to 7 px.

    Raises:
        GanvasError: a side is out of range, or odd on the way; the nearest size that is possible is named.
    """
    width, height = (min(max(side, least), most) for side in (data.width, data.height))
    if not _is_doubled(width, height):
        across, down = (range(max(least, side - FARTHEST), min(most, side + FARTHEST) + 1) for side in (width, height))
        possible = [size for size in product(across, down) if _is_doubled(*size)]
        nearest = min(possible, key=lambda size: abs(size[0] - width) + abs(size[1] - height))
        raise GanvasError(
            f"Recipe {recipe} doubles a small grid again and again: {data.width}x{data.height} cannot be had so.",
            f"Nearest: {_asked(*nearest)}, or take: --recipe {'quick' if max(width, height) <= 128 else 'r3gan'}",
        )
    between(data, least, most, recipe)
    return _halvings(width, height)


def _halvings(width: int, height: int) -> int:
    """Return how often the shorter side can be halved until it is 4 to 7 px."""
    return math.floor(math.log2(min(width, height) / 4))


def _is_doubled(width: int, height: int) -> bool:
    """Tell whether both sides can be halved exactly as often as that."""
    coarse = 1 << _halvings(width, height)
    return width % coarse == height % coarse == 0


def narrowing(widest: int, narrowest: int, times: int) -> tuple[int, ...]:
    """Return widths from the coarsest grid to the finest: the two coarsest the widest, then halved at each.

    What stands on a grid depends on its place from the coarsest on, so that networks of two sizes share the coarse
    part.
    """
    return tuple(max(narrowest, widest >> max(0, level - 1)) for level in range(times + 1))


def between(data: DataConfig, least: int, most: int, recipe: str) -> None:
    """Refuse pictures that the recipe cannot make."""
    width, height = (min(max(side, least), most) for side in (data.width, data.height))
    if (width, height) != (data.width, data.height):
        raise GanvasError(
            f"Recipe {recipe} makes pictures of {least} to {most} px a side, not {data.width}x{data.height}.",
            f"Nearest: {_asked(width, height)}",
        )


def _asked(width: int, height: int) -> str:
    """Return how a size is asked for."""
    return f"--size {width if width == height else f'{width}x{height}'}"


def usual_gamma(data: DataConfig, batch: int) -> float:
    """Return the weight of R1 by StyleGAN2's rule of thumb: 0.0002 * H * W / batch."""
    return 0.0002 * data.height * data.width / batch
