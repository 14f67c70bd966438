"""Scores of a set of samples against real images, each with its network and its 95 % interval.

No single score sees everything. Copying training images lowers a distance, precision ignores missing modes, and
networks trained for classification ignore checkerboards. Together the scores miss little.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ..errors import GanvasError
from ..translation import _
from .distances import BOOTSTRAP_REPLICATES, Z_95, Interval, bootstrap_frechet_distance, bootstrap_kernel_distance
from .features import Features
from .neighbors import Images, birthday_support, count_near_duplicates
from .score_descriptions import Score

PRECISION_RECALL_K = 3  # nearest neighbours for precision and recall, as published
DENSITY_COVERAGE_K = 5  # nearest neighbours for density and coverage, as published
MANY_FEATURES = 512  # with more features a matrix square root takes seconds, so FEW_REPLICATES are used
FEW_REPLICATES = 8
MEDIAN_REPLICATES = 200  # bootstrap resamples for the interval of a median
DISTANCE_CHUNK_ROWS = 1000  # rows of the distance matrix in memory at once


def feature_scores(fake: Features, real: Features, rng: torch.Generator) -> list[Score]:
    """Return the scores computed on features: distances, precision, recall, density, coverage and diversity.

    The precision, recall, density and coverage of real images are measured between two halves of them.

    Args:
        fake, real: features of one network, with the rows in random order.
        rng: random numbers for the bootstrap.

    Raises:
        GanvasError: the networks differ, a set has fewer than 20 rows, or a feature is not finite.
    """
    if fake.network != real.network:
        raise GanvasError(
            _("Features of {network} cannot be compared with features of {real_network}.").format(
                network=fake.network, real_network=real.network
            ),
            _("Extract both sets of features with the same network."),
        )
    if min(len(fake), len(real)) < 20:
        raise GanvasError(
            _("Scores need at least 20 samples and 20 real pictures, not {count} and {real_count}.").format(
                count=len(fake), real_count=len(real)
            ),
            _("Try: ganvas evaluate RUN --count 2000"),
        )
    replicates = BOOTSTRAP_REPLICATES if fake.intermediate.shape[1] <= MANY_FEATURES else FEW_REPLICATES
    plain, corrected = bootstrap_frechet_distance(fake.intermediate, real.intermediate, rng, replicates)
    half = len(real) // 2
    reference = precision_recall_density_coverage(real.final[:half], real.final[half : 2 * half])
    intervals = precision_recall_density_coverage(fake.final, real.final)
    return [
        Score("frechet", *corrected, fake.network, 0.0),
        Score("frechet_plain", *plain, fake.network),
        Score("kid", *bootstrap_kernel_distance(fake.final, real.final, rng), fake.network, 0.0),
        *(Score(key, *interval, fake.network, reference[key].value) for key, interval in intervals.items()),
        Score("diversity", *_diversity(fake.final, real.final), fake.network, 1.0),
    ]


def precision_recall_density_coverage(fake: Tensor, real: Tensor) -> dict[str, Interval]:
    """Return precision, recall, density and coverage of two sets of features, each with its interval.

    The larger set is truncated to the size of the smaller one, since all four depend on the set sizes.

    Args:
        fake, real: (N, D) and (M, D), at least 6 rows each, in random order.

    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991 (by torch-fidelity); Naeem et al. 2020, arXiv:2002.09797.
    """
    from torch_fidelity.metric_prc import calculate_precision_recall_part

    count = min(len(fake), len(real))
    fake, real = fake[:count], real[:count]
    precision, recall = calculate_precision_recall_part(fake, real, PRECISION_RECALL_K)
    radii = torch.cdist(real, real).kthvalue(DENSITY_COVERAGE_K + 1).values  # + 1: each row is its own nearest
    within = torch.cdist(fake, real) <= radii
    density = within.double().sum(1) / DENSITY_COVERAGE_K
    return {
        "precision": wilson_interval(round(precision * count), count),
        "recall": wilson_interval(round(recall * count), count),
        "density": mean_interval(density),
        "coverage": wilson_interval(int(within.any(0).sum()), count),
    }


def nearest_distance_score(
    fake: Features, train: Features, mirrored: Features, held_out: Features | None, rng: torch.Generator
) -> Score:
    """Return the samples' median distance to the nearest training image over that of real images.

    Args:
        fake: features of the samples.
        train, mirrored: features of the training images, and of their mirror images.
        held_out: features of held-out images. If None, the distances of training images to each other are used.
        rng: random numbers for the bootstrap.
    """
    samples = torch.minimum(_nearest_distances(fake.final, train.final), _nearest_distances(fake.final, mirrored.final))
    if held_out is None:
        to_train = _nearest_distances(train.final, None)
        to_mirrored = _nearest_distances(train.final, mirrored.final, exclude_diagonal=True)
    else:
        to_train = _nearest_distances(held_out.final, train.final)
        to_mirrored = _nearest_distances(held_out.final, mirrored.final)
    reference = torch.minimum(to_train, to_mirrored)
    rows, reference_rows = (
        torch.randint(len(distances), (MEDIAN_REPLICATES, len(distances)), generator=rng)
        for distances in (samples, reference)
    )
    ratios = samples[rows].median(1).values / reference[reference_rows].median(1).values.clamp(min=1e-9)
    low, high = ratios.quantile(torch.tensor([0.025, 0.975])).tolist()
    value = float(samples.median() / reference.median().clamp(min=1e-9))
    return Score("nearest", value, low, high, fake.network, 1.0)


def _nearest_distances(a: Tensor, b: Tensor | None, exclude_diagonal: bool = False) -> Tensor:
    """Return the distance (N,) of each row of `a` to the nearest row of `b`.

    Args:
        a, b: features (N, D) and (M, D); with None for `b`, the other rows of `a` are searched.
        exclude_diagonal: whether to skip row i of `b` for row i of `a`.
    """
    nearest = []
    for start in range(0, len(a), DISTANCE_CHUNK_ROWS):
        distance = torch.cdist(a[start : start + DISTANCE_CHUNK_ROWS], a if b is None else b)
        if b is None or exclude_diagonal:
            distance.diagonal(start).fill_(torch.inf)
        nearest.append(distance.min(1).values)
    return torch.cat(nearest)


def pixel_scores(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> list[Score]:
    """Return the mean pixel measures of samples and of real images (see `measure_pixels`)."""
    return [Score(key, *mean_interval(values), real=float(real[key].mean())) for key, values in fake.items()]


def duplicate_scores(fake: Images, real: Images) -> list[Score]:
    """Return the share of near-duplicates and the estimated number of distinct images.

    The larger set is truncated to the size of the smaller one, since both scores depend on the set sizes.

    Args:
        fake, real: uint8 images (N, C, H, W) and (M, C, H, W) in random order.
    """
    count = min(len(fake), len(real))
    duplicates, real_duplicates = (count_near_duplicates(images[:count]) for images in (fake, real))
    margin = Z_95 * math.sqrt(duplicates.pairs)  # pairs are Poisson distributed: their variance is their mean
    low, high = (
        birthday_support(replace(duplicates, pairs=max(0, round(duplicates.pairs + change))))
        for change in (margin, -margin)
    )
    size, real_size = birthday_support(duplicates).size, birthday_support(real_duplicates).size
    real_share = real_duplicates.with_duplicate / count
    return [
        Score("near_duplicates", *wilson_interval(duplicates.with_duplicate, count), real=real_share),
        Score("support", size, low.size, None if high.is_lower_bound else high.size, real=real_size),
    ]


def mean_interval(values: Tensor) -> Interval:
    """Return the mean of independent values (N,) and its 95 % interval."""
    mean, margin = float(values.mean()), Z_95 * float(values.std()) / math.sqrt(len(values))
    return Interval(mean, mean - margin, mean + margin)


def wilson_interval(hits: int, count: int) -> Interval:
    """Return hits / count and its 95 % interval, whose width is never zero (Wilson 1927)."""
    value, square = hits / count, Z_95**2 / count
    centre = (value + square / 2) / (1 + square)
    margin = Z_95 / (1 + square) * math.sqrt(value * (1 - value) / count + square / (4 * count))
    low, high = min(value, centre - margin), max(value, centre + margin)  # rounding must not exclude the value itself
    return Interval(value, max(0.0, low), min(1.0, high))


def _diversity(fake: Tensor, real: Tensor) -> Interval:
    """Return the root mean squared distance between samples over that between real images.

    The mean squared distance is twice the total variance, so no pairs are needed.
    """
    variance = (fake - fake.mean(0)).square().sum(1) * len(fake) / (len(fake) - 1)
    squared_ratio = mean_interval(variance / real.var(0).sum().clamp(min=1e-9))
    return Interval(*(math.sqrt(max(0.0, bound)) for bound in squared_ratio))
