"""Paint pictures of any size in one pass: in blocks, with the statistics of the whole, where they are large."""

from collections.abc import Generator

import torch
from torch import Tensor

from ..events import Event, Progress
from ..models.fast_style import COARSENESS, HALO
from ..translation import N_
from .fast import FastStyle, StyleStatistics

WHOLE_PIXELS = 4 << 20  # largest picture that is painted at once: that takes 1.5 GB
BLOCK_SIZE = 1024  # pixels; a multiple of the network's stride
SAMPLE_SIZE, SAMPLES_ALONG = 256, 6  # pixels of a sample, and samples along each side of the picture


def paint_in_blocks(
    fast: FastStyle, picture: Tensor, style: StyleStatistics, strength: float
) -> Generator[Event, None, Tensor]:
    """Return a picture (1, 3, H, W) in [0, 1] painted in a style.

    A large picture's statistics are measured on samples all over it, and held. Each block is painted with as much
    around it as the network sees, so that there are no seams.
    """
    height, width = picture.shape[2:]
    if height * width <= WHOLE_PIXELS:
        return fast.paint(picture, style, strength)
    statistics = fast.measure(sample_of(picture), style, strength)
    painted = torch.empty_like(picture)
    corners = [(top, left) for top in range(0, height, BLOCK_SIZE) for left in range(0, width, BLOCK_SIZE)]
    for number, (top, left) in enumerate(corners, start=1):
        above, to_left = min(top, HALO), min(left, HALO)
        window = picture[..., top - above : top + BLOCK_SIZE + HALO, left - to_left : left + BLOCK_SIZE + HALO]
        block = fast.paint(window, style, strength, statistics)[..., above:, to_left:]
        core = painted[..., top : top + BLOCK_SIZE, left : left + BLOCK_SIZE]
        core.copy_(block[..., : core.shape[2], : core.shape[3]])
        yield Progress(N_("blocks painted"), number, len(corners))
    return painted


def sample_of(picture: Tensor) -> Tensor:
    """Return squares (N, 3, SAMPLE_SIZE, SAMPLE_SIZE) spread evenly over a large picture, or strips of a narrow one."""
    height, width = picture.shape[2:]
    side_down, side_across = (min(SAMPLE_SIZE, side // COARSENESS * COARSENESS) for side in (height, width))
    rows, columns = _spread(height, side_down), _spread(width, side_across)
    return torch.cat(
        [picture[..., row : row + side_down, column : column + side_across] for row in rows for column in columns]
    )


def _spread(length: int, sample: int) -> list[int]:
    """Return where samples begin along a side: as many as find room, at most `SAMPLES_ALONG`."""
    count = max(1, min(SAMPLES_ALONG, length // max(1, sample)))
    return [round(number * (length - sample) / max(1, count - 1)) for number in range(count)]
