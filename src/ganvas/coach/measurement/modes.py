"""The kinds of picture that a set is made of, and how many of them samples still show."""

from dataclasses import dataclass

import torch
from torch import Tensor

COUNT = 10  # kinds that real pictures are sorted into
ROUNDS = 12  # of Lloyd's algorithm; it has settled by then
EXPECTED = 4.0  # samples of a kind that should be there; of rarer kinds a missing one means nothing


@dataclass(frozen=True, eq=False)
class Modes:
    """Hold the middles of the kinds in features (K, D), and the share of the real pictures in each (K,)."""

    centres: Tensor
    shares: Tensor

    def sort(self, features: Tensor) -> Tensor:
        """Return the kind of each row of features (N, D)."""
        return torch.cdist(features, self.centres).argmin(1)

    def lost(self, features: Tensor) -> float:
        """Return the share of the real pictures whose kind is all but missing among samples (N, D).

        A kind is missing when it has less than a fifth of the samples that it should have.
        """
        expected = self.shares * len(features)
        found = torch.bincount(self.sort(features), minlength=len(self.shares))
        judged = expected >= EXPECTED
        missing = judged & (found < expected / 5)
        return float(self.shares[missing].sum() / self.shares[judged].sum()) if judged.any() else 0.0


def find_modes(features: Tensor, count: int = COUNT) -> Modes:
    """Sort real features (N, D) into at most `count` kinds of about equal size; no random number is drawn.

    The largest kind is split across its longest axis until there are enough, then Lloyd's algorithm moves the middles
    to where they belong (Lloyd 1982).
    """
    kinds = torch.zeros(len(features), dtype=torch.int64)
    for new in range(1, min(count, len(features))):
        members = torch.nonzero(kinds == torch.bincount(kinds).argmax()).squeeze(1)
        off = features[members] - features[members].mean(0)
        axis = torch.linalg.eigh((off.T @ off).double()).eigenvectors[:, -1].float()
        kinds[members[off @ axis > 0]] = new
    for _ in range(ROUNDS):
        centres = _middles(features, kinds)
        kinds = torch.cdist(features, centres).argmin(1)
    centres = _middles(features, kinds)
    return Modes(
        centres, torch.bincount(torch.cdist(features, centres).argmin(1), minlength=len(centres)) / len(features)
    )


def _middles(features: Tensor, kinds: Tensor) -> Tensor:
    """Return the mean of each kind that has members."""
    return torch.stack([features[kinds == kind].mean(0) for kind in torch.unique(kinds)])
