"""Which real pictures samples are compared with, and that their features are computed once for each set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import tiny
from ganvas.data import Prepared
from ganvas.metrics import real_features
from ganvas.metrics.features import Features, extract
from ganvas.metrics.real_features import Reals


@pytest.fixture
def data(pictures: Path) -> Prepared:
    return tiny.prepared(pictures)


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Let features be each picture's corners, and return what was looked at, set by set."""
    seen: list[np.ndarray] = []

    def corners(pictures: np.ndarray, network: str, **_: object) -> Features:
        seen.append(np.array(pictures))
        found = torch.from_numpy(np.array(pictures)).float()[:, 0]
        return Features(network, found[:, 0].clone(), found[:, :, 0].clone())

    monkeypatch.setattr(real_features, "extract", corners)
    return seen


def features(reals: Reals, rows: list[int], **options: bool) -> Tensor:
    return reals.features(np.array(rows), **options).stage


def test_some_are_drawn_in_random_order_and_always_the_same(data: Prepared) -> None:
    rows = Reals(data).some(10)
    assert len(set(rows.tolist())) == 10
    assert rows.tolist() != sorted(rows.tolist()), (
        "pictures lie in the order of their names: a half of them is no sample"
    )
    assert np.array_equal(rows, Reals(data).some(10))
    assert np.array_equal(rows[:4], Reals(data).some(4)), "a smaller number should be a part of the larger one"


def test_all_there_are_when_more_are_wanted(data: Prepared) -> None:
    assert sorted(Reals(data).some(1000)) == list(range(tiny.COUNT))


def test_what_was_held_out_is_not_compared_with(data: Prepared) -> None:
    mine = Reals(data, held_out=6)
    assert len(mine.split.held_out) == 6
    assert set(mine.some(1000)) == set(range(tiny.COUNT)) - set(mine.split.held_out)


def test_features_come_in_the_order_of_the_rows(data: Prepared, extracted: list[np.ndarray]) -> None:
    found = features(Reals(data), [5, 0, 2])
    assert torch.equal(found, torch.from_numpy(np.array(data.pictures))[[5, 0, 2], 0, 0].float())


def test_mirrored_pictures_are_mirrored_left_to_right(data: Prepared, extracted: list[np.ndarray]) -> None:
    found = features(Reals(data), [1, 3], mirrored=True)
    expected = torch.from_numpy(np.array(data.pictures))[[1, 3], 0, 0].flip(-1).float()
    assert torch.equal(found, expected), "features of something else than the mirror image"
    assert np.array_equal(extracted[0], np.asarray(data.pictures)[[1, 3]][..., ::-1])


def test_features_are_computed_once(data: Prepared, extracted: list[np.ndarray]) -> None:
    first = features(Reals(data), [1, 2])
    assert torch.equal(features(Reals(data), [1, 2]), first)
    assert len(extracted) == 1, "the same pictures were looked at twice"


def test_what_is_kept_is_not_taken_for_something_else(data: Prepared, extracted: list[np.ndarray]) -> None:
    features(Reals(data), [1, 2])
    others = [
        lambda: features(Reals(data), [2, 1]),
        lambda: features(Reals(data), [1, 2], mirrored=True),
        lambda: features(Reals(replace(data, fingerprint="another")), [1, 2]),
        lambda: features(Reals(data, network="efficientnet-lite1"), [1, 2]),
        lambda: features(Reals(data, weights=Path("other.pth")), [1, 2]),
    ]
    for count, other in enumerate(others, start=2):
        other()
        assert len(extracted) == count, (
            f"kept features were taken for those of other pictures or networks ({count - 1})"
        )


def test_held_out_pictures_share_what_was_kept(data: Prepared, extracted: list[np.ndarray]) -> None:
    """Features depend on the pictures alone: another division of the same set must not compute them again."""
    features(Reals(data, held_out=0), [1, 2])
    features(Reals(data, held_out=6), [1, 2])
    assert len(extracted) == 1


def test_with_the_real_network(data: Prepared) -> None:
    mine = Reals(data)
    rows = mine.some(3)
    for mirrored in (False, True):
        seen = np.asarray(data.pictures)[rows]
        expected = extract(np.ascontiguousarray(seen[..., ::-1]) if mirrored else seen)
        assert torch.equal(mine.features(rows, mirrored).head, expected.head)
