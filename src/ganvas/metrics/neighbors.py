"""Nearly identical images: nearest images, near-duplicates, and how many distinct images a generator makes.

Images are compared by thumbnails instead of network features. A generator reproduces an image slightly blurred, lighter
or noisier. This hardly changes the thumbnail. On drawings and digits, it changes the features more than a different
face does. The measurements are in benchmarks/NOTES.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from .features import to_rgb, to_tensor

Images = Tensor | npt.NDArray[np.uint8]

THUMBNAIL_SIZE = 12  # pixels per side
SHIFT_DIVISOR = 32  # images are shifted by their side over this
NEAR_COPY_DISTANCE = 8.0  # of 255; near-copies are at most this far apart: 3 %, a barely visible change of brightness
CHUNK_SIZE = 1000  # images in memory at once
RULE_OF_THREE = 3.0  # if no event was seen, the upper 95 % bound of the expected number


@dataclass(frozen=True, eq=False)
class NearestImages:
    """The nearest other image of each of N images.

    distance: (N,) in levels of 0..255, see `thumbnails`; 255 if there is no other image.
    index: (N,) int64, index of the nearest image.
    mirrored: (N,) bool, whether its mirror image is the nearest.
    """

    distance: Tensor
    index: Tensor
    mirrored: Tensor


@dataclass(frozen=True)
class NearDuplicates:
    """Among `count` images, the number that have a near-copy, and the number of pairs of near-copies."""

    count: int
    with_duplicate: int
    pairs: int


@dataclass(frozen=True)
class SupportEstimate:
    """Estimated number of distinct images a generator makes: about `size`, or more if `is_lower_bound`."""

    size: float
    is_lower_bound: bool


def thumbnails(images: Images) -> Tensor:
    """Return thumbnails of uint8 images (N, C, H, W) as rows (N, D), with transparency composited on white.

    The distance between two rows is the root mean square difference of the thumbnails, in levels of 0..255.
    """
    return torch.cat([_thumbnail(chunk) for chunk in _float_chunks(images)])


def shifted_thumbnails(images: Images) -> Tensor:
    """Return thumbnails (5, N, D) of uint8 images (N, C, H, W): unchanged, and shifted in four directions.

    A shifted copy is still a copy, but a shift by one pixel in 32 changes a drawing more than a different face does.
    """
    chunks = _float_chunks(images)
    return torch.cat([torch.stack([_thumbnail(shifted) for shifted in _shifted(chunk)]) for chunk in chunks], 1)


def nearest_images(
    shifted: Tensor,
    images: Images,
    indices: npt.NDArray[np.int64],
    min_distance: float = 0.0,
    turns: tuple[int, ...] = (0,),
) -> NearestImages:
    """Find the nearest image, as it is or mirrored, for each of N query images, reading one chunk at a time.

    Args:
        shifted: (5, N, D) thumbnails of the query images, see `shifted_thumbnails`.
        images: uint8 (M, C, H, W), the images to search.
        indices: which of `images` to search, ascending.
        min_distance: images closer than this count as the same image and are skipped.
        turns: quarters by which the searched images may be turned.
    """
    count = shifted.shape[1]
    nearest = NearestImages(
        torch.full((count,), 255.0), torch.zeros(count, dtype=torch.int64), torch.zeros(count).bool()
    )
    for chunk in np.array_split(indices, -(-len(indices) // CHUNK_SIZE)):
        others, chunk_indices = thumbnails(images[chunk]), torch.from_numpy(chunk)
        variants = [each for quarters in turns for each in _turned_and_mirrored(others, quarters)]
        distance = torch.stack([_distances(shifted, each) for each in variants], 1)  # (N, variants, chunk)
        same = (distance < min_distance).any(1, keepdim=True)  # then its variants must be skipped too
        distance.masked_fill_(same, torch.inf)
        closest, position = distance.flatten(1).min(1)
        closer = closest < nearest.distance
        nearest.distance[closer] = closest[closer]
        nearest.index[closer] = chunk_indices[position[closer] % len(chunk)]
        nearest.mirrored[closer] = position[closer] // len(chunk) % 2 == 1
    return nearest


def count_near_duplicates(images: Images) -> NearDuplicates:
    """Count the near-copies within a set of uint8 images (N, C, H, W)."""
    shifted = shifted_thumbnails(images)
    with_duplicate, ordered_pairs = 0, 0
    for start in range(0, len(images), CHUNK_SIZE):
        near = _distances(shifted[:, start : start + CHUNK_SIZE], shifted[0]) <= NEAR_COPY_DISTANCE
        others = near.sum(1) - 1  # without the image itself
        with_duplicate += int((others > 0).sum())
        ordered_pairs += int(others.sum())
    return NearDuplicates(len(images), with_duplicate, round(ordered_pairs / 2))


def birthday_support(duplicates: NearDuplicates) -> SupportEstimate:
    """Estimate the number of distinct images a generator makes (its support) from the duplicates among its samples.

    If it makes `size` distinct images, all equally likely, two samples are equal with probability 1 / size. If some
    are more likely than others, the estimate is too small. Without any duplicate, the estimate is a lower bound: the
    size at which three pairs of duplicates would be expected.

    Source: Arora and Zhang 2017, arXiv:1706.08224.
    """
    all_pairs = duplicates.count * (duplicates.count - 1) / 2
    return SupportEstimate(all_pairs / (duplicates.pairs or RULE_OF_THREE), is_lower_bound=duplicates.pairs == 0)


def _float_chunks(images: Images) -> Iterator[Tensor]:
    """Yield chunks of the images as floats, with transparency composited on white."""
    for start in range(0, len(images), CHUNK_SIZE):
        chunk = to_tensor(images[start : start + CHUNK_SIZE])
        yield (to_rgb(chunk) if chunk.shape[1] == 4 else chunk).float()


def _thumbnail(images: Tensor) -> Tensor:
    small = F.interpolate(images, (THUMBNAIL_SIZE, THUMBNAIL_SIZE), mode="bilinear", antialias=True).flatten(1)
    rows: Tensor = (small - 127.5) / small.shape[1] ** 0.5  # centred at zero, for smaller rounding errors in distances
    return rows


def _turned_and_mirrored(rows: Tensor, quarters: int) -> tuple[Tensor, Tensor]:
    """Return thumbnails turned by some quarters, and the mirror images of these."""
    turned = rows.view(len(rows), -1, THUMBNAIL_SIZE, THUMBNAIL_SIZE).rot90(quarters, (2, 3))
    return turned.flatten(1), turned.flip(3).flatten(1)


def _shifted(images: Tensor) -> Iterator[Tensor]:
    """Yield the images unchanged, then shifted in four directions with their borders replicated."""
    yield images
    height, width = images.shape[2:]
    down, right = max(1, round(height / SHIFT_DIVISOR)), max(1, round(width / SHIFT_DIVISOR))
    padded = F.pad(images, (right, right, down, down), mode="replicate")
    for top, left in ((0, right), (2 * down, right), (down, 0), (down, 2 * right)):
        yield padded[:, :, top : top + height, left : left + width]


def _distances(shifted: Tensor, others: Tensor) -> Tensor:
    """Return the distances (N, M) of shifted thumbnails (5, N, D) to others (M, D), the smallest over the shifts."""
    return torch.stack([torch.cdist(rows, others) for rows in shifted]).amin(0)
