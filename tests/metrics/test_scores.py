"""The scores agree with their papers' definitions, and they tell real images from worse ones."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganvas.errors import GanvasError
from ganvas.metrics import scores
from ganvas.metrics.distances import bootstrap_frechet_distance, frechet_distance, kernel_distance
from ganvas.metrics.features import Features
from ganvas.metrics.score_descriptions import Score
from ganvas.metrics.scores import (
    duplicate_scores,
    feature_scores,
    mean_interval,
    nearest_distance_score,
    pixel_scores,
    precision_recall_density_coverage,
    wilson_interval,
)


def normal(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def features(count: int, seed: int, network: str = "one") -> Features:
    """Return features of `count` images of ten modes in turn."""
    modes = 6 * normal(10, 12, 99)
    rows = torch.arange(count) % 10
    return Features(network, normal(count, 6, seed), modes[rows] + normal(count, 12, 1000 + seed))


def scored(fake: Features, real: Features) -> dict[str, Score]:
    return {score.key: score for score in feature_scores(fake, real, torch.Generator().manual_seed(0))}


# ---- precision, recall, density, coverage --------------------------------------------------------------------------


def naive_precision_recall_density_coverage(fake: Tensor, real: Tensor) -> dict[str, float]:
    """Return the four scores by their definitions, pair by pair, in double precision."""
    x, y = fake.double().numpy(), real.double().numpy()

    def radius(set_: np.ndarray, i: int, k: int) -> float:
        return sorted(math.dist(set_[i], set_[j]) for j in range(len(set_)) if j != i)[k - 1]

    real3, fake3, real5 = ([radius(s, i, k) for i in range(len(s))] for s, k in ((y, 3), (x, 3), (y, 5)))
    n, m = range(len(x)), range(len(y))
    far = [[math.dist(x[i], y[j]) for j in m] for i in n]
    return {
        "precision": sum(any(far[i][j] <= real3[j] for j in m) for i in n) / len(x),
        "recall": sum(any(far[i][j] <= fake3[i] for i in n) for j in m) / len(y),
        "density": sum(far[i][j] <= real5[j] for i in n for j in m) / (5 * len(x)),
        "coverage": sum(any(far[i][j] <= real5[j] for i in n) for j in m) / len(y),
    }


@pytest.mark.parametrize(
    ("fake", "real"),
    [
        (normal(40, 4, 1), normal(40, 4, 2)),
        (normal(40, 4, 1) * 0.3, normal(40, 4, 2)),
        (normal(40, 4, 1) * 2 + 1, normal(40, 4, 2)),
        (normal(40, 4, 1) + 100, normal(40, 4, 2)),
        (normal(6, 4, 1), normal(6, 4, 2)),
        (normal(30, 50, 1).relu(), normal(30, 50, 2).relu()),
    ],
    ids=["alike", "narrow", "wide", "elsewhere", "few", "sparse"],
)
def test_precision_recall_density_coverage_match_their_definitions(fake: Tensor, real: Tensor) -> None:
    results = {key: each.value for key, each in precision_recall_density_coverage(fake, real).items()}
    assert results == pytest.approx(naive_precision_recall_density_coverage(fake, real)), (
        "a neighbourhood differs from the published one"
    )


def test_narrow_samples_have_precision_and_wide_ones_recall() -> None:
    """The two sets must not be swapped."""
    real = normal(100, 4)
    narrow, wide = (
        precision_recall_density_coverage(normal(100, 4, 1) * 0.3, real),
        precision_recall_density_coverage(normal(100, 4, 1) * 3, real),
    )
    assert narrow["precision"].value > 0.95 > 0.5 > narrow["recall"].value
    assert wide["recall"].value > 0.9 > 0.6 > wide["precision"].value


def test_the_larger_set_is_truncated() -> None:
    fake, real = normal(50, 4, 1), normal(30, 4, 2)
    assert precision_recall_density_coverage(fake, real) == precision_recall_density_coverage(fake[:30], real)
    assert precision_recall_density_coverage(real, fake) == precision_recall_density_coverage(real, fake[:30])


def test_copies_cover_everything() -> None:
    real = normal(50, 20)
    results = precision_recall_density_coverage(
        real[torch.randperm(50, generator=torch.Generator().manual_seed(0))], real
    )
    assert (results["precision"].value, results["recall"].value, results["coverage"].value) == (1, 1, 1)
    assert results["density"].value >= 1


# ---- intervals of shares and means ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (0, 10, 0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1),
        (81, 263, 0.2553, 0.3662),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_have_the_published_values(hits: int, count: int, low: float, high: float) -> None:
    assert wilson_interval(hits, count) == pytest.approx((hits / count, low, high), abs=1e-4)


def test_a_wilson_interval_contains_its_value() -> None:
    for count in range(1, 300):
        for hits in {0, 1, count // 2, count - 1, count}:
            interval = wilson_interval(hits, count)
            assert 0 <= interval.low <= interval.value <= interval.high <= 1, f"{hits} of {count}"
            assert interval.low < interval.high, "an observed share of 0 or 1 is not certain either"


def test_the_interval_of_a_mean() -> None:
    margin = 1.96 * math.sqrt(2.5 / 5)
    assert mean_interval(torch.tensor([1.0, 2, 3, 4, 5])) == pytest.approx((3, 3 - margin, 3 + margin))
    intervals = [mean_interval(normal(50, 1, seed)[:, 0] + 2) for seed in range(200)]
    assert 180 <= sum(interval.low <= 2 <= interval.high for interval in intervals) <= 199, "not a 95 % interval"


# ---- all feature scores --------------------------------------------------------------------------------------------


def test_real_pictures_look_like_real_pictures() -> None:
    results = scored(features(400, 3), features(400, 4))
    for key, score in results.items():
        assert score.high is not None
        assert score.low <= score.value <= score.high
        if key in {"frechet", "kid"}:
            assert score.low <= 0 <= score.high, f"{key} tells two sets of real images apart"
        elif key != "frechet_plain":
            assert score.value == pytest.approx(score.real, abs=0.1), (
                f"{key} of real images is not that of other real images"
            )


def test_missing_modes_are_noticed() -> None:
    real = features(400, 2)
    fewer = features(400, 1)[torch.arange(400) % 10 < 5][:200]
    results = scored(fewer, real)
    for key in ("coverage", "recall"):
        score = results[key]
        assert score.real is not None
        assert score.high < score.real, f"half the modes are missing, and {key} does not show it"
    assert results["precision"].deviation_sign == 0, "the samples of the other modes are real"


def test_nearly_identical_samples_have_no_diversity() -> None:
    real = features(200, 2)
    identical = Features("one", real.intermediate[:1] + 0.01 * normal(50, 6), real.final[:1] + 0.01 * normal(50, 12))
    assert scored(identical, real)["diversity"].high < 0.1


def test_diversity_is_the_ratio_of_pair_distances() -> None:
    fake, real = features(25, 1), features(30, 2)

    def mean_square(set_: Tensor) -> float:
        squares = [float((a - b).square().sum()) for i, a in enumerate(set_) for j, b in enumerate(set_) if i != j]
        return sum(squares) / len(squares)

    expected = math.sqrt(mean_square(fake.final) / mean_square(real.final))
    assert scored(fake, real)["diversity"].value == pytest.approx(expected, rel=1e-5)


def test_each_score_uses_its_features() -> None:
    fake, real = features(40, 1), features(50, 2)
    results = scored(fake, real)
    assert results["frechet_plain"].value == pytest.approx(frechet_distance(fake.intermediate, real.intermediate))
    assert results["kid"].value == pytest.approx(kernel_distance(fake.final, real.final))
    assert {key: results[key].value for key in ("precision", "recall", "density", "coverage")} == {
        key: each.value for key, each in precision_recall_density_coverage(fake.final, real.final).items()
    }


def test_scores_of_real_images_are_measured_between_two_halves() -> None:
    real = features(60, 2)
    results = scored(features(40, 1), real)
    halves = precision_recall_density_coverage(real.final[:30], real.final[30:])
    assert {key: results[key].real for key in halves} == {key: each.value for key, each in halves.items()}


@pytest.mark.parametrize(
    ("many", "replicates"), [(scores.MANY_FEATURES, scores.BOOTSTRAP_REPLICATES), (5, scores.FEW_REPLICATES)]
)
def test_wide_features_get_fewer_replicates(many: int, replicates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MANY_FEATURES", many)
    fake, real = features(40, 1), features(40, 2)
    found = scored(fake, real)["frechet"]
    rng = torch.Generator().manual_seed(0)
    _, expected = bootstrap_frechet_distance(fake.intermediate, real.intermediate, rng, replicates)
    assert (found.value, found.low, found.high) == pytest.approx(expected)


def test_pixel_scores_are_means_with_those_of_real_images() -> None:
    fake, real = {"detail": torch.tensor([1.0, 2, 3])}, {"detail": torch.tensor([10.0, 20])}
    (score,) = pixel_scores(fake, real)
    assert (score.key, score.value, score.real, score.network) == ("detail", 2, 15, "")
    assert (score.low, score.high) == pytest.approx((2 - 1.96 / math.sqrt(3), 2 + 1.96 / math.sqrt(3)))


# ---- copies --------------------------------------------------------------------------------------------------------


def blocks(count: int, seed: int) -> Tensor:
    """Return images of nine blocks whose channels are black or white; no two are near-copies."""
    coarse = torch.randint(0, 2, (count, 3, 3, 3), generator=torch.Generator().manual_seed(seed))
    return (255 * coarse).repeat_interleave(5, 2).repeat_interleave(5, 3).to(torch.uint8)


def test_near_copies_and_the_support() -> None:
    copied = blocks(30, 1)
    copied[3:6] = copied[0:3]
    duplicates, support = duplicate_scores(copied, blocks(40, 0))
    assert (duplicates.value, duplicates.real) == (6 / 30, 0)
    assert duplicates.low > 0
    pairs = 30 * 29 / 2
    assert (support.value, support.real) == (pairs / 3, pairs / 3), (
        "three pairs were seen, and without any the rule of three applies"
    )
    assert support.low < support.value
    assert support.high is None, "three pairs may be chance, so the support has no upper bound"


def test_many_near_copies_bound_the_support_on_both_sides() -> None:
    duplicates, support = duplicate_scores(blocks(10, 1).repeat(10, 1, 1, 1), blocks(120, 0))
    assert duplicates.value == 1
    assert support.value == pytest.approx(11, rel=0.01), "ten images, ten times each"
    assert support.high is not None
    assert 9 < support.low < support.value < support.high < 13
    assert support.deviation_sign == -1


# ---- nearest training images ---------------------------------------------------------------------------------------


def nearest(fake: Features, train: Features, mirrored: Features, held_out: Features | None) -> Score:
    return nearest_distance_score(fake, train, mirrored, held_out, torch.Generator().manual_seed(0))


def test_new_images_are_as_far_from_the_training_set_as_held_out_ones() -> None:
    train, mirrored = features(200, 1), features(200, 2)
    for held_out in (features(100, 3), None):
        score = nearest(features(150, 4), train, mirrored, held_out)
        assert score.low <= 1 <= score.high, "new images are taken for copies, or for outliers"
        assert score.value == pytest.approx(1, abs=0.1)
        assert (score.real, score.deviation_sign) == (1, 0)


@pytest.mark.parametrize("change", ["unchanged", "mirrored"])
def test_copies_of_training_images_are_near_them(change: str) -> None:
    train, mirrored = features(200, 1), features(200, 2)
    copied = (train if change == "unchanged" else mirrored)[:150]
    soft = Features("one", copied.intermediate, copied.final + 0.1 * normal(150, 12))
    for held_out in (features(100, 3), None):
        score = nearest(soft, train, mirrored, held_out)
        assert score.high is not None
        assert score.high < 0.3, "memorised images are not noticed"
        assert score.deviation_sign == -1


def test_a_training_image_does_not_find_itself_or_its_mirror_image() -> None:
    """Without held-out images, training images are the reference, and each would find itself at distance 0."""
    train = features(100, 1)
    score = nearest(features(100, 2), train, train, None)
    assert score.value == pytest.approx(1, abs=0.15)


def test_nearest_does_not_depend_on_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    train, mirrored, fake = features(70, 1), features(70, 2), features(50, 3)
    for held_out in (features(40, 4), None):
        whole = nearest(fake, train, mirrored, held_out)
        monkeypatch.setattr(scores, "DISTANCE_CHUNK_ROWS", 16)
        assert nearest(fake, train, mirrored, held_out).value == pytest.approx(whole.value, rel=1e-3)
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("fake", "real", "complaint"),
    [
        (features(30, 1), features(30, 2, "another"), "another"),
        (features(19, 1), features(30, 2), "at least 20 samples and 20 real pictures, not 19 and 30"),
        (features(30, 1), features(19, 2), "not 30 and 19"),
        (Features("one", normal(30, 6) * math.nan, normal(30, 12)), features(30, 2), "NaN"),
        (Features("one", normal(30, 6), normal(30, 12) / 0), features(30, 2), "infinite"),
    ],
)
def test_invalid_features_are_refused(fake: Features, real: Features, complaint: str) -> None:
    with pytest.raises(GanvasError, match=complaint) as caught:
        scored(fake, real)
    assert caught.value.hint
