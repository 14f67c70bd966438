"""Batches by number: the same seed and image number give the same pictures, so going on needs no memory of the past."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .prepare import Prepared
from .split import split


class Loader:
    """Read an endless stream of shuffled pictures: every epoch is one permutation of them, drawn from the seed.

    Args:
        prepared: pictures from `ganvas.data.prepare`.
        seed: of the shuffling, 0 or more.
        rank, world: with several processes, each takes every `world`-th picture of the stream, starting at its rank.
        held_out: how many of the pictures are never shown; `ganvas.data.split` says which.
    """

    def __init__(self, prepared: Prepared, seed: int, rank: int = 0, world: int = 1, held_out: int = 0) -> None:
        self._pictures = np.asarray(prepared.pictures)
        self._labels = prepared.labels
        self._rank = rank
        self._world = world
        shown = split(prepared.count, held_out).train
        self._epoch = len(shown)

        @lru_cache(maxsize=2)  # a batch may straddle two epochs
        def permutation(epoch: int) -> npt.NDArray[np.int64]:
            return np.random.default_rng((seed, epoch)).permutation(shown)

        self._permutation = permutation

    def batch(self, first_image: int, count: int) -> tuple[Tensor, Tensor | None]:
        """Return this process's `count` pictures (count, C, H, W) uint8, and their labels (count,) int64 or None.

        Args:
            first_image: the number of images that all processes together have seen before. A batch of all of them is
                the stream from here on, `count * world` long, wherever an epoch ends.
        """
        parts, place, left = [], first_image + self._rank, count
        while left:
            epoch, within = divmod(place, self._epoch)
            parts.append(self._permutation(epoch)[within : within + left * self._world : self._world])
            place += len(parts[-1]) * self._world
            left -= len(parts[-1])
        chosen = np.concatenate(parts) if parts else np.empty(0, np.int64)
        pictures = torch.from_numpy(self._pictures[chosen])
        return pictures, None if self._labels is None else torch.from_numpy(self._labels[chosen])
