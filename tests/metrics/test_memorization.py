"""Copies of training images among the samples are noticed, mirrored ones too; new images are not called copies."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from ganvas.data.split import TrainSplit, split
from ganvas.metrics.memorization import Memorization, Pair, measure_memorization, pairs_grid


def noise(count: int, seed: int = 0) -> Tensor:
    """Return images of which no two are similar."""
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=random)


def planted(samples: Tensor, training: Tensor, share: float) -> Tensor:
    """Replace a share of the samples by slightly changed training images, every other one mirrored."""
    random = torch.Generator().manual_seed(0)
    count = round(share * len(samples))
    copies = training[torch.randint(len(training), (count,), generator=random)] * 0.98
    copies += 4 * torch.randn(copies.shape, generator=random)
    copies[::2] = copies[::2].flip(3)
    return torch.cat([copies.round().clamp(0, 255).to(torch.uint8), samples[count:]])


Measure = Callable[[float], Memorization]


@pytest.fixture(scope="module", params=["people", "digits", "photographs"])
def measure(request: pytest.FixtureRequest, shared_pictures: dict[str, Tensor]) -> Measure:
    """Return a function from a share of planted copies to the result; real images stand for the other samples."""
    pictures = shared_pictures[request.param]
    samples, images = pictures[::2], pictures[1::2]
    parts = split(len(images), 32)

    def measure(share: float) -> Memorization:
        return measure_memorization(planted(samples, images[parts.train], share), images.numpy(), parts)

    return measure


@pytest.mark.slow
@pytest.mark.parametrize(("share", "verdict"), [(0.0, "none"), (0.12, "some"), (0.5, "much"), (1.0, "much")])
def test_the_verdict_follows_the_share_of_planted_copies(share: float, verdict: str, measure: Measure) -> None:
    result = measure(share)
    assert result.verdict == verdict, result.text
    excess = result.near_copies - result.baseline_near_copies * (1 - share)
    assert excess == pytest.approx(share, abs=0.05), f"{share:.0%} were planted: {result.text}"


@pytest.mark.slow
def test_copies_are_closer_than_real_images(measure: Measure) -> None:
    fresh, copied = measure(0.0), measure(1.0)
    assert fresh.median_distance == pytest.approx(fresh.baseline_median_distance, rel=0.5)
    assert copied.median_distance < fresh.median_distance / 2


def test_the_closest_pairs_come_first_and_name_both_pictures() -> None:
    pictures, samples = noise(40), noise(50, seed=1)
    samples[7] = pictures[31]
    samples[9] = (pictures[4].flip(2) * 0.97).to(torch.uint8)
    result = measure_memorization(samples, pictures.numpy(), split(40, 0))
    first, second = result.pairs[:2]
    assert (first.sample, first.picture, first.mirrored) == (7, 31, False)
    assert (second.sample, second.picture, second.mirrored) == (9, 4, True), "a mirrored copy is a copy"
    assert len(result.pairs) == 32
    distances = [pair.distance for pair in result.pairs]
    assert distances == sorted(distances)


def test_a_turned_copy_is_a_copy_where_the_training_turned() -> None:
    pictures, samples = noise(60), noise(40, seed=1)
    samples[:20] = pictures[:20].rot90(1, (2, 3))
    samples[20:30] = pictures[20:30].flip(3).rot90(2, (2, 3))
    for turns, expected in (((0,), 0.0), ((0, 2), 0.25), ((0, 1, 2, 3), 0.75)):
        found = measure_memorization(samples, pictures.numpy(), split(60, 0), turns=turns)
        assert found.near_copies == expected
        assert found.baseline_near_copies == 0, "a picture that is turned is no other one"


def test_the_grid_shows_each_sample_beside_its_nearest_image() -> None:
    pictures, samples = noise(6), noise(6, seed=1)
    grid = pairs_grid((Pair(2, 5, 1.0, False), Pair(3, 1, 2.0, True)), samples, pictures.numpy())
    positions = {
        (top, left)
        for top in range(grid.shape[1] - 15)
        for left in range(grid.shape[2] - 31)
        for sample, picture in ((samples[2], pictures[5]), (samples[3], pictures[1].flip(2)))
        if torch.equal(grid[:, top : top + 16, left : left + 32], torch.cat([sample, picture], 2))
    }
    assert len(positions) == 2, "a pair is missing, split, or not mirrored"


def test_the_held_out_pictures_are_the_baseline_where_they_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.metrics.memorization.BASELINE_IMAGES", 30)
    pictures, samples = noise(200).numpy(), noise(50, seed=1)
    many, few, none = (measure_memorization(samples, pictures, split(200, count)) for count in (30, 10, 0))
    assert (many.baseline, few.baseline, none.baseline) == ("held out", "training", "training")
    assert "of 30 real pictures" in many.text
    assert "of 30 real pictures" in few.text
    assert (few.held_out_near_copies, none.held_out_near_copies) == (0.0, None)
    assert "Of the 10 pictures held out of the training, 0 are near-copies." in few.text
    assert "held out" not in none.text


def test_samples_are_not_compared_with_held_out_images() -> None:
    pictures = noise(200)
    parts = split(200, 50)
    samples = torch.cat([pictures[parts.held_out], noise(150, seed=1)])
    assert measure_memorization(samples, pictures.numpy(), parts).near_copies == 0, (
        "an image that was never trained on cannot be copied"
    )


def test_duplicates_in_the_training_set_do_not_excuse_copies() -> None:
    pictures = noise(100).repeat(2, 1, 1, 1)
    parts = TrainSplit(np.arange(150), np.arange(150, 200))
    result = measure_memorization(planted(noise(200, seed=1), pictures, 0.5), pictures.numpy(), parts)
    assert (result.baseline_near_copies, result.verdict) == (0.0, "much")


def test_pictures_that_are_all_the_same_still_fit_into_a_report() -> None:
    result = measure_memorization(noise(20), noise(1, seed=1).repeat(20, 1, 1, 1).numpy(), split(20, 0))
    assert result.baseline_median_distance == 255, "infinity is no JSON"


def test_one_copy_in_few_samples_is_no_proof() -> None:
    pictures = noise(60)
    samples = noise(50, seed=1)
    samples[0] = pictures[0]
    result = measure_memorization(samples, pictures.numpy(), split(60, 0))
    assert result.verdict == "none", "one near-copy in fifty may be chance"
    assert "1 of 50 samples (2.0%) are near-copies" in result.text


def test_the_verdict_on_a_set_of_similar_images_is_unknown() -> None:
    pictures = noise(1) // 8 * 8 + noise(100, seed=1) // 64
    result = measure_memorization(pictures[:50], pictures[50:].numpy(), split(50, 0))
    assert result.verdict == "unknown"
    assert "too similar" in result.text


def test_everything_fits_into_a_report() -> None:
    result = measure_memorization(noise(20), noise(20, seed=1).numpy(), split(20, 0))
    assert json.loads(json.dumps(dataclasses.asdict(result)))["pairs"][0].keys() == {
        "sample",
        "picture",
        "distance",
        "mirrored",
    }
