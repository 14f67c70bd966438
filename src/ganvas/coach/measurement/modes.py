"""Modes of a set of pictures, found by clustering their features, and the share of them that samples miss."""

from dataclasses import dataclass

import torch
from torch import Tensor

CLUSTERS = 10
ITERATIONS = 12  # of Lloyd's algorithm; it has settled by then
MIN_EXPECTED = 4.0  # samples that a mode should have; if a rarer mode has none, that may be chance


@dataclass(frozen=True, eq=False)
class Modes:
    """Cluster centers in feature space (K, D), and the share of the real pictures in each cluster (K,)."""

    centers: Tensor
    shares: Tensor

    def nearest(self, features: Tensor) -> Tensor:
        """Return the index of the nearest center for each row of features (N, D)."""
        return torch.cdist(features, self.centers).argmin(1)

    def share_lost(self, features: Tensor) -> float:
        """Return the share of the real pictures whose mode is missing among samples with these features (N, D).

        A mode is missing if it has less than a fifth of the samples that it should have.
        """
        expected = self.shares * len(features)
        counts = torch.bincount(self.nearest(features), minlength=len(self.shares))
        common = expected >= MIN_EXPECTED
        missing = common & (counts < expected / 5)
        return float(self.shares[missing].sum() / self.shares[common].sum()) if common.any() else 0.0


def find_modes(features: Tensor, count: int = CLUSTERS) -> Modes:
    """Cluster the features (N, D) of real pictures into at most `count` modes of about equal size.

    The largest cluster is split across its first principal axis until there are enough. Lloyd's algorithm then moves
    the centers (Lloyd 1982). No random numbers are drawn.
    """
    clusters = torch.zeros(len(features), dtype=torch.int64)
    for new in range(1, min(count, len(features))):
        members = torch.nonzero(clusters == torch.bincount(clusters).argmax()).squeeze(1)
        centered = features[members] - features[members].mean(0)
        axis = torch.linalg.eigh((centered.T @ centered).double()).eigenvectors[:, -1].float()
        clusters[members[centered @ axis > 0]] = new
    for _ in range(ITERATIONS):
        centers = _means(features, clusters)
        clusters = torch.cdist(features, centers).argmin(1)
    centers = _means(features, clusters)
    clusters = torch.cdist(features, centers).argmin(1)
    return Modes(centers, torch.bincount(clusters, minlength=len(centers)) / len(features))


def _means(features: Tensor, clusters: Tensor) -> Tensor:
    """Return the mean of each cluster that has members."""
    return torch.stack([features[clusters == cluster].mean(0) for cluster in torch.unique(clusters)])
