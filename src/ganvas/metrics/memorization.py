"""Memorisation check: whether a generator makes new images or reproduces its training images."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..data.split import TrainSplit
from ..image_io import image_grid
from ..translation import N_, _
from .features import to_tensor
from .neighbors import NEAR_COPY_DISTANCE, NearestImages, nearest_images, shifted_thumbnails

BASELINE_IMAGES = 1000  # real images in the baseline; the share of near-copies is then known to within 0.03
SAME_IMAGE_DISTANCE = 0.5  # of 255; two images closer than this are the same image, or one saved twice
SIGNIFICANT_STANDARD_ERRORS = 3.0  # chance alone exceeds this in one of 700 evaluations
MUCH_SHARE = 0.25  # memorised share of the samples from which the verdict is "much"
MAX_BASELINE_SHARE = 0.5  # with a larger share of near-copies among real images, the verdict is "unknown"
MAX_PAIRS = 32
COMPARED = {  # by what the text calls the images
    "training": N_(
        "{near:,} of {count:,} samples ({share:.1%}) are near-copies of a training picture, compared with "
        "{baseline_near:,} of {baseline_count:,} real pictures ({baseline_share:.1%})."
    ),
    "real": N_(
        "{near:,} of {count:,} samples ({share:.1%}) are near-copies of a real picture, compared with "
        "{baseline_near:,} of {baseline_count:,} real pictures ({baseline_share:.1%})."
    ),
}


@dataclass(frozen=True)
class Pair:
    """Indices of a sample and of the real image nearest to it; the field names are keys in scores.json.

    distance: in levels of 0..255, see `ganvas.metrics.neighbors.thumbnails`.
    mirrored: whether the nearest is the mirror image of the real image.
    """

    sample: int
    picture: int
    distance: float
    mirrored: bool


@dataclass(frozen=True, kw_only=True)
class Memorization:
    """Whether samples are closer to the training images than real images are; field names are keys in scores.json.

    verdict: "none", "some" or "much" of the samples was memorised; "unknown" if the data cannot tell.
    text: the reason, in plain sentences, in the language of whoever evaluates.
    near_copies: share of the samples that are near-copies of a training image.
    baseline_near_copies: the same share of real images.
    median_distance, baseline_median_distance: distance of samples and of real images to the nearest training image.
    baseline: which real images are compared: "held out" if the training never saw them, else "training". Each training
        image is compared with the others.
    held_out_near_copies: share of near-copies among the held-out images alone, however few; None if there are none.
    pairs: the samples closest to a training image, the closest first.
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


def measure_memorization(
    samples: Tensor,
    images: npt.NDArray[np.uint8],
    split: TrainSplit,
    kind: str = "training",
    turns: tuple[int, ...] = (0,),
) -> Memorization:
    """Compare the samples' distances to the training images with those of real images.

    Real images may be near-copies of each other, and a generator that learned the data well makes just as many.
    So only the excess counts as memorised. An image that is in the training set twice says nothing about new images.
    Its duplicate is therefore skipped when its nearest image is searched.

    Args:
        samples: uint8 (N, C, H, W).
        images: uint8 (M, C, H, W), all prepared images; may be memory-mapped.
        split: which of them are training images and which are held out.
        kind: what the text calls the images: "training", or "real" if the training data is not known.
        turns: quarters by which images were turned in the training.
    """
    nearest = nearest_images(shifted_thumbnails(samples), images, split.train, turns=turns)
    baseline, held_out = _baseline_distances(images, split, turns)
    near, baseline_near = _count_near_copies(nearest.distance), _count_near_copies(baseline)
    held_out_near, held_out_count = _count_near_copies(held_out), len(held_out)
    verdict, text = _verdict(near, len(samples), baseline_near, len(baseline), kind)
    if held_out_count:
        held_out_text = _("Of the {count:,} pictures held out of the training, {near:,} are near-copies.")
        text = f"{text} {held_out_text.format(count=held_out_count, near=held_out_near)}"
    return Memorization(
        verdict=verdict,
        text=text,
        near_copies=near / len(samples),
        baseline_near_copies=baseline_near / len(baseline),
        median_distance=float(nearest.distance.median()),
        baseline_median_distance=float(baseline.median()),
        baseline="held out" if held_out_count == len(baseline) else "training",
        held_out_near_copies=held_out_near / held_out_count if held_out_count else None,
        pairs=_closest_pairs(nearest),
    )


def pairs_grid(pairs: tuple[Pair, ...], samples: Tensor, images: npt.NDArray[np.uint8]) -> Tensor:
    """Return a grid (C, H', W') of the pairs: each sample with its nearest training image to its right."""
    real = to_tensor(images[np.array([pair.picture for pair in pairs])])
    flipped = torch.tensor([pair.mirrored for pair in pairs])
    real[flipped] = real[flipped].flip(3)
    chosen = samples[torch.tensor([pair.sample for pair in pairs])]
    gap = max(2, samples.shape[3] // 4)  # wide, so that the pairs can be told apart
    return image_grid(torch.cat([chosen, real], 3), gap=gap)


def _baseline_distances(
    images: npt.NDArray[np.uint8], split: TrainSplit, turns: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return distances to the nearest training image: those of all baseline images, and those of the held-out ones.

    If few images are held out, training images from everywhere in the set are added. To the other training images,
    each of them is as new as a held-out image. With 50 images, the share would be known only to within 0.15.
    """
    added_count = min(BASELINE_IMAGES - len(split.held_out), len(split.train))
    added = split.train[np.arange(added_count) * len(split.train) // max(1, added_count)]
    shifted = shifted_thumbnails(images[np.concatenate([split.held_out, added])])
    distance = nearest_images(shifted, images, split.train, SAME_IMAGE_DISTANCE, turns).distance
    return distance, distance[: len(split.held_out)]


def _count_near_copies(distance: Tensor) -> int:
    return int((distance <= NEAR_COPY_DISTANCE).sum())


def _verdict(near: int, count: int, baseline_near: int, baseline_count: int, kind: str) -> tuple[str, str]:
    """Return the verdict and its text.

    Args:
        near, count: near-copies of training images among the samples, and the number of samples.
        baseline_near, baseline_count: the same for real images.
        kind: what the text calls the training images.
    """
    share, baseline_share = near / count, baseline_near / baseline_count
    text = _(COMPARED[kind]).format(
        near=near,
        count=count,
        share=share,
        baseline_near=baseline_near,
        baseline_count=baseline_count,
        baseline_share=baseline_share,
    )
    if baseline_share > MAX_BASELINE_SHARE:
        too_similar = _("The real pictures are too similar to each other to tell copies from new pictures.")
        return "unknown", f"{text} {too_similar}"
    pooled = (near + baseline_near) / (count + baseline_count)
    standard_error = math.sqrt(pooled * (1 - pooled) * (1 / count + 1 / baseline_count))  # if the true shares are equal
    excess = share - baseline_share
    if excess <= SIGNIFICANT_STANDARD_ERRORS * standard_error:
        no_sign = _("There is no sign of memorisation.")
        return "none", f"{text} {no_sign}"
    verdict = "much" if excess > MUCH_SHARE else "some"
    about = _("About {excess:.0%} were memorised. More pictures or a shorter training would help.")
    return verdict, f"{text} {about.format(excess=excess)}"


def _closest_pairs(nearest: NearestImages) -> tuple[Pair, ...]:
    closest = nearest.distance.argsort(stable=True)[:MAX_PAIRS].tolist()
    return tuple(
        Pair(sample, int(nearest.index[sample]), float(nearest.distance[sample]), bool(nearest.mirrored[sample]))
        for sample in closest
    )
