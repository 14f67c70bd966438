"""Held-out pictures: enough to compare with or none, always the same ones, from everywhere in the set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.split import MIN_HELD_OUT, held_out_count, split


@pytest.mark.parametrize(
    ("count", "expected"), [(16, 0), (639, 0), (640, 32), (997, 49), (20_000, 1000), (1_000_000, 1000)]
)
def test_a_twentieth_is_held_out_where_that_is_enough_to_compare(count: int, expected: int) -> None:
    assert held_out_count(count) == expected


@given(st.integers(1, 3000), st.integers(0, 3000))
def test_every_picture_lies_on_one_side(count: int, held_out: int) -> None:
    parts = split(count, held_out)
    assert sorted([*parts.train, *parts.held_out]) == list(range(count)), "a picture is on both sides or on none"
    assert len(parts.held_out) == min(held_out, count // 2), "another number was held out than was asked for"
    for side in (parts.train, parts.held_out):
        assert side.dtype == np.int64
        assert (np.diff(side) > 0).all(), "numbers must ascend: an array on the disk is read in that order"


def test_nothing_held_out_leaves_everything_to_training() -> None:
    assert np.array_equal(split(50, 0).train, np.arange(50))


def test_the_split_never_changes() -> None:
    assert split(100, 5).held_out.tolist() == [16, 31, 45, 60, 99], (
        "old runs would be compared with what they trained on"
    )


@pytest.mark.parametrize("count", [640, 997, 60_000])
def test_held_out_pictures_come_from_everywhere_without_a_period(count: int) -> None:
    chosen = split(count, held_out_count(count)).held_out
    assert len(chosen) >= MIN_HELD_OUT
    assert np.diff(chosen).max() <= 2 * count / len(chosen) + 1, "a stretch of the set has no picture held out"
    for period in range(2, 8):
        share = np.bincount(chosen % period, minlength=period) / len(chosen)
        assert share.max() < 2 / period, f"every {period}th picture is chosen far more often than the others"
