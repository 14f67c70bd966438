"""Which pictures are nearly the same, and what follows: nearest pictures, near-duplicates, how many a generator makes.

Sameness is looked for in small copies of the pictures rather than in a network's features. A generator that gives a
picture back does so a little softer, lighter or noisier. That hardly moves the small copy; on drawings and digits it
moves the features further than another face would. The measurements are in benchmarks/NOTES.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from .features import to_rgb, to_tensor

Pictures = Tensor | npt.NDArray[np.uint8]

SIDE = 12  # pixels of a small copy's sides
NUDGE = 32  # a picture may be displaced by this part of its side
TOLERANCE = 8.0  # of 255, for a near-copy: 3 %, a change of lightness that one hardly sees
CHUNK = 1000  # pictures compared at once
UNSEEN = 3.0  # pairs that may have been expected, with 95 % confidence, where none was seen (the rule of three)


@dataclass(frozen=True, eq=False)
class Nearest:
    """Hold, for each of N pictures, the nearest of some others.

    distance: (N,) levels of 0..255, see `small_copies`; 255 where there is none.
    index: (N,) int64, which of the others it is.
    mirrored: (N,) bool, whether it was nearest as its mirror image.
    """

    distance: Tensor
    index: Tensor
    mirrored: Tensor


@dataclass(frozen=True)
class NearDuplicates:
    """Count, among `count` pictures, those that have a near-copy, and the pairs of near-copies."""

    count: int
    having: int
    pairs: int


@dataclass(frozen=True)
class Support:
    """Say how many different pictures a generator makes: about `size`, or `at_least` so many."""

    size: float
    at_least: bool


def small_copies(pictures: Pictures) -> Tensor:
    """Return small blurred copies of uint8 pictures (N, C, H, W) as rows (N, D), transparency seen on white.

    The distance of two rows is the root mean square difference of the two copies' values, in levels of 0..255.
    """
    return torch.cat([_shrunk(part) for part in _parts(pictures)])


def nudged_copies(pictures: Pictures) -> Tensor:
    """Return small copies (5, N, D) of uint8 pictures (N, C, H, W) as they are, and displaced in four directions.

    A copy that is displaced is a copy, but a pixel of 32 changes a drawing more than another face does.
    """
    return torch.cat([torch.stack([_shrunk(each) for each in _nudged(part)]) for part in _parts(pictures)], 1)


def nearest_pictures(nudged: Tensor, pictures: Pictures, rows: npt.NDArray[np.int64], least: float = 0.0) -> Nearest:
    """Find the nearest picture, as it is or mirrored, to each of N. Never more than a chunk of them is in memory.

    Args:
        nudged: (5, N, D), see `nudged_copies`.
        pictures: uint8 (M, C, H, W), where it is looked for.
        rows: ascending numbers of those that are looked at.
        least: what is nearer than this is the same picture, and must not be found.
    """
    count = nudged.shape[1]
    found = Nearest(torch.full((count,), 255.0), torch.zeros(count, dtype=torch.int64), torch.zeros(count).bool())
    for part in np.array_split(rows, -(-len(rows) // CHUNK)):
        copies, numbers = small_copies(pictures[part]), torch.from_numpy(part)
        distance = torch.stack([_distances(nudged, seen) for seen in (copies, _mirrored(copies))], 1)  # (N, 2, chunk)
        same = (distance < least).any(1, keepdim=True)  # its mirror image must not be found either
        distance.masked_fill_(same, torch.inf)
        closest, place = distance.flatten(1).min(1)
        better = closest < found.distance
        found.distance[better] = closest[better]
        found.index[better] = numbers[place[better] % len(part)]
        found.mirrored[better] = place[better] >= len(part)
    return found


def near_duplicates(pictures: Pictures) -> NearDuplicates:
    """Count the near-copies within a set of uint8 pictures (N, C, H, W)."""
    nudged = nudged_copies(pictures)
    having, near_ones = 0, 0
    for start in range(0, len(pictures), CHUNK):
        near = _distances(nudged[:, start : start + CHUNK], nudged[0]) <= TOLERANCE
        others = near.sum(1) - 1  # each is near itself
        having += int((others > 0).sum())
        near_ones += int(others.sum())
    return NearDuplicates(len(pictures), having, round(near_ones / 2))


def birthday_support(found: NearDuplicates) -> Support:
    """Estimate how many pictures a generator chooses among, from the coincidences in what it drew.

    If it had `size` pictures, all equally frequent, each pair of draws would coincide with a chance of 1 / size. Where
    some are more frequent than others, the estimate is too small. Where nothing coincides, it is what would have made
    three coincidences likely, and the support is at least that.

    Source: Arora and Zhang 2017, arXiv:1706.08224.
    """
    return Support(found.count * (found.count - 1) / 2 / (found.pairs or UNSEEN), at_least=found.pairs == 0)


def _parts(pictures: Pictures) -> Iterator[Tensor]:
    """Yield chunks of the pictures as floats, without transparency."""
    for start in range(0, len(pictures), CHUNK):
        part = to_tensor(pictures[start : start + CHUNK])
        yield (to_rgb(part) if part.shape[1] == 4 else part).float()


def _shrunk(pictures: Tensor) -> Tensor:
    small = F.interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=True).flatten(1)
    copies: Tensor = (small - 127.5) / small.shape[1] ** 0.5  # about zero: distances are rounded less
    return copies


def _mirrored(copies: Tensor) -> Tensor:
    return copies.view(len(copies), -1, SIDE, SIDE).flip(3).flatten(1)


def _nudged(pictures: Tensor) -> Iterator[Tensor]:
    """Yield the pictures as they are, and displaced, their borders drawn out."""
    yield pictures
    height, width = pictures.shape[2:]
    down, right = max(1, round(height / NUDGE)), max(1, round(width / NUDGE))
    padded = F.pad(pictures, (right, right, down, down), mode="replicate")
    for top, left in ((0, right), (2 * down, right), (down, 0), (down, 2 * right)):
        yield padded[:, :, top : top + height, left : left + width]


def _distances(nudged: Tensor, copies: Tensor) -> Tensor:
    """Return the distances (N, M) of pictures (5, N, D) from copies (M, D), each displaced as it is nearest."""
    return torch.stack([torch.cdist(rows, copies) for rows in nudged]).amin(0)
