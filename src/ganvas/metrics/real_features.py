"""The real images that samples are compared with, and their cached features."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..data.prepare import PreparedDataset
from ..data.split import TrainSplit, split
from . import DEFAULT_NETWORK
from .features import Features, cached_features, extract_features

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RealImages:
    """A prepared dataset, its split, and the network that computes its features.

    Args:
        data: the prepared pictures.
        held_out: number of images that were held out of the training.
        network, weights, device: see `ganvas.metrics.features.extract_features`.
    """

    data: PreparedDataset
    held_out: int = 0
    network: str = DEFAULT_NETWORK
    weights: Path | None = None
    device: torch.device | str = "cpu"

    @property
    def split(self) -> TrainSplit:
        """Return the indices of the training images and of the held-out ones."""
        return split(self.data.count, self.held_out)

    def random_indices(self, max_count: int) -> Indices:
        """Return the indices of at most `max_count` training images in random order; always the same ones."""
        train = self.split.train
        return np.random.default_rng(len(train)).permutation(train)[:max_count]

    def features(self, indices: Indices, mirrored: bool = False) -> Features:
        """Return the features of the images at `indices`, in this order; they are cached on disk.

        Args:
            indices: which images.
            mirrored: whether to flip the images left to right first.

        Raises:
            GanvasError: the network cannot be loaded.
        """

        def compute() -> Features:
            images = self.data.images[indices]
            images = np.ascontiguousarray(images[..., ::-1]) if mirrored else np.asarray(images)
            return extract_features(images, self.network, device=self.device, weights=self.weights)

        device_type = torch.device(self.device).type
        key = (self.data.fingerprint, indices.tobytes(), mirrored, self._weights_identity(), device_type)
        return cached_features(key, self.network, compute)

    def _weights_identity(self) -> tuple[str, int, int] | None:
        """Return path, size and modification time of the weights, so that a replaced file is noticed."""
        if self.weights is None:
            return None
        stat = self.weights.stat() if self.weights.exists() else None
        return str(self.weights), stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0
