"""The real pictures that samples are compared with: which of them, and their features, computed once for each set."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ..data.prepare import Prepared
from ..data.split import Split, split
from .features import DEFAULT, Features, extract, kept

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reals:
    """Hold prepared pictures and how their features are to be had.

    Args:
        data: the pictures.
        held_out: how many of them were kept out of the training.
        network, weights, device: see `ganvas.metrics.features.extract`.
    """

    data: Prepared
    held_out: int = 0
    network: str = DEFAULT
    weights: Path | None = None
    device: torch.device | str = "cpu"

    @property
    def split(self) -> Split:
        """Return the numbers of the pictures trained on and of those held out."""
        return split(self.data.count, self.held_out)

    def some(self, most: int) -> Rows:
        """Return the numbers of at most `most` pictures trained on, drawn in random order; always the same."""
        train = self.split.train
        return np.random.default_rng(len(train)).permutation(train)[:most]

    def features(self, rows: Rows, mirrored: bool = False) -> Features:
        """Return the features of the pictures with these numbers, in this order; kept for the next time.

        Raises:
            GanvasError: the network cannot be had.
        """

        def compute() -> Features:
            pictures = self.data.pictures[rows]
            seen = np.ascontiguousarray(pictures[..., ::-1]) if mirrored else np.asarray(pictures)
            return extract(seen, self.network, device=self.device, weights=self.weights)

        which = (self.data.fingerprint, rows.tobytes(), mirrored, self._weights_now(), torch.device(self.device).type)
        return kept(which, self.network, compute)

    def _weights_now(self) -> tuple[str, int, int] | None:
        """Return what tells a file of weights from what will lie in its place later."""
        if self.weights is None:
            return None
        facts = self.weights.stat() if self.weights.exists() else None
        return str(self.weights), facts.st_size if facts else 0, facts.st_mtime_ns if facts else 0
