"""Strokes taken from the style one by one: each place is compared with the style's feature that is most like it.

Source: Kolkin et al., "Neural Neighbor Style Transfer", 2022: centred cosine decides which is nearest.
"""

import torch
from torch import Tensor

from .statistics import TINY

MOST = 4096  # features of the style that are kept of a layer: more take longer and change little
AT_ONCE = 4096  # places that are compared at a time


class Patches:
    """Hold features of the styles at one layer, and tell how far a picture's are from the nearest of them.

    Args:
        vectors: (M, C).
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors
        self.middle = self.vectors.mean(0)
        self.energy = self.vectors.square().mean(0).sum() + TINY
        self.directions = _directions(self.vectors - self.middle)

    def distance(self, features: Tensor, weights: Tensor) -> Tensor:
        """Return the sum over places of |f - nearest|^2 over the mean |feature of the style|^2.

        Args:
            features: (1, C, H, W).
            weights: how much each place counts, (1, 1, H, W).
        """
        flat = features.flatten(2)[0].T
        apart = (flat - self.nearest(flat.detach())).square().sum(1)
        return (apart * weights.flatten()).sum() / self.energy

    def nearest(self, flat: Tensor) -> Tensor:
        """Return for each of (M, C) features the style's that lies most in its direction, seen from their middle."""
        parts = torch.split(flat - self.middle, AT_ONCE)
        return self.vectors[torch.cat([(_directions(part) @ self.directions.T).argmax(1) for part in parts])]


def _directions(vectors: Tensor) -> Tensor:
    lengths: Tensor = vectors.norm(dim=1, keepdim=True)
    return vectors / (lengths + TINY)
