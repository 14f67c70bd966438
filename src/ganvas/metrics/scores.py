"""The scores of a set of samples against real pictures, each with its network, its interval and what it means.

No single score sees everything: a distance falls when training pictures are copied, precision does not see what is
missing, and no network that was trained to name things minds a checkerboard. Together they leave little unseen.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from ..errors import GanvasError
from .distances import REPLICATES, SPREAD, Interval, frechet, kid
from .features import Features
from .neighbours import Pictures, birthday_support, near_duplicates
from .score_descriptions import Score

NEIGHBOURS = 3  # of precision and recall, as published
COVERAGE_NEIGHBOURS = 5  # of density and coverage, as published
WIDE = 512  # features; beyond, a root takes seconds, and an interval is made of fewer
FEW_REPLICATES = 8
RESAMPLED = 200  # medians for an interval
CHUNK = 1000  # rows of a matrix of distances held at once


def feature_scores(fake: Features, real: Features, random: torch.Generator) -> list[Score]:
    """Return the distances of two sets of features, how well they cover each other, and how diverse the fakes are.

    What real pictures get is measured between two halves of them.

    Args:
        fake, real: features of one network; the order of the rows must be random.
        random: of the resampling for the intervals.

    Raises:
        GanvasError: the features come from two networks, are fewer than 20, or are not finite.
    """
    if fake.network != real.network:
        raise GanvasError(
            f"Features of {fake.network} cannot be compared with features of {real.network}.",
            "Extract both sets with the same network.",
        )
    if min(len(fake), len(real)) < 20:
        raise GanvasError(
            f"Scores need at least 20 samples and 20 real pictures, not {len(fake)} and {len(real)}.",
            "Try: ganvas evaluate RUN --count 2000",
        )
    replicates = REPLICATES if fake.stage.shape[1] <= WIDE else FEW_REPLICATES
    plain, corrected = frechet(fake.stage, real.stage, random, replicates)
    half = len(real) // 2
    reference = cover(real.head[:half], real.head[half : 2 * half])
    covered = cover(fake.head, real.head)
    return [
        Score("frechet", *corrected, fake.network, 0.0),
        Score("frechet_plain", *plain, fake.network),
        Score("kid", *kid(fake.head, real.head, random), fake.network, 0.0),
        *(Score(key, *each, fake.network, reference[key].value) for key, each in covered.items()),
        Score("diversity", *_diversity(fake.head, real.head), fake.network, 1.0),
    ]


def cover(fake: Tensor, real: Tensor) -> dict[str, Interval]:
    """Return precision, recall, density and coverage of two sets of features, each with its interval.

    The larger set is cut to the size of the smaller one, since all four depend on the numbers.

    Args:
        fake, real: (N, D) and (M, D), at least 6 rows each, in random order.

    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991 (by torch-fidelity); Naeem et al. 2020, arXiv:2002.09797.
    """
    from torch_fidelity.metric_prc import calculate_precision_recall_part

    count = min(len(fake), len(real))
    fake, real = fake[:count], real[:count]
    precision, recall = calculate_precision_recall_part(fake, real, NEIGHBOURS)
    radii = torch.cdist(real, real).kthvalue(COVERAGE_NEIGHBOURS + 1).values  # the nearest of all is itself
    within = torch.cdist(fake, real) <= radii
    crowd = within.double().sum(1) / COVERAGE_NEIGHBOURS
    return {
        "precision": share(round(precision * count), count),
        "recall": share(round(recall * count), count),
        "density": mean(crowd),
        "coverage": share(int(within.any(0).sum()), count),
    }


def nearest_score(
    fake: Features, train: Features, mirrored: Features, unseen: Features | None, random: torch.Generator
) -> Score:
    """Return how far samples are from the nearest training picture, over how far real pictures are from theirs.

    Args:
        fake: of the samples.
        train, mirrored: of training pictures, and of their mirror images.
        unseen: of pictures held out of the training; None to take training pictures, each among the others.
        random: of the resampling for the interval.
    """
    ours = torch.minimum(_nearest(fake.head, train.head), _nearest(fake.head, mirrored.head))
    if unseen is None:
        theirs = torch.minimum(_nearest(train.head, None), _nearest(train.head, mirrored.head, own=True))
    else:
        theirs = torch.minimum(_nearest(unseen.head, train.head), _nearest(unseen.head, mirrored.head))
    drawn = [torch.randint(len(each), (RESAMPLED, len(each)), generator=random) for each in (ours, theirs)]
    ratios = ours[drawn[0]].median(1).values / theirs[drawn[1]].median(1).values.clamp(min=1e-9)
    low, high = ratios.quantile(torch.tensor([0.025, 0.975])).tolist()
    value = float(ours.median() / theirs.median().clamp(min=1e-9))
    return Score("nearest", value, low, high, fake.network, 1.0)


def _nearest(a: Tensor, b: Tensor | None, own: bool = False) -> Tensor:
    """Return the distance (N,) of each row to the nearest of `b`, or of the other rows of `a`.

    Args:
        own: whether row i of `b` belongs to row i of `a` and does not count.
    """
    distances = []
    for start in range(0, len(a), CHUNK):
        distance = torch.cdist(a[start : start + CHUNK], a if b is None else b)
        if b is None or own:
            distance.diagonal(start).fill_(torch.inf)
        distances.append(distance.min(1).values)
    return torch.cat(distances)


def pixel_scores(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> list[Score]:
    """Return the means of the samples' pixel measures, beside those of real pictures (see `measure_pixels`)."""
    return [Score(key, *mean(values), real=float(real[key].mean())) for key, values in fake.items()]


def copy_scores(fake: Pictures, real: Pictures) -> list[Score]:
    """Return how many samples nearly equal another, and how many different ones there would be to draw from.

    The larger set is cut to the size of the smaller one, since both depend on the numbers.

    Args:
        fake, real: uint8 pictures (N, C, H, W) and (M, C, H, W) in random order.
    """
    count = min(len(fake), len(real))
    found, usual = (near_duplicates(each[:count]) for each in (fake, real))
    give = SPREAD * math.sqrt(found.pairs)  # pairs are counted as rare events are: their variance is their number
    least, most = (birthday_support(replace(found, pairs=max(0, round(found.pairs + side)))) for side in (give, -give))
    size, real_size = birthday_support(found).size, birthday_support(usual).size
    return [
        Score("near_duplicates", *share(found.having, count), real=usual.having / count),
        Score("support", size, least.size, None if most.at_least else most.size, real=real_size),
    ]


def mean(values: Tensor) -> Interval:
    """Return the mean of independent values (N,) and its interval."""
    middle, width = float(values.mean()), SPREAD * float(values.std()) / math.sqrt(len(values))
    return Interval(middle, middle - width, middle + width)


def share(hits: int, count: int) -> Interval:
    """Return hits / count and its interval, which is never empty (Wilson 1927)."""
    value, square = hits / count, SPREAD**2 / count
    centre = (value + square / 2) / (1 + square)
    width = SPREAD / (1 + square) * math.sqrt(value * (1 - value) / count + square / (4 * count))
    low, high = min(value, centre - width), max(value, centre + width)  # rounding must not leave the value outside
    return Interval(value, max(0.0, low), min(1.0, high))


def _diversity(fake: Tensor, real: Tensor) -> Interval:
    """Return the root of the fakes' mean squared distance from each other over that of the reals.

    That mean is twice the total variance, so no pair needs looking at.
    """
    spread = (fake - fake.mean(0)).square().sum(1) * len(fake) / (len(fake) - 1)
    total = mean(spread / real.var(0).sum().clamp(min=1e-9))
    return Interval(*(math.sqrt(max(0.0, each)) for each in total))
