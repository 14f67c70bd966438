"""Keep a few pictures out of the training: only pictures that it never saw can tell learning from learning by heart."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHARE = 20  # one picture in so many is held out: 5 %
LEAST = 32  # held-out pictures that a comparison can rest on: a share of them is known to within about 0.2
MOST = 1000  # more would tell little that is new, and training can use them


@dataclass(frozen=True, eq=False)
class Split:
    """Hold the numbers of the pictures to train on and of those held out: (N,) int64, ascending."""

    train: npt.NDArray[np.int64]
    held_out: npt.NDArray[np.int64]


def held_out_count(count: int) -> int:
    """Return how many of `count` pictures a training should hold out: 5 %, at most 1,000; none of fewer than 640."""
    return min(MOST, count // SHARE) if count >= SHARE * LEAST else 0


def split(count: int, held_out: int) -> Split:
    """Divide `count` pictures; the same two numbers always give the same division, whatever the run's seed.

    So all runs on one set can share what was computed of either part. One picture is taken from each of `held_out`
    stretches of equal length, since pictures lie in the order of their names, and like are next to like; from a place
    in it that is drawn, so as not to fall in step with a rhythm in the names, such as six skin tones.

    Copies of a picture are not looked for, which would mean to read them all; they may come to lie on both sides.
    Whoever compares the sides leaves such pictures out, as `ganvas.metrics.memorisation` does.

    Args:
        count: of all pictures.
        held_out: how many of them to hold out; at most half are, in case pictures were taken away since it was chosen.
    """
    held_out = min(held_out, count // 2)
    stretches = np.arange(held_out + 1) * count // max(1, held_out)
    places = np.random.default_rng(count).random(held_out)
    chosen = stretches[:-1] + (places * np.diff(stretches)).astype(np.int64)
    return Split(np.delete(np.arange(count, dtype=np.int64), chosen), chosen.astype(np.int64))
