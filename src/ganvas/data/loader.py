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
        balanced: show pictures of small classes more often: a class comes as often as the root of its size says, so
            that one of 10 pictures beside one of 1,000 is seen a tenth as often, not a hundredth.
    """

    def __init__(
        self, prepared: Prepared, seed: int, rank: int = 0, world: int = 1, held_out: int = 0, balanced: bool = False
    ) -> None:
        self._pictures = np.asarray(prepared.pictures)
        self._labels = prepared.labels
        self._rank = rank
        self._world = world
        shown = split(prepared.count, held_out).train
        classes = _classes(shown, prepared.labels) if balanced and prepared.labels is not None else [shown]
        most = max(len(each) for each in classes)
        quotas = [round((len(each) * most) ** 0.5) for each in classes]
        self._epoch = sum(quotas)

        @lru_cache(maxsize=2)  # a batch may straddle two epochs
        def permutation(epoch: int) -> npt.NDArray[np.int64]:
            random = np.random.default_rng((seed, epoch))
            if self._epoch == len(shown):
                return random.permutation(shown)
            parts = zip(classes, quotas, strict=True)
            return random.permutation(np.concatenate([np.resize(random.permutation(of), many) for of, many in parts]))

        self._permutation = permutation

    def epoch(self, number: int) -> npt.NDArray[np.int64]:
        """Return the places of the pictures of an epoch, in the order in which they are shown."""
        return self._permutation(number)

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


def _classes(shown: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return the pictures of each class that is there."""
    return [shown[labels[shown] == each] for each in np.unique(labels[shown])]
