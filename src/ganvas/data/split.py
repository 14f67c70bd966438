"""Held-out pictures: only pictures that the training never saw can show whether it memorizes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HELD_OUT_DIVISOR = 20  # one picture in 20 is held out: 5 %
MIN_HELD_OUT = 32  # with fewer, a share measured on them would be uncertain by more than about 0.2
MAX_HELD_OUT = 1000  # more would add little, and training can use them


@dataclass(frozen=True, eq=False)
class TrainSplit:
    """Indices of the pictures to train on and of those held out: (N,) int64, ascending."""

    train: npt.NDArray[np.int64]
    held_out: npt.NDArray[np.int64]


def held_out_count(count: int) -> int:
    """Return how many of `count` pictures to hold out: 5 %, at most 1,000; none of fewer than 640."""
    return min(MAX_HELD_OUT, count // HELD_OUT_DIVISOR) if count >= HELD_OUT_DIVISOR * MIN_HELD_OUT else 0


def split(count: int, held_out: int) -> TrainSplit:
    """Split `count` pictures. The same two numbers always give the same split, whatever the run's seed.

    All runs on one set can thus share what was computed on either part. Pictures are in the order of their names, and
    neighbours are similar, so one is taken from each of `held_out` stretches of equal length. It is at a random offset
    in the stretch, so that periodic file names (six skin tones per emoji) do not bias the split.

    Copies of one picture may end up on both sides; to find them, all would have to be read. Code that compares the
    sides must leave such pictures out, as `ganvas.metrics.memorization` does.

    Args:
        count: of all pictures.
        held_out: how many to hold out; at most half, in case pictures were removed since it was chosen.
    """
    held_out = min(held_out, count // 2)
    edges = np.arange(held_out + 1) * count // max(1, held_out)
    offsets = np.random.default_rng(count).random(held_out)
    chosen = edges[:-1] + (offsets * np.diff(edges)).astype(np.int64)
    return TrainSplit(np.delete(np.arange(count, dtype=np.int64), chosen), chosen.astype(np.int64))
