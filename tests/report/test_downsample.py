"""Downsampling: few points that keep the extremes, limits that ignore a spike, round ticks."""

import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ganvas.report.downsample import MAX_BINS, Scale, downsample, robust_scale
from ganvas.report.history import Point


def points(values: list[float], phase: str = "adversarial") -> list[Point]:
    return [Point(float(index), phase, value, 0.5) for index, value in enumerate(values)]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=3000))
def test_a_curve_is_downsampled_and_keeps_its_extremes(values: list[float]) -> None:
    (piece,) = downsample(points(values))
    assert len(piece) <= MAX_BINS
    assert min(each.minimum for each in piece) == min(values), "a dip was lost"
    assert max(each.maximum for each in piece) == max(values), "a spike was lost"
    assert all(a.seconds < b.seconds for a, b in pairwise(piece))


def test_values_that_are_not_finite_are_left_out() -> None:
    (piece,) = downsample(points([1.0, math.nan, math.inf, 3.0]))
    assert [each.maximum for each in piece] == [1.0, 3.0]
    assert downsample(points([math.nan])) == []


def test_a_curve_breaks_where_the_phase_changes() -> None:
    first, second, third = downsample([*points([1.0, 1.0], "a"), *points([9.0], "b"), *points([1.0], "a")])
    assert [first[0].phase, second[0].phase, third[0].phase] == ["a", "b", "a"]
    assert first[-1].mean == 1.0, "the mean must not reach into the next phase, whose losses mean something else"


def test_the_mean_is_smooth_but_follows_a_steep_start() -> None:
    (noisy,) = downsample(points([0.0, 2.0] * 50))
    assert all(abs(each.mean - 1) < 0.2 for each in noisy[10:])
    (steep,) = downsample(points([100.0, 10.0, 1.0, 1.0, 1.0, 1.0]))
    assert steep[0].mean == 100.0


def test_one_spike_does_not_flatten_everything() -> None:
    values = [1 + 0.1 * math.sin(index) for index in range(500)] + [1e6]
    scale = robust_scale(values)
    assert scale.high < 2
    assert not scale.log


def test_a_mild_outlier_is_shown() -> None:
    values = [1 + 0.1 * math.sin(index) for index in range(500)] + [1.2]
    assert robust_scale(values)(1.2) <= 1


def test_values_over_decades_get_a_logarithmic_scale() -> None:
    scale = robust_scale([10.0 ** (index / 50) for index in range(-100, 100)])
    assert scale.log
    assert scale(0.01) == pytest.approx(0, abs=0.05)
    assert scale.clamped(-1.0) == 0, "a value without a logarithm lies at the lower edge"
    assert not robust_scale([-1.0, 1000.0]).log


@pytest.mark.parametrize("values", [[], [math.nan], [0.0], [5.0, 5.0], [-3.0]])
def test_limits_are_never_equal(values: list[float]) -> None:
    scale = robust_scale(values)
    assert scale.low < scale.high
    assert scale.ticks()


@example(1.0, 40001.0, 2)
@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5), st.integers(2, 8))
def test_ticks_are_few_rising_and_inside(low: float, width: float, most: int) -> None:
    ticks = Scale(low, low + width).ticks(most)
    assert 1 <= len(ticks) <= most + 1
    assert all(a < b for a, b in pairwise(ticks))
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)


@given(st.floats(1e-6, 1e3), st.floats(40, 1e9))
def test_logarithmic_ticks_are_few_and_inside(low: float, ratio: float) -> None:
    scale = Scale(low, low * ratio, log=True)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 5
    assert all(0 <= scale(tick) <= 1 for tick in ticks)
