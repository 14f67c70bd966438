"""Distances agree with their definitions and with other implementations; their intervals cover the true value."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch import Tensor
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

from ganvas.errors import GanvasError
from ganvas.metrics import distances
from ganvas.metrics.distances import (
    Z_95,
    Interval,
    bootstrap_frechet_distance,
    bootstrap_kernel_distance,
    frechet_distance,
    kernel_distance,
)
from ganvas.metrics.features import Features, extract_features

Sets = tuple[Tensor, Tensor]


def normal(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def correlated(seed: int, count: int = 300, width: int = 40) -> Tensor:
    """Return features like real ones: positive, correlated, with very unequal variances."""
    scales = torch.logspace(1, -2, width, dtype=torch.float64)
    return ((normal(count, width, seed) * scales) @ normal(width, width, 100 + seed)).relu().float()


@pytest.fixture(scope="module")
def emoji(shared_assets: Path) -> tuple[Features, Features]:
    """Return the features of 200 emoji, and of 150 other emoji that are blurred."""
    with ZipFile(shared_assets / "emoji-people-64.zip") as file:
        names = sorted(name for name in file.namelist() if name.endswith(".png"))[:700:2]
        pictures = [Image.open(io.BytesIO(file.read(name))).convert("RGBA").resize((32, 32)) for name in names]
    pictures[200:] = [picture.filter(ImageFilter.GaussianBlur(1)) for picture in pictures[200:]]
    features = extract_features(np.stack([np.asarray(picture).transpose(2, 0, 1) for picture in pictures]))
    return features[:200], features[200:]


# ---- agreement -----------------------------------------------------------------------------------------------------


def plain_frechet(a: Tensor, b: Tensor) -> float:
    """Return the Frechet distance as written in the paper, in NumPy double precision."""
    x, y = a.numpy().astype(np.float64), b.numpy().astype(np.float64)
    shift = x.mean(0) - y.mean(0)
    cov_x, cov_y = (each.T @ each / (len(each) - 1) for each in (x - x.mean(0), y - y.mean(0)))
    roots = np.sqrt(np.linalg.eigvals(cov_x @ cov_y).astype(complex)).real.sum()
    return float(shift @ shift + np.trace(cov_x) + np.trace(cov_y) - 2 * roots)


def plain_kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return the unbiased squared MMD as written in the paper, in NumPy double precision."""
    x, y = a.numpy().astype(np.float64), b.numpy().astype(np.float64)
    xx, yy, xy = ((p @ q.T / x.shape[1] + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * xy.mean())


def their_frechet(a: Tensor, b: Tensor) -> float:
    statistics = (fid_features_to_statistics(each) for each in (a, b))
    return float(fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID])


def their_kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return torch-fidelity's KID of one subset that contains everything."""
    metrics = kid_features_to_metric(a, b, kid_subsets=1, kid_subset_size=len(a), verbose=False)
    return float(metrics[KEY_METRIC_KID_MEAN])


def assert_agreement(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> None:
    """Compare the Frechet distance of (a, b) and the kernel distance of (c, d), all float32, with other code."""
    for other in (plain_frechet, their_frechet):
        assert frechet_distance(a, b) == pytest.approx(other(a, b), rel=1e-4), f"not the distance of {other.__name__}"
    assert kernel_distance(c, d) == pytest.approx(plain_kernel_distance(c, d), rel=1e-4), "not the paper's equation"
    few = min(len(c), len(d))  # theirs are of equal size
    c, d = c[:few].double(), d[:few].double()
    assert kernel_distance(c, d) == pytest.approx(their_kernel_distance(c, d), rel=1e-4), "another kernel than KID's"


def test_agreement_on_correlated_features() -> None:
    a, b = correlated(1), correlated(2, 250)
    assert_agreement(a, b, a, b)


def test_agreement_with_fewer_pictures_than_features() -> None:
    a, b = correlated(1, 30), correlated(2, 25)
    assert_agreement(a, b, a, b)


@pytest.mark.slow
def test_agreement_on_features_of_real_pictures(emoji: tuple[Features, Features]) -> None:
    real, blurred = emoji
    assert_agreement(real.intermediate, blurred.intermediate, real.final, blurred.final)


# ---- the Frechet distance ------------------------------------------------------------------------------------------


def test_frechet_of_a_set_with_itself_is_zero() -> None:
    few = normal(10, 40) * 100  # fewer rows than columns: the covariance is singular
    assert frechet_distance(few, few) < 1e-6 * few.var(0).sum(), "the root of a singular covariance went wrong"


def test_frechet_of_a_shift_is_its_square() -> None:
    a = normal(500, 8)
    shift = torch.arange(8.0, dtype=torch.float64)
    assert frechet_distance(a, a + shift) == pytest.approx(float(shift.square().sum()), rel=1e-9), "the means are wrong"


def test_frechet_of_axis_aligned_gaussians_is_the_closed_form() -> None:
    a = normal(4, 2)
    a = torch.linalg.qr(a - a.mean(0))[0] * math.sqrt(3)  # mean 0, covariance exactly 1
    b = a * torch.tensor([2.0, 5.0], dtype=torch.float64)
    assert frechet_distance(a, b) == pytest.approx((2 - 1) ** 2 + (5 - 1) ** 2), "tr(A + B - 2 (AB)^1/2) is wrong"


def test_frechet_of_rotated_covariances() -> None:
    a, b = normal(300, 6, 1) @ normal(6, 6, 2), normal(300, 6, 3) @ normal(6, 6, 4)
    assert frechet_distance(a, b) == pytest.approx(plain_frechet(a, b), rel=1e-9), "rotated covariances are mixed up"
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9), "a distance must be symmetric"


def test_the_correction_takes_the_bias_away() -> None:
    """Two sets of one distribution: the plain distance is never 0, the corrected one is 0 on average."""
    pairs = [
        bootstrap_frechet_distance(normal(200, 20, seed), normal(200, 20, 1000 + seed), seeded(), 0)
        for seed in range(100)
    ]
    plain, corrected = (torch.tensor([pair[kind].value for pair in pairs]) for kind in (0, 1))
    assert plain.min() > 0.9, "the plain distance of small sets is not biased, so this test shows nothing"
    assert corrected.mean().abs() < 0.03 * plain.mean(), "the correction leaves or adds a bias"
    assert corrected.std() < 3 * plain.std(), "the correction is far noisier than the plain distance"


def test_the_correction_leaves_a_true_distance_alone() -> None:
    pairs = [
        bootstrap_frechet_distance(normal(200, 20, seed), normal(200, 20, 1000 + seed) + 0.5, seeded(), 0)
        for seed in range(50)
    ]
    plain, corrected = (sum(pair[kind].value for pair in pairs) / len(pairs) for kind in (0, 1))
    assert corrected == pytest.approx(20 * 0.25, rel=0.03), "the corrected distance misses the truth"
    assert plain > 1.15 * 20 * 0.25


def test_the_first_of_the_pair_is_the_plain_distance() -> None:
    a, b = normal(30, 4), normal(20, 4, 1)
    assert bootstrap_frechet_distance(a, b, seeded())[0].value == pytest.approx(frechet_distance(a, b), rel=1e-12)


# ---- the kernel distance -------------------------------------------------------------------------------------------


def test_kernel_distance_is_its_definition_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = normal(7, 5, 1), normal(9, 5, 2) + 1

    def k(x: Tensor, y: Tensor) -> float:
        return float((x @ y / 5 + 1) ** 3)

    within_a = sum(k(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / (7 * 6)
    within_b = sum(k(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / (9 * 8)
    expected = within_a + within_b - 2 * sum(k(x, y) for x in a for y in b) / (7 * 9)
    for chunk in (1000, 4, 1):
        monkeypatch.setattr(distances, "KERNEL_CHUNK_ROWS", chunk)
        assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-9), f"wrong in chunks of {chunk}"


def test_kernel_distance_is_unbiased() -> None:
    draws = [kernel_distance(normal(20, 3, seed), normal(30, 3, 1000 + seed)) for seed in range(300)]
    mean = sum(draws) / len(draws)
    error = (sum((d - mean) ** 2 for d in draws) / len(draws) ** 2) ** 0.5
    assert abs(mean) < 4 * error, "the mean distance of two sets of one distribution is not 0"
    assert min(draws) < 0, "an unbiased estimate of 0 must sometimes be negative"


@pytest.mark.parametrize("chunk", [1000, 8])
def test_weights_do_what_resampling_does(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The interval comes from one kernel matrix and weights; resampling the rows themselves gives the same one."""
    monkeypatch.setattr(distances, "KERNEL_CHUNK_ROWS", chunk)
    a, b, rng = normal(30, 4), normal(20, 4, 1) * 1.5, seeded(3)
    rows_a, rows_b = ([torch.randint(n, (n,), generator=rng) for _ in range(12)] for n in (30, 20))
    resampled = torch.tensor([kernel_distance(a[i], b[j]) for i, j in zip(rows_a, rows_b, strict=True)])
    interval = bootstrap_kernel_distance(a, b, seeded(3), 12)
    assert interval.value == pytest.approx(kernel_distance(a, b), rel=1e-9)
    margin = interval.high - interval.value
    assert margin == pytest.approx(Z_95 * float(resampled.std()), rel=1e-5), "not the spread of a bootstrap"
    assert interval.value - interval.low == pytest.approx(margin)


# ---- intervals -----------------------------------------------------------------------------------------------------


def gaussians(seed: int, shift: float, scale: float, width: int) -> Sets:
    return normal(100, width, seed), scale * normal(100, width, 5000 + seed) + shift


def true_frechet(shift: float, scale: float, width: int) -> float:
    return width * (shift**2 + (scale - 1) ** 2)


def true_kernel_distance(shift: float, scale: float, width: int) -> float:
    """Return the squared MMD of N(0, 1) and N(shift, scale^2): (xy + 1)^3 compares their first three moments."""
    assert width == 1
    second, third = shift**2 + scale**2, shift**3 + 3 * shift * scale**2
    return 3 * shift**2 + 3 * (second - 1) ** 2 + third**2


def corrected(a: Tensor, b: Tensor, rng: torch.Generator) -> Interval:
    return bootstrap_frechet_distance(a, b, rng)[1]


Measure = Callable[[Tensor, Tensor, torch.Generator], Interval]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measure", "width"), [(corrected, 5), (bootstrap_kernel_distance, 1), (bootstrap_kernel_distance, 20)]
)
def test_intervals_cover_a_distance_of_none(measure: Measure, width: int) -> None:
    intervals = [measure(*gaussians(seed, 0, 1, width), seeded(seed)) for seed in range(40)]
    assert sum(interval.low <= 0 <= interval.high for interval in intervals) >= 37, (
        "intervals of two sets of one distribution miss 0"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measure", "truth", "width"),
    [(corrected, true_frechet, 5), (bootstrap_kernel_distance, true_kernel_distance, 1)],
    ids=["frechet", "kid"],
)
@pytest.mark.parametrize(("shift", "scale"), [(0.5, 1.0), (0.8, 1.5)])
def test_intervals_cover_the_true_distance(
    measure: Measure, truth: Callable[[float, float, int], float], width: int, shift: float, scale: float
) -> None:
    intervals = [measure(*gaussians(seed, shift, scale, width), seeded(seed)) for seed in range(40)]
    true = truth(shift, scale, width)
    covered = sum(interval.low <= true <= interval.high for interval in intervals)
    assert covered >= 34, "95 % intervals miss the true value too often"
    std = float(torch.tensor([interval.value for interval in intervals]).std())
    mean_width = sum(interval.high - interval.low for interval in intervals) / len(intervals)
    assert 0.7 < mean_width / (2 * Z_95) / std < 1.5, (
        "the width of the intervals does not match the spread of the values"
    )


def test_only_the_generator_is_random() -> None:
    a, b = normal(40, 5), normal(40, 5, 1)
    torch.manual_seed(0)
    first = bootstrap_frechet_distance(a, b, seeded(1)), bootstrap_kernel_distance(a, b, seeded(1))
    torch.manual_seed(1)
    assert (bootstrap_frechet_distance(a, b, seeded(1)), bootstrap_kernel_distance(a, b, seeded(1))) == first, (
        "the interval is not reproducible"
    )
    assert bootstrap_kernel_distance(a, b, seeded(2)).low != first[1].low, "the generator is not used"
    assert bootstrap_kernel_distance(a, b, seeded(2)).value == first[1].value, "the value itself must not be random"


def test_no_replicates_give_an_interval_without_width() -> None:
    a, b = normal(40, 5), normal(40, 5, 1)
    intervals = (*bootstrap_frechet_distance(a, b, seeded(), 0), bootstrap_kernel_distance(a, b, seeded(), 0))
    assert all(interval.low == interval.value == interval.high for interval in intervals)


# ---- invalid input -------------------------------------------------------------------------------------------------


def only_value(a: Tensor, b: Tensor) -> float:
    return bootstrap_frechet_distance(a, b, seeded())[0].value


@pytest.mark.parametrize(
    "distance", [frechet_distance, kernel_distance, only_value, lambda a, b: bootstrap_kernel_distance(a, b, seeded())]
)
@pytest.mark.parametrize(
    ("a", "b", "complaint"),
    [
        (normal(5, 3), normal(5, 4), "equal width"),
        (normal(1, 3), normal(5, 3), r"at least [24] rows"),
        (normal(5, 3), normal(5, 3)[0], "equal width"),
        (normal(5, 3) * math.nan, normal(5, 3), "NaN"),
        (normal(5, 3), normal(5, 3) / 0, "infinite"),
    ],
)
def test_invalid_sets_are_refused(
    distance: Callable[[Tensor, Tensor], object], a: Tensor, b: Tensor, complaint: str
) -> None:
    with pytest.raises(GanvasError, match=complaint):
        distance(a, b)


def test_halves_need_two_rows_each() -> None:
    with pytest.raises(GanvasError, match="at least 4 rows"):
        bootstrap_frechet_distance(normal(3, 3), normal(9, 3), seeded())
