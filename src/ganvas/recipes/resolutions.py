"""What recipes share: how often a size can be halved, how many channels each resolution has, what follows from both."""

import math

from ..config import DataConfig

# Small networks in short trainings need more R1 than the heuristic for large ones: with that, the discriminator had won
# within 10,000 images.
R1_SCALE_FOR_SMALL_NETWORKS = 80.0
# These networks change less from one health check to the next than a check varies, so that slow learning looks like
# none at all. Before so many images the coach does not judge it.
SLOW_START_IMAGES = 300_000
FEW_IMAGES = 10_000  # with fewer, they are mirrored by default


def halvings(data: DataConfig) -> int:
    """Return how often images are halved: until the long side is 4 px, while the short side keeps 1 px at least."""
    longest, shortest = max(data.height, data.width), min(data.height, data.width)
    return min(math.ceil(math.log2(longest / 4)), math.floor(math.log2(shortest)))


def exact_halvings(width: int, height: int) -> int:
    """Return how often the shorter side can be halved until it is 4 to 7 px."""
    return math.floor(math.log2(min(width, height) / 4))


def can_be_halved_exactly(width: int, height: int) -> bool:
    """Return whether both sides can be halved that often without a remainder."""
    factor = 1 << exact_halvings(width, height)
    return width % factor == height % factor == 0


def channel_schedule(widest: int, narrowest: int, times: int) -> tuple[int, ...]:
    """Return channels from the coarsest resolution to the finest: the two coarsest the widest, then halved at each.

    They depend on the place counted from the coarsest, so that networks of two sizes share their coarse part.
    """
    return tuple(max(narrowest, widest >> max(0, level - 1)) for level in range(times + 1))


def size_flag(width: int, height: int) -> str:
    """Return the flag that asks for a size."""
    return f"--size {width if width == height else f'{width}x{height}'}"


def r1_gamma_heuristic(data: DataConfig, batch: int) -> float:
    """Return the weight of R1 by StyleGAN2's rule of thumb: 0.0002 * H * W / batch."""
    return 0.0002 * data.height * data.width / batch
