"""Numbers, durations and names are formatted for people."""

import math

import pytest

import tiny
from ganvas.formatting import basename, format_duration, format_interval, format_number, format_percent, format_size


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (12.345, "12.3"), (50.0, "50"), (99.96, "100"), (1234.5, "1,234"), (-0.5, "−0.5"),
     (3e7, "3.00e+07"), (2e-7, "2.00e-07"), (None, "–"), (math.nan, "nan"), ("?", "?")],
)  # fmt: skip
def test_number(value: object, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(41.6, "42 s"), (59.7, "1 min"), (725, "12 min 5 s"), (12000, "3 h 20 min"), (7200, "2 h")]
)
def test_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds).replace("\u00a0", " ") == text


def test_an_interval_needs_both_bounds() -> None:
    assert format_interval(1.0, 2.5) == "1 to 2.5"
    assert format_interval(None, 2.5) == ""
    assert format_percent(0.031) == "3.1\u00a0%"
    assert format_percent(None) == "–"


def test_the_size_is_width_by_height() -> None:
    assert format_size(tiny.config(size=16)) == "16×16, colour"
    assert format_size(tiny.config(size=16, channels=1)) == "16×16, grey"


def test_the_last_part_of_a_path_of_any_system() -> None:
    assert basename("/home/me/pictures/") == "pictures"
    assert basename("C:\\pictures\\cats") == "cats"
    assert basename("/") == "/"
