"""Copies of training pictures among the samples are noticed, mirrored ones too; honest samples are not accused."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from ganvas.data.split import Split, split
from ganvas.metrics.memorisation import Memorisation, Pair, memorisation, pairs_sheet


def noise(count: int, seed: int = 0) -> Tensor:
    """Return pictures of which no two are alike."""
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8, generator=random)


def planted(samples: Tensor, training: Tensor, share: float) -> Tensor:
    """Return samples, a share of them replaced by slightly changed training pictures, every other one mirrored."""
    random = torch.Generator().manual_seed(0)
    count = round(share * len(samples))
    copies = training[torch.randint(len(training), (count,), generator=random)] * 0.98
    copies += 4 * torch.randn(copies.shape, generator=random)
    copies[::2] = copies[::2].flip(3)
    return torch.cat([copies.round().clamp(0, 255).to(torch.uint8), samples[count:]])


Look = Callable[[float], Memorisation]


@pytest.fixture(scope="module", params=["people", "digits", "photographs"])
def look(request: pytest.FixtureRequest, shared_pictures: dict[str, Tensor]) -> Look:
    """Return a function from a share of planted copies to what is found; real pictures stand for the other samples."""
    pictures = shared_pictures[request.param]
    samples, known = pictures[::2], pictures[1::2]
    parts = split(len(known), 32)

    def look(share: float) -> Memorisation:
        return memorisation(planted(samples, known[parts.train], share), known.numpy(), parts)

    return look


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "none"), (0.08, "some"), (0.5, "much"), (1.0, "much")])
def test_planted_copies_are_told_by_their_share(share: float, verdict: str, look: Look) -> None:
    found = look(share)
    assert found.verdict == verdict, found.text
    excess = found.near_copies - found.baseline_near_copies * (1 - share)
    assert excess == pytest.approx(share, abs=0.05), f"{share:.0%} were planted: {found.text}"


def test_copies_lie_nearer_than_real_pictures_do(look: Look) -> None:
    fresh, copied = look(0.0), look(1.0)
    assert fresh.median_distance == pytest.approx(fresh.baseline_median_distance, rel=0.5)
    assert copied.median_distance < fresh.median_distance / 2


def test_the_closest_pairs_come_first_and_name_both_pictures() -> None:
    pictures, samples = noise(40), noise(50, seed=1)
    samples[7] = pictures[31]
    samples[9] = (pictures[4].flip(2) * 0.97).to(torch.uint8)
    found = memorisation(samples, pictures.numpy(), split(40, 0))
    first, second = found.pairs[:2]
    assert (first.sample, first.picture, first.mirrored) == (7, 31, False)
    assert (second.sample, second.picture, second.mirrored) == (9, 4, True), "a mirrored copy is a copy"
    assert len(found.pairs) == 32
    distances = [pair.distance for pair in found.pairs]
    assert distances == sorted(distances)


def test_the_sheet_shows_each_sample_beside_its_picture_as_it_is_near() -> None:
    pictures, samples = noise(6), noise(6, seed=1)
    sheet = pairs_sheet((Pair(2, 5, 1.0, False), Pair(3, 1, 2.0, True)), samples, pictures.numpy())
    found = {
        (top, left)
        for top in range(sheet.shape[1] - 15)
        for left in range(sheet.shape[2] - 31)
        for sample, picture in ((samples[2], pictures[5]), (samples[3], pictures[1].flip(2)))
        if torch.equal(sheet[:, top : top + 16, left : left + 32], torch.cat([sample, picture], 2))
    }
    assert len(found) == 2, "a pair is missing, apart, or not mirrored"


def test_the_held_out_pictures_are_the_baseline_where_they_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.metrics.memorisation.BASELINE", 30)
    pictures, samples = noise(200).numpy(), noise(50, seed=1)
    many, few, none = (memorisation(samples, pictures, split(200, count)) for count in (30, 10, 0))
    assert (many.baseline, few.baseline, none.baseline) == ("held out", "training", "training")
    assert "of 30 real pictures" in many.text
    assert "of 30 real pictures" in few.text
    assert (few.held_out_near_copies, none.held_out_near_copies) == (0.0, None)
    assert "Of the 10 real pictures kept out of the training, 0 are." in few.text
    assert "kept out" not in none.text


def test_held_out_pictures_are_not_what_samples_are_compared_with() -> None:
    pictures = noise(200)
    parts = split(200, 50)
    samples = torch.cat([pictures[parts.held_out], noise(150, seed=1)])
    assert memorisation(samples, pictures.numpy(), parts).near_copies == 0, (
        "a picture never trained on cannot be copied"
    )


def test_pictures_that_are_there_twice_do_not_excuse_copies() -> None:
    pictures = noise(100).repeat(2, 1, 1, 1)
    parts = Split(np.arange(150), np.arange(150, 200))
    found = memorisation(planted(noise(200, seed=1), pictures, 0.5), pictures.numpy(), parts)
    assert (found.baseline_near_copies, found.verdict) == (0.0, "much")


def test_pictures_that_are_all_the_same_still_fit_into_a_report() -> None:
    found = memorisation(noise(20), noise(1, seed=1).repeat(20, 1, 1, 1).numpy(), split(20, 0))
    assert found.baseline_median_distance == 255, "infinity is no JSON"


def test_one_copy_in_few_samples_is_no_proof() -> None:
    pictures = noise(60)
    samples = noise(50, seed=1)
    samples[0] = pictures[0]
    found = memorisation(samples, pictures.numpy(), split(60, 0))
    assert found.verdict == "none", "chance alone may draw one picture in fifty"
    assert "1 of 50 samples (2.0%) are near-copies" in found.text


def test_where_all_are_alike_nothing_is_claimed() -> None:
    pictures = noise(1) // 8 * 8 + noise(100, seed=1) // 64
    found = memorisation(pictures[:50], pictures[50:].numpy(), split(50, 0))
    assert found.verdict == "unknown"
    assert "too much alike" in found.text


def test_everything_fits_into_a_report() -> None:
    found = memorisation(noise(20), noise(20, seed=1).numpy(), split(20, 0))
    assert json.loads(json.dumps(dataclasses.asdict(found)))["pairs"][0].keys() == {
        "sample",
        "picture",
        "distance",
        "mirrored",
    }
