"""Stateless loader: a batch depends only on (seed, images seen), so resuming needs no saved position."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..distributed import rank, world_size
from ..events import Event
from .prepare import PreparedDataset
from .split import split


class Loader:
    """Endless stream of shuffled images: every epoch is one permutation, drawn from the seed.

    Args:
        prepared: a dataset from `ganvas.data.prepare`.
        seed: of the shuffling, 0 or more.
        held_out: number of images that never appear; `ganvas.data.split` chooses them.
        balanced: sample each class in proportion to the square root of its size. A class of 10 images beside one of
            1,000 is then seen a tenth as often, not a hundredth.
    """

    def __init__(
        self,
        prepared: PreparedDataset,
        seed: int,
        held_out: int = 0,
        balanced: bool = False,
    ) -> None:
        self._images = np.asarray(prepared.images)
        self._labels = prepared.labels
        train_indices = split(prepared.count, held_out).train
        classes = (
            _indices_by_class(train_indices, prepared.labels)
            if balanced and prepared.labels is not None
            else [train_indices]
        )
        largest = max(len(members) for members in classes)
        counts = [round((len(members) * largest) ** 0.5) for members in classes]
        self._epoch_length = length = sum(counts)

        # It does not hold on to the loader, which would be freed late then, and with it the map of its pictures.
        @lru_cache(maxsize=2)  # a batch may straddle two epochs
        def permutation(epoch: int) -> npt.NDArray[np.int64]:
            random = np.random.default_rng((seed, epoch))
            if length == len(train_indices):
                return random.permutation(train_indices)
            parts = zip(classes, counts, strict=True)
            return random.permutation(
                np.concatenate([np.resize(random.permutation(members), count) for members, count in parts])
            )

        self._permutation = permutation

    def epoch_indices(self, number: int) -> npt.NDArray[np.int64]:
        """Return the indices of an epoch's images, in their order."""
        return self._permutation(number)

    def batch(self, images_seen: int, count: int) -> tuple[Tensor, Tensor | None]:
        """Return the `count` images (count, C, H, W) uint8 after the first `images_seen`, and their labels.

        Labels are (count,) int64, or None. A batch may go on in the next epoch.
        """
        parts, position, remaining = [], images_seen, count
        while remaining:
            epoch, offset = divmod(position, self._epoch_length)
            parts.append(self._permutation(epoch)[offset : offset + remaining])
            position += len(parts[-1])
            remaining -= len(parts[-1])
        indices = np.concatenate(parts) if parts else np.empty(0, np.int64)
        images = torch.from_numpy(self._images[indices])
        return images, None if self._labels is None else torch.from_numpy(self._labels[indices])

    def share(self, images_seen: int, batch: int) -> tuple[Tensor, Tensor | None]:
        """Return this process's part of a batch of all processes, those images that follow the parts before it."""
        count = batch // world_size()
        return self.batch(images_seen + rank() * count, count)

    def wait(self, images_seen: int, batch: int) -> Iterator[Event | None]:
        """Wait until the images of a batch are there, as all of them are; see `stream.StreamLoader`."""
        return iter(())

    def close(self) -> None:
        """End what is being prepared: nothing is."""


def _indices_by_class(indices: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Return the indices of each class that occurs."""
    return [indices[labels[indices] == label] for label in np.unique(labels[indices])]
