"""Whether pictures have a left and a right, or an up and a down.

Letters, digits and maps have both; mirrored ones are not wanted of them. Textures and cells have none and may be
turned.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ..translation import _

Images = npt.NDArray[np.float32]

CELLS, ORIENTATIONS, LUMA_SIDE = 4, 8, 8  # of the description of an image
FOLDS = 5
RIDGE = 1.0  # of the mean eigenvalue
SIGNIFICANT_STANDARD_ERRORS = 3.0  # a chance of one in 700 that pictures without a left and a right seem to have them
# Share told from which on mirrored pictures are not wanted. Of emoji people 63 to 77 % are told; without mirrored ones
# their samples were much worse (1,143 for 684). Letters and digits lie above 90 %.
HANDED = 0.85
MIN_COUNT, MIN_TURNED_COUNT = 16, 100  # pictures; fewer say nothing


@dataclass(frozen=True)
class Symmetry:
    """How well pictures are told from their mirror images, and from themselves turned.

    Args:
        count: pictures that were looked at.
        mirrored, upside_down, turned: share of them that a classifier, which has seen other pictures of the set, tells
            from the picture mirrored left to right, top to bottom, or turned by a quarter: 0.5 where that is as likely
            as the picture itself or too few were seen, 1 where it is told of all.
    """

    count: int
    mirrored: float = 0.5
    upside_down: float = 0.5
    turned: float = 0.5

    @property
    def is_handed(self) -> bool:
        """Whether nearly all pictures have a left and a right, so that mirrored ones would be wrong."""
        return self.mirrored >= HANDED and self._is_beyond_chance(self.mirrored, SIGNIFICANT_STANDARD_ERRORS)

    @property
    def may_be_turned(self) -> bool:
        """Whether pictures have neither a left and a right nor an up and a down."""
        shares = (self.mirrored, self.upside_down, self.turned)
        told = self._is_beyond_chance(sum(shares) / 3, 1) or any(self._is_beyond_chance(share, 2) for share in shares)
        return self.count >= MIN_TURNED_COUNT and not told

    @property
    def mirror_evidence(self) -> str:
        """What was measured of mirror images, in words, and what to do where it is not clear."""
        if self.is_handed:
            text = _("{share:.0%} of {count} pictures are told from their mirror images; chance is 50%")
        elif self._is_beyond_chance(self.mirrored, SIGNIFICANT_STANDARD_ERRORS):
            text = _(
                "only {share:.0%} of {count} pictures are told from their mirror images; chance is 50% "
                "(if mirrored ones would be wrong, as of letters: --flip no)"
            )
        else:
            text = _("only {share:.0%} of {count} pictures are told from their mirror images; chance is 50%")
        return text.format(share=self.mirrored, count=self.count)

    @property
    def turn_evidence(self) -> str:
        """What was measured of turned pictures, in words."""
        told = (self.upside_down + self.turned) / 2
        text = _("only {share:.0%} of {count} pictures are told from themselves turned; chance is 50%")
        return text.format(share=told, count=self.count)

    def _is_beyond_chance(self, share: float, standard_errors: float) -> bool:
        return bool(share > 0.5 + standard_errors * (0.25 / max(1, self.count)) ** 0.5)


def measure_symmetry(luma: Images) -> Symmetry:
    """Return how well images (N, S, S) are told from their mirror images and turned; S is a multiple of 8.

    A ridge regression separates descriptions of images from those of the changed ones, in a fifth of the set that it
    has not seen. Neighbours in `luma` stay together, so that near-copies of a picture do not tell of it.
    """
    if len(luma) < MIN_COUNT:
        return Symmetry(len(luma))
    own = _describe(luma)
    changes: dict[str, Callable[[Images], Images]] = {
        "mirrored": lambda images: images[:, :, ::-1],
        "upside_down": lambda images: images[:, ::-1],
        "turned": lambda images: np.rot90(images, axes=(1, 2)),
    }
    return Symmetry(len(luma), **{name: _share_told(own - _describe(change(luma))) for name, change in changes.items()})


def _share_told(differences: npt.NDArray[np.float64]) -> float:
    """Return the share of pictures that are told, by differences (N, D) to the descriptions of what they became."""
    told = 0.0
    for begin, end in pairwise(np.arange(FOLDS + 1) * len(differences) // FOLDS):
        seen = np.concatenate([differences[:begin], differences[end:]])
        scores = differences[begin:end] @ _direction(seen)
        told += float((scores > 0).sum() + (scores == 0).sum() / 2)  # what looks the same either way is guessed
    return told / len(differences)


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
