"""Whether pictures have a left and a right: letters, digits and maps do, and mirrored ones are not wanted of them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]

CELLS, ORIENTATIONS, LUMA_SIDE = 4, 8, 8  # of the description of an image
FOLDS = 5
RIDGE = 1.0  # of the mean eigenvalue
SIGNIFICANT_STANDARD_ERRORS = 3.0  # a chance of one in 700 that pictures without a left and a right seem to have them
MIN_COUNT = 16  # pictures; fewer say nothing


@dataclass(frozen=True)
class Handedness:
    """How well pictures are told from their mirror images.

    Args:
        count: pictures that were looked at.
        told: share of them that a classifier, which has seen other pictures of the set, tells from their mirror image:
            0.5 where these are as likely as the pictures themselves or too few were seen, 1 where all have a left and a
            right.
    """

    count: int
    told: float

    @property
    def is_handed(self) -> bool:
        """Whether more are told than chance would have it."""
        return bool(self.told > 0.5 + SIGNIFICANT_STANDARD_ERRORS * (0.25 / max(1, self.count)) ** 0.5)

    @property
    def evidence(self) -> str:
        """What was measured, in words."""
        return f"{self.told:.0%} of {self.count} pictures are told from their mirror images; chance is 50%"


def measure_handedness(luma: Images) -> Handedness:
    """Return how well images (N, S, S) are told from their mirror images; S is a multiple of 8, the range any.

    A ridge regression separates descriptions of images from those of their mirror images, in a fifth of the set that it
    has not seen. Neighbours in `luma` stay together, so that near-copies of a picture do not tell of it.
    """
    if len(luma) < MIN_COUNT:
        return Handedness(len(luma), 0.5)
    differences = _describe(luma) - _describe(luma[:, :, ::-1])
    edges = np.arange(FOLDS + 1) * len(luma) // FOLDS
    told = 0.0
    for begin, end in pairwise(edges):
        seen = np.concatenate([differences[:begin], differences[end:]])
        scores = differences[begin:end] @ _direction(seen)
        told += float((scores > 0).sum() + (scores == 0).sum() / 2)  # what looks the same either way is guessed
    return Handedness(len(luma), told / len(luma))


def _direction(differences: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the weights (D,) for which each of the differences (N, D) is about 1."""
    covariance = differences.T @ differences
    ridge = RIDGE * np.trace(covariance) / len(covariance) + 1e-9
    weights: npt.NDArray[np.float64] = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), differences.sum(0))
    return weights


def _describe(luma: Images) -> npt.NDArray[np.float64]:
    """Return descriptions (N, D) of images (N, S, S): orientations of edges in 4 x 4 cells, and 8 x 8 pixels.

    Source of the first: Dalal and Triggs 2005, Histograms of Oriented Gradients.
    """
    images = luma.astype(np.float64)
    images = images - images.mean((1, 2), keepdims=True)
    images /= images.std((1, 2), keepdims=True) + 1e-3 * np.abs(images).max(initial=1.0)
    count, side, _ = images.shape
    across = images[:, 1:-1, 2:] - images[:, 1:-1, :-2]
    down = images[:, 2:, 1:-1] - images[:, :-2, 1:-1]
    strength, angle = np.hypot(across, down), np.arctan2(down, across) % np.pi * (ORIENTATIONS / np.pi)
    cells = np.arange(side - 2) * CELLS // (side - 2)
    histograms = np.zeros((count, CELLS, CELLS, ORIENTATIONS))
    places = np.ix_(np.arange(count), cells, cells)
    lower, part = np.floor(angle).astype(np.int64), angle - np.floor(angle)
    np.add.at(histograms, (*places, lower % ORIENTATIONS), strength * (1 - part))
    np.add.at(histograms, (*places, (lower + 1) % ORIENTATIONS), strength * part)
    block = side // LUMA_SIDE
    small = images.reshape(count, LUMA_SIDE, block, LUMA_SIDE, block).mean((2, 4))
    return np.concatenate(
        [_normalized(np.sqrt(histograms).reshape(count, -1)), _normalized(small.reshape(count, -1))], 1
    )


def _normalized(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return rows of length 1; those of zeros as they are."""
    scaled: npt.NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return scaled
