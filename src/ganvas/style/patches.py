"""Strokes taken from the style one by one: each place is painted like the style's feature that answers to it.

Which one that is, is settled by the content before anything is painted: chosen anew at each step, all places would run
to the same few features, and the picture would be full of moons.

Source: Kolkin et al., "Neural Neighbor Style Transfer", 2022: centred cosine decides which is nearest.
"""

import torch
from torch import Tensor

from .statistics import TINY

MOST = 4096  # features of the style that are kept of a layer: more take longer and change little
AT_ONCE = 4096  # places that are compared at a time


class Patches:
    """Hold features of the styles at one layer, and tell how far a picture's are from those that answer to them.

    Args:
        vectors: (M, C).
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors
        self.energy = self.vectors.square().mean(0).sum() + TINY
        self.directions = _directions(self.vectors - self.vectors.mean(0))

    def match(self, features: Tensor, middle: Tensor) -> Tensor:
        """Return which vector lies most in the direction of each of features (1, C, H, W), (1, 1, H, W).

        Both are seen from their own middle; `middle` (C,) is that of the whole picture.
        """
        flat = features.flatten(2)[0].T - middle
        found = [(_directions(part) @ self.directions.T).argmax(1) for part in torch.split(flat, AT_ONCE)]
        return torch.cat(found).view(1, 1, *features.shape[2:])

    def distance(self, features: Tensor, matches: Tensor, weights: Tensor) -> Tensor:
        """Return the sum over places of |f - v|^2 over the mean |v|^2, where v answers to f.

        Args:
            features: (1, C, H, W).
            matches: which vector answers to each place, (1, 1, H, W).
            weights: how much each place counts, (1, 1, H, W).
        """
        apart = (features.flatten(2)[0].T - self.vectors[matches.flatten()]).square().sum(1)
        return (apart * weights.flatten()).sum() / self.energy


def _directions(vectors: Tensor) -> Tensor:
    lengths: Tensor = vectors.norm(dim=1, keepdim=True)
    return vectors / (lengths + TINY)
