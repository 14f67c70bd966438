"""The scores of a set of samples against real pictures, each with its network, its interval and what it means.

No single score sees everything: a distance falls when training pictures are copied, precision does not see what is
missing, and no network that was trained to name things minds a checkerboard. Together they leave little unseen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import GanvasError
from .distances import SPREAD, Interval, frechet, kid
from .features import Features

NEIGHBOURS = 3  # of precision and recall, as published
COVERAGE_NEIGHBOURS = 5  # of density and coverage, as published
WIDE = 512  # features; beyond, a root takes seconds, and an interval is made of fewer
FEW_REPLICATES, REPLICATES = 8, 40

# key -> (name, which way is better, one sentence for a beginner)
MEANING: Mapping[str, tuple[str, str, str]] = {
    "frechet": (
        "Frechet distance",
        "lower",
        "How far the samples as a whole are from the real pictures, freed of what the number of pictures adds: "
        "about 0 for real pictures.",
    ),
    "frechet_plain": (
        "Frechet distance, plain",
        "lower",
        "The same as it is usually published: it falls with the number of pictures, so compare only equal numbers.",
    ),
    "kid": (
        "Kernel distance (KID)",
        "lower",
        "Another distance of the two sets, fair to small ones: about 0 for real pictures.",
    ),
    "precision": ("Precision", "higher", "Share of the samples that look like real pictures."),
    "recall": ("Recall", "higher", "Share of the real pictures that the samples could have been."),
    "density": ("Density", "higher", "How thickly the samples lie where real pictures are: about 1 for real ones."),
    "coverage": (
        "Coverage",
        "higher",
        "Share of the real pictures that have a sample close by: low when kinds are missing.",
    ),
    "diversity": (
        "Diversity",
        "near real",
        "How much the samples differ from each other, real pictures being 1: low when they are all alike.",
    ),
    "near_duplicates": ("Near-duplicates", "near real", "Share of the samples that have a near-copy among the others."),
    "clipped": ("Clipped values", "near real", "Share of the colour values that are black or white to the limit."),
    "brightness": ("Brightness", "near real", "Mean of all values, 0 to 255."),
    "colour": ("Colour", "near real", "How far from grey the pictures are, 0 to 255."),
    "detail": ("Fine detail", "near real", "Share of fine detail: blurred samples have less, noisy ones more."),
    "checkerboard": ("Checkerboard", "near real", "Strength of a pattern of two pixels, which faulty networks paint."),
}


@dataclass(frozen=True)
class Score:
    """Hold one score of a set of samples.

    Args:
        key: of `MEANING`, where its name and its meaning are.
        value: the score.
        low, high: its 95 % interval.
        network: whose features it was computed in; empty for none.
        real: what real pictures get, where it is known.
    """

    key: str
    value: float
    low: float
    high: float
    network: str = ""
    real: float | None = None

    @property
    def name(self) -> str:
        """Return what people call it; only Inception's Frechet distance is FID."""
        name = MEANING[self.key][0]
        return name.replace("Frechet distance", "FID") if self.network == "inception-v3" else name

    @property
    def better(self) -> str:
        """Return "lower", "higher" or "near real"."""
        return MEANING[self.key][1]

    @property
    def about(self) -> str:
        """Return one sentence for a beginner."""
        return MEANING[self.key][2]


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


def pixel_scores(fake: Mapping[str, Tensor], real: Mapping[str, Tensor]) -> list[Score]:
    """Return the means of the samples' pixel measures, beside those of real pictures (see `measure_pixels`)."""
    return [Score(key, *mean(values), real=float(real[key].mean())) for key, values in fake.items()]


def mean(values: Tensor) -> Interval:
    """Return the mean of independent values (N,) and its interval."""
    middle, width = float(values.mean()), SPREAD * float(values.std()) / math.sqrt(len(values))
    return Interval(middle, middle - width, middle + width)


def share(hits: int, count: int) -> Interval:
    """Return hits / count and its interval, which is never empty (Wilson 1927)."""
    value, square = hits / count, SPREAD**2 / count
    centre = (value + square / 2) / (1 + square)
    width = SPREAD / (1 + square) * math.sqrt(value * (1 - value) / count + square / (4 * count))
    return Interval(value, max(0.0, centre - width), min(1.0, centre + width))


def _diversity(fake: Tensor, real: Tensor) -> Interval:
    """Return the root of the fakes' mean squared distance from each other over that of the reals.

    That mean is twice the total variance, so no pair needs looking at.
    """
    spread = (fake - fake.mean(0)).square().sum(1)
    total = mean(spread / real.var(0).sum())
    return Interval(*(math.sqrt(max(0.0, each)) for each in total))
