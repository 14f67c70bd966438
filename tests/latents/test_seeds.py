"""Lists of seeds as they are typed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.errors import GanvasError
from ganvas.latents.seeds import MAX_SEEDS, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", [3]),
        ("3,7,20-29", [3, 7, *range(20, 30)]),
        (" 5 , 1-2 ", [5, 1, 2]),
        ("4-4", [4]),
        ("7,7", [7, 7]),
        ("-3", [-3]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
        (str(2**70), [2**70]),
    ],
)
def test_lists(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a list of seeds"),
        ("3-", "'3-' is neither a number nor a range"),
        ("3,,4", "'' is neither"),
        ("a", "'a' is neither"),
        ("1.5", "neither"),
        ("3 4", "neither"),
        ("٣", "neither"),
        ("1" * 5000, "neither"),
        ("9-3", "The range of seeds 9-3 ends before it begins"),
        ("0-999999999999", "more than 1,000,000 seeds"),
        (f"0-{MAX_SEEDS - 1},5", "more than 1,000,000 seeds"),
    ],
)
def test_what_is_no_list_is_refused(text: str, message: str) -> None:
    with pytest.raises(GanvasError, match=message) as caught:
        parse_seeds(text)
    assert caught.value.hint


def test_a_reversed_range_is_shown_the_right_way_round() -> None:
    with pytest.raises(GanvasError) as caught:
        parse_seeds("9-3")
    assert caught.value.hint == "Try: --seeds 3-9"


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 50)), min_size=1, max_size=5))
def test_what_is_written_comes_back(ranges: list[tuple[int, int]]) -> None:
    text = ",".join(f"{first}-{first + more}" if more else str(first) for first, more in ranges)
    assert parse_seeds(text) == [seed for first, more in ranges for seed in range(first, first + more + 1)]


@given(st.text("0123456789-,. ab", max_size=12))
def test_any_text_gives_seeds_or_a_hint(text: str) -> None:
    with contextlib.suppress(GanvasError):
        assert all(isinstance(seed, int) for seed in parse_seeds(text))
