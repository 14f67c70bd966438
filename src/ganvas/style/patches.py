"""Patch statistics: each position of the painting is compared with one feature vector of the style, its nearest.

The nearest vectors are found once, from the content. Matching again at each step collapses onto a few features and
repeats one motif everywhere.

Source: Kolkin et al., "Neural Neighbor Style Transfer", 2022, for matching by centred cosine similarity.
"""

import torch
from torch import Tensor

from .statistics import TINY

MAX_PATCHES = 4096  # style vectors per layer; more take longer and change little
CHUNK_SIZE = 4096  # positions that are matched at once


class StylePatches:
    """Feature vectors of the styles at one layer, to be matched and compared with features of an image.

    Args:
        vectors: (M, C).
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors
        self.energy = self.vectors.square().mean(0).sum() + TINY
        self.unit_vectors = _normalize(self.vectors - self.vectors.mean(0))

    def match(self, features: Tensor, mean: Tensor) -> Tensor:
        """Return the index (1, 1, H, W) of the vector most similar to each of the features (1, C, H, W).

        Similarity is the cosine after both sides are centred; `mean` (C,) is that of the whole image's features.
        """
        centered = features.flatten(2)[0].T - mean
        indices = [(_normalize(chunk) @ self.unit_vectors.T).argmax(1) for chunk in torch.split(centered, CHUNK_SIZE)]
        return torch.cat(indices).view(1, 1, *features.shape[2:])

    def distance(self, features: Tensor, matches: Tensor, weights: Tensor) -> Tensor:
        """Return the weighted sum over positions of |f - v|^2 / mean |v|^2, where v is the match of feature f.

        Args:
            features: (1, C, H, W).
            matches: the index of the vector for each position, (1, 1, H, W); see `match`.
            weights: the weight of each position, (1, 1, H, W).
        """
        distances = (features.flatten(2)[0].T - self.vectors[matches.flatten()]).square().sum(1)
        return (distances * weights.flatten()).sum() / self.energy


def _normalize(vectors: Tensor) -> Tensor:
    """Return vectors (M, C) scaled to length 1."""
    norms: Tensor = vectors.norm(dim=1, keepdim=True)
    return vectors / (norms + TINY)
