"""The scores are what the papers define, have the names they may have, and tell real pictures from worse ones."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ganvas.errors import GanvasError
from ganvas.metrics import scores
from ganvas.metrics.distances import frechet_distance, kernel_distance
from ganvas.metrics.features import Features
from ganvas.metrics.score_descriptions import Score
from ganvas.metrics.scores import copy_scores, cover, feature_scores, mean, nearest_score, pixel_scores, share


def normal(count: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def features(count: int, seed: int, network: str = "one") -> Features:
    """Return features of `count` pictures of ten kinds, one kind after the other."""
    kinds = 6 * normal(10, 12, 99)
    rows = torch.arange(count) % 10
    return Features(network, normal(count, 6, seed), kinds[rows] + normal(count, 12, 1000 + seed))


def by_key(found: list[Score]) -> dict[str, Score]:
    return {score.key: score for score in found}


def scored(fake: Features, real: Features) -> dict[str, Score]:
    return by_key(feature_scores(fake, real, torch.Generator().manual_seed(0)))


# ---- precision, recall, density, coverage --------------------------------------------------------------------------


def naive_cover(fake: Tensor, real: Tensor) -> dict[str, float]:
    """Return the four scores as they are defined, pair by pair, in double precision."""
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
def test_cover_is_its_definition(fake: Tensor, real: Tensor) -> None:
    found = {key: each.value for key, each in cover(fake, real).items()}
    assert found == pytest.approx(naive_cover(fake, real)), "a neighbourhood is not the published one"


def test_narrow_samples_are_precise_and_wide_ones_recall() -> None:
    """Which of the two sets is which must not be mixed up."""
    real = normal(100, 4)
    narrow, wide = cover(normal(100, 4, 1) * 0.3, real), cover(normal(100, 4, 1) * 3, real)
    assert narrow["precision"].value > 0.95 > 0.5 > narrow["recall"].value
    assert wide["recall"].value > 0.9 > 0.6 > wide["precision"].value


def test_the_larger_set_is_cut() -> None:
    fake, real = normal(50, 4, 1), normal(30, 4, 2)
    assert cover(fake, real) == cover(fake[:30], real)
    assert cover(real, fake) == cover(real, fake[:30])


def test_copies_cover_everything() -> None:
    real = normal(50, 20)
    found = cover(real[torch.randperm(50, generator=torch.Generator().manual_seed(0))], real)
    assert (found["precision"].value, found["recall"].value, found["coverage"].value) == (1, 1, 1)
    assert found["density"].value >= 1


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
def test_the_interval_of_a_share_is_wilsons(hits: int, count: int, low: float, high: float) -> None:
    assert share(hits, count) == pytest.approx((hits / count, low, high), abs=1e-4)


def test_the_interval_of_a_share_holds_it() -> None:
    for count in range(1, 300):
        for hits in {0, 1, count // 2, count - 1, count}:
            found = share(hits, count)
            assert 0 <= found.low <= found.value <= found.high <= 1, f"{hits} of {count}"
            assert found.low < found.high, "even a share of none or all is not known for certain"


def test_the_interval_of_a_mean() -> None:
    found = mean(torch.tensor([1.0, 2, 3, 4, 5]))
    half = 1.96 * math.sqrt(2.5 / 5)
    assert found == pytest.approx((3, 3 - half, 3 + half))
    hits = [mean(normal(50, 1, seed)[:, 0] + 2) for seed in range(200)]
    assert 180 <= sum(each.low <= 2 <= each.high for each in hits) <= 199, "not a 95 % interval"


# ---- all of them ---------------------------------------------------------------------------------------------------


def test_real_pictures_look_like_real_pictures() -> None:
    found = scored(features(400, 3), features(400, 4))
    for key, score in found.items():
        assert score.high is not None
        assert score.low <= score.value <= score.high
        if key in {"frechet", "kid"}:
            assert score.low <= 0 <= score.high, f"{key} tells real pictures from real pictures"
        elif key != "frechet_plain":
            assert score.value == pytest.approx(score.real, abs=0.1), f"{key} of real pictures is not what they get"


def test_lacking_kinds_show() -> None:
    real = features(400, 2)
    fewer = features(400, 1)[torch.arange(400) % 10 < 5][:200]
    found = scored(fewer, real)
    for key in ("coverage", "recall"):
        score = found[key]
        assert score.real is not None
        assert score.high < score.real, f"half the kinds are missing, and {key} does not see it"
    assert found["precision"].off == 0, "what is there looks real"


def test_samples_that_are_all_alike_are_not_diverse() -> None:
    real = features(200, 2)
    alike = Features("one", real.stage[:1] + 0.01 * normal(50, 6), real.head[:1] + 0.01 * normal(50, 12))
    assert scored(alike, real)["diversity"].high < 0.1


def test_diversity_is_the_distance_of_pairs() -> None:
    fake, real = features(25, 1), features(30, 2)

    def pairs(set_: Tensor) -> float:
        squares = [float((a - b).square().sum()) for i, a in enumerate(set_) for j, b in enumerate(set_) if i != j]
        return sum(squares) / len(squares)

    expected = math.sqrt(pairs(fake.head) / pairs(real.head))
    assert scored(fake, real)["diversity"].value == pytest.approx(expected, rel=1e-5)


def test_each_score_is_taken_in_its_features() -> None:
    fake, real = features(40, 1), features(50, 2)
    found = scored(fake, real)
    assert found["frechet_plain"].value == pytest.approx(frechet_distance(fake.stage, real.stage))
    assert found["kid"].value == pytest.approx(kernel_distance(fake.head, real.head))
    assert {key: found[key].value for key in ("precision", "recall", "density", "coverage")} == {
        key: each.value for key, each in cover(fake.head, real.head).items()
    }


def test_what_real_pictures_get_is_measured_between_two_halves() -> None:
    real = features(60, 2)
    found = scored(features(40, 1), real)
    halves = cover(real.head[:30], real.head[30:])
    assert {key: found[key].real for key in halves} == {key: each.value for key, each in halves.items()}


def test_wide_features_get_fewer_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = scores.frechet
    monkeypatch.setattr(scores, "frechet", lambda *given: asked.append(given[3]) or real(*given))
    scored(features(40, 1), features(40, 2))
    monkeypatch.setattr(scores, "WIDE", 5)
    scored(features(40, 1), features(40, 2))
    assert asked == [scores.REPLICATES, scores.FEW_REPLICATES]


def test_pixel_scores_are_means_beside_the_reals() -> None:
    fake, real = {"detail": torch.tensor([1.0, 2, 3])}, {"detail": torch.tensor([10.0, 20])}
    (score,) = pixel_scores(fake, real)
    assert (score.key, score.value, score.real, score.network) == ("detail", 2, 15, "")
    assert (score.low, score.high) == pytest.approx((2 - 1.96 / math.sqrt(3), 2 + 1.96 / math.sqrt(3)))


# ---- copies --------------------------------------------------------------------------------------------------------


def blocks(count: int, seed: int) -> Tensor:
    """Return pictures of nine black or white blocks in colour: no two are nearly the same."""
    coarse = torch.randint(0, 2, (count, 3, 3, 3), generator=torch.Generator().manual_seed(seed))
    return (255 * coarse).repeat_interleave(5, 2).repeat_interleave(5, 3).to(torch.uint8)


def test_near_copies_and_what_follows_from_them() -> None:
    copied = blocks(30, 1)
    copied[3:6] = copied[0:3]
    duplicates, support = copy_scores(copied, blocks(40, 0))
    assert (duplicates.value, duplicates.real) == (6 / 30, 0)
    assert duplicates.low > 0
    pairs = 30 * 29 / 2
    assert (support.value, support.real) == (pairs / 3, pairs / 3), "three pairs seen, and three that may have hidden"
    assert support.low < support.value
    assert support.high is None, "three pairs may be chance: there may be any number of pictures"


def test_many_near_copies_bound_the_support_on_both_sides() -> None:
    duplicates, support = copy_scores(blocks(10, 1).repeat(10, 1, 1, 1), blocks(120, 0))
    assert duplicates.value == 1
    assert support.value == pytest.approx(11, rel=0.01), "ten pictures, ten times each"
    assert support.high is not None
    assert 9 < support.low < support.value < support.high < 13
    assert support.off == -1


# ---- nearest training pictures -------------------------------------------------------------------------------------


def nearest(fake: Features, train: Features, mirrored: Features, unseen: Features | None) -> Score:
    return nearest_score(fake, train, mirrored, unseen, torch.Generator().manual_seed(0))


def test_new_pictures_are_as_far_from_the_training_as_those_held_out() -> None:
    train, mirrored = features(200, 1), features(200, 2)
    for unseen in (features(100, 3), None):
        score = nearest(features(150, 4), train, mirrored, unseen)
        assert score.low <= 1 <= score.high, "new pictures are taken for copies, or for strange ones"
        assert score.value == pytest.approx(1, abs=0.1)
        assert (score.real, score.off) == (1, 0)


@pytest.mark.parametrize("side", ["as they are", "mirrored"])
def test_copies_of_training_pictures_are_near_them(side: str) -> None:
    train, mirrored = features(200, 1), features(200, 2)
    copied = (train if side == "as they are" else mirrored)[:150]
    soft = Features("one", copied.stage, copied.head + 0.1 * normal(150, 12))
    for unseen in (features(100, 3), None):
        score = nearest(soft, train, mirrored, unseen)
        assert score.high is not None
        assert score.high < 0.3, "pictures learned by heart are not seen"
        assert score.off == -1


def test_a_training_picture_does_not_find_itself_or_its_mirror_image() -> None:
    """Without held-out pictures, those trained on are the measure, and each would find itself at no distance."""
    train = features(100, 1)
    score = nearest(features(100, 2), train, train, None)
    assert score.value == pytest.approx(1, abs=0.15)


def test_nearest_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    train, mirrored, fake = features(70, 1), features(70, 2), features(50, 3)
    for unseen in (features(40, 4), None):
        whole = nearest(fake, train, mirrored, unseen)
        monkeypatch.setattr(scores, "CHUNK", 16)
        assert nearest(fake, train, mirrored, unseen).value == pytest.approx(whole.value, rel=1e-3)
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
def test_what_cannot_be_scored_is_named(fake: Features, real: Features, complaint: str) -> None:
    with pytest.raises(GanvasError, match=complaint) as caught:
        scored(fake, real)
    assert caught.value.hint
