"""Does a generator draw its own pictures, or does it give those back that it was trained on?"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..data.split import Split
from ..image_io import grid
from .features import to_tensor
from .neighbours import TOLERANCE, Nearest, nearest_pictures, nudged_copies

BASELINE = 1000  # real pictures whose nearest ones samples are compared with: their share is known to within 0.03
SAME = 0.5  # of 255: two pictures that are nearer are the same one, or it is saved twice
SURE = 3.0  # standard errors: chance alone goes beyond in one of 700 evaluations
MUCH = 0.25  # of the samples learned by heart
BLIND = 0.5  # of the real pictures with a near-copy: more, and nothing can be told
PAIRS = 32


@dataclass(frozen=True)
class Pair:
    """Name a sample and the training picture nearest to it, by their numbers.

    distance: in levels of 0..255, see `ganvas.metrics.neighbours.small_copies`.
    mirrored: whether the picture's mirror image is what is near.
    """

    sample: int
    picture: int
    distance: float
    mirrored: bool


@dataclass(frozen=True)
class Memorisation:
    """Tell whether samples are nearer to the training pictures than real pictures are.

    verdict: "none", "some" or "much" was learned by heart; "unknown" if it cannot be told.
    text: why, in plain sentences.
    near_copies: share of the samples that are near-copies of a training picture.
    baseline_near_copies: the same of real pictures.
    median_distance, baseline_median_distance: of samples and of real pictures to the nearest training picture.
    baseline: which real pictures these are: "held out" if the training never saw them, else "training", each of which
        is compared with the others.
    held_out_near_copies: the share among the held-out pictures alone, few as they may be; None without any.
    pairs: the samples nearest to a training picture, the nearest first.
    """

    verdict: str
    text: str
    near_copies: float
    baseline_near_copies: float
    median_distance: float
    baseline_median_distance: float
    baseline: str
    held_out_near_copies: float | None
    pairs: tuple[Pair, ...]


def memorisation(
    samples: Tensor, pictures: npt.NDArray[np.uint8], parts: Split, kind: str = "training"
) -> Memorisation:
    """Compare the samples' distances to the training pictures with those of real pictures.

    Real pictures may be near-copies of each other, and a generator that learned them well draws as many: only what goes
    beyond was learned by heart. Real pictures that lie among the training pictures twice say nothing about new
    ones; the same picture is passed over when their nearest is looked for.

    Args:
        samples: uint8 (N, C, H, W).
        pictures: uint8 (M, C, H, W), all that were prepared; may be memory-mapped.
        parts: which of them the training saw.
        kind: what to call those pictures: "training", or "real" where nobody knows what was trained on.
    """
    found = nearest_pictures(nudged_copies(samples), pictures, parts.train)
    real, held_out = _baseline(pictures, parts)
    near, usual = _near(found.distance), _near(real)
    verdict, text = _judge(near, len(samples), usual, len(real), kind)
    kept = len(held_out)
    if kept:
        text += f" Of the {kept:,} real pictures kept out of the training, {_near(held_out):,} are."
    return Memorisation(
        verdict, text, near / len(samples), usual / len(real), float(found.distance.median()), float(real.median()),
        "held out" if kept == len(real) else "training", _near(held_out) / kept if kept else None, _pairs(found),
    )  # fmt: skip


def pairs_sheet(pairs: tuple[Pair, ...], samples: Tensor, pictures: npt.NDArray[np.uint8]) -> Tensor:
    """Return one sheet (C, H', W') of the pairs: each sample with its nearest training picture to the right of it."""
    real = to_tensor(pictures[np.array([pair.picture for pair in pairs])])
    flipped = torch.tensor([pair.mirrored for pair in pairs])
    real[flipped] = real[flipped].flip(3)
    chosen = samples[torch.tensor([pair.sample for pair in pairs])]
    return grid(torch.cat([chosen, real], 3), gap=max(2, samples.shape[3] // 4))  # wide: it must show what is a pair


def _baseline(pictures: npt.NDArray[np.uint8], parts: Split) -> tuple[Tensor, Tensor]:
    """Return the distances of real pictures to the nearest training picture: of all that are compared, of the held out.

    Where few are held out, training pictures join them, from everywhere in the set. One of them among the others
    is as new to those as a picture that was held out, and a share of 50 pictures would be known to within 0.15 only.
    """
    more = min(BASELINE - len(parts.held_out), len(parts.train))
    joining = parts.train[np.arange(more) * len(parts.train) // max(1, more)]
    nudged = nudged_copies(pictures[np.concatenate([parts.held_out, joining])])
    distance = nearest_pictures(nudged, pictures, parts.train, SAME).distance
    return distance, distance[: len(parts.held_out)]


def _near(distance: Tensor) -> int:
    return int((distance <= TOLERANCE).sum())


def _judge(near: int, count: int, usual: int, real_count: int, kind: str) -> tuple[str, str]:
    """Return the verdict on `near` near-copies of `count`, where `usual` of `real_count` are usual, and its words."""
    text = (
        f"{near:,} of {count:,} samples ({near / count:.1%}) are near-copies of a {kind} picture; "
        f"of {real_count:,} real pictures {usual:,} ({usual / real_count:.1%}) are near-copies of another one"
    )
    if usual / real_count > BLIND:
        return "unknown", f"{text}: they are too much alike to tell copies from new pictures."
    pooled = (near + usual) / (count + real_count)
    error = math.sqrt(pooled * (1 - pooled) * (1 / count + 1 / real_count))  # of the difference, if there were none
    beyond = near / count - usual / real_count
    if beyond <= SURE * error:
        return "none", f"{text}: nothing shows that any were learned by heart."
    advice = "More pictures or a shorter training help against it."
    return "much" if beyond > MUCH else "some", f"{text}: about {beyond:.0%} were learned by heart. {advice}"


def _pairs(found: Nearest) -> tuple[Pair, ...]:
    chosen = found.distance.argsort(stable=True)[:PAIRS].tolist()
    return tuple(
        Pair(each, int(found.index[each]), float(found.distance[each]), bool(found.mirrored[each])) for each in chosen
    )
