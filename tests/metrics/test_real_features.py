"""Which real images samples are compared with, and that their features are computed only once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas.data import PreparedDataset
from ganvas.metrics.features import extract_features
from ganvas.metrics.networks import NETWORKS, FeaturePair, load_network
from ganvas.metrics.real_features import RealImages


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    return tiny.prepared(pictures)


class Borders(nn.Module):
    """A network whose features are the upper and the left border of an image; it remembers what it was shown."""

    def __init__(self, shown: list[Tensor]) -> None:
        super().__init__()
        self.shown = shown

    def forward(self, images: Tensor) -> FeaturePair:
        self.shown.append(images)
        return images[:, 0, 0].float(), images[:, 0, :, 0].float()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Tensor]]:
    """Register the networks "borders" and "others", and return the batches of images that they are shown."""
    shown: list[Tensor] = []
    for name in ("borders", "others"):
        monkeypatch.setitem(NETWORKS, name, lambda weights: Borders(shown))
    yield shown
    load_network.cache_clear()  # the next test gets networks that are its own


def bordered(data: PreparedDataset, **options: Any) -> RealImages:
    return RealImages(data, **{"network": "borders"} | options)


def features(reals: RealImages, rows: list[int], **options: bool) -> Tensor:
    return reals.features(np.array(rows), **options).intermediate


def test_random_indices_are_always_the_same(data: PreparedDataset) -> None:
    rows = RealImages(data).random_indices(10)
    assert len(set(rows.tolist())) == 10
    assert rows.tolist() != sorted(rows.tolist()), (
        "images are sorted by name, so the first half of them is not a random sample"
    )
    assert np.array_equal(rows, RealImages(data).random_indices(10))
    assert np.array_equal(rows[:4], RealImages(data).random_indices(4)), (
        "a smaller selection must be the start of a larger one"
    )


def test_all_images_are_returned_if_more_are_requested(data: PreparedDataset) -> None:
    assert sorted(RealImages(data).random_indices(1000)) == list(range(tiny.COUNT))


def test_held_out_images_are_not_selected(data: PreparedDataset) -> None:
    real = RealImages(data, held_out=6)
    assert len(real.split.held_out) == 6
    assert set(real.random_indices(1000)) == set(range(tiny.COUNT)) - set(real.split.held_out)


def test_features_come_in_the_order_of_the_rows(data: PreparedDataset, shown: list[Tensor]) -> None:
    rows = features(bordered(data), [5, 0, 2])
    assert torch.equal(rows, torch.from_numpy(np.array(data.images))[[5, 0, 2], 0, 0].float())


def test_mirrored_pictures_are_mirrored_left_to_right(data: PreparedDataset, shown: list[Tensor]) -> None:
    rows = features(bordered(data), [1, 3], mirrored=True)
    expected = torch.from_numpy(np.array(data.images))[[1, 3], 0, 0].flip(-1).float()
    assert torch.equal(rows, expected), "not the features of the mirror images"
    assert np.array_equal(shown[0], np.asarray(data.images)[[1, 3]][..., ::-1])


def test_features_are_computed_once(data: PreparedDataset, shown: list[Tensor]) -> None:
    first = features(bordered(data), [1, 2])
    assert torch.equal(features(bordered(data), [1, 2]), first)
    assert len(shown) == 1, "features of the same images were computed twice"


def test_other_images_or_networks_have_other_cached_features(data: PreparedDataset, shown: list[Tensor]) -> None:
    features(bordered(data), [1, 2])
    others = [
        lambda: features(bordered(data), [2, 1]),
        lambda: features(bordered(data), [1, 2], mirrored=True),
        lambda: features(bordered(replace(data, fingerprint="another")), [1, 2]),
        lambda: features(bordered(data, network="others"), [1, 2]),
        lambda: features(bordered(data, weights=Path("other.pth")), [1, 2]),
    ]
    for count, other in enumerate(others, start=2):
        other()
        assert len(shown) == count, f"cached features of other images or of another network were returned ({count - 1})"


def test_the_cache_does_not_depend_on_the_split(data: PreparedDataset, shown: list[Tensor]) -> None:
    """Features depend only on the images: another split of the same set must not compute them again."""
    features(bordered(data, held_out=0), [1, 2])
    features(bordered(data, held_out=6), [1, 2])
    assert len(shown) == 1


@pytest.mark.slow
def test_with_the_real_network(data: PreparedDataset) -> None:
    mine = RealImages(data)
    rows = mine.random_indices(3)
    for mirrored in (False, True):
        seen = np.asarray(data.images)[rows]
        expected = extract_features(np.ascontiguousarray(seen[..., ::-1]) if mirrored else seen)
        assert torch.equal(mine.features(rows, mirrored).final, expected.final)
