"""Data for charts: curves reduced to a few hundred points, axis limits that ignore outliers, and ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from .history import Point

MAX_BINS = 200  # per curve
SMOOTHING_RADIUS = 5  # reports on either side in the moving mean: about 100 steps in all, as for `Point.std`
MAX_DRAWABLE = 1e100  # larger values overflow in the arithmetic of a chart
OUTLIER_FACTOR = 2.0  # times the usual range; a value beyond is an outlier, which a chart marks at its edge
LOG_SCALE_RATIO = 30.0  # largest over smallest value; above it the scale is logarithmic


@dataclass(frozen=True)
class CurveBin:
    """Summary of neighbouring points of a curve: mean time, mean value, standard deviation, and both extremes."""

    seconds: float
    phase: str
    mean: float
    std: float
    minimum: float
    maximum: float


def downsample(points: Sequence[Point], max_bins: int = MAX_BINS) -> list[list[CurveBin]]:
    """Return a curve as pieces, a new one at each change of phase, with about `max_bins` bins in all.

    Each bin keeps its smallest and its largest value, so spikes survive. Values that cannot be drawn are left out.
    """
    finite = [point for point in points if is_drawable(point.value)]
    bin_size = max(1, math.ceil(len(finite) / max_bins))
    pieces = []
    for _, group in groupby(finite, key=lambda point: point.phase):
        piece = list(group)
        means = _moving_mean([point.value for point in piece])
        bins = [slice(start, start + bin_size) for start in range(0, len(piece), bin_size)]
        pieces.append([_summarize(piece[each], means[each]) for each in bins])
    return pieces


def is_drawable(value: float) -> bool:
    """Return whether `value` is a number, finite, and small enough for a chart's arithmetic."""
    return abs(value) < MAX_DRAWABLE


def _moving_mean(values: Sequence[float]) -> list[float]:
    """Return the mean of each value and its neighbours.

    The window is symmetric and shrinks near the start, so that a steep first fall is not delayed.
    """
    radii = [min(index, SMOOTHING_RADIUS) for index in range(len(values))]
    return [fmean(values[index - radius : index + radius + 1]) for index, radius in enumerate(radii)]


def _summarize(points: Sequence[Point], means: Sequence[float]) -> CurveBin:
    values = [point.value for point in points]
    stds = [point.std for point in points if is_drawable(point.std)]
    return CurveBin(
        fmean(point.seconds for point in points),
        points[0].phase,
        fmean(means),
        fmean(stds) if stds else 0.0,
        min(values),
        max(values),
    )


@dataclass(frozen=True)
class Scale:
    """Linear or logarithmic map of `low`..`high` to 0..1."""

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the position of `value`; outside of 0..1 if it is beyond the limits."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -math.inf
        return math.log(value / self.low) / math.log(self.high / self.low)

    def clamped(self, value: float) -> float:
        """Return the position of `value`, clamped to 0..1."""
        return min(1.0, max(0.0, self(value)))

    def ticks(self, max_ticks: int = 5) -> list[float]:
        """Return round values within the limits, about `max_ticks` at most; none only if the limits are very close."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1, 2, 5), (1, 3), (1,)):
                ticks = [digit * 10.0**power for power in decades for digit in digits]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
                if len(ticks) <= max_ticks:
                    return ticks
            return ticks[:: math.ceil(len(ticks) / max_ticks)]
        first, last, parts = 1, 0, max_ticks
        while last < first:  # the step may be so wide that no multiple of it lies within the limits
            step = _round_step((self.high - self.low) / parts)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            parts *= 2
        return [index * step for index in range(first, last + 1)]


def robust_scale(values: Sequence[float], outlier_share: float = 0.01) -> Scale:
    """Return axis limits for `values`, logarithmic if these span decades.

    An `outlier_share` of the values at either end is cut off if it lies far from the others. With fewer values than
    1 / `outlier_share`, all of them are kept.
    """
    ordered = sorted(value for value in values if is_drawable(value)) or [0.0, 1.0]
    trimmed = int(outlier_share * len(ordered))
    low, high = ordered[trimmed], ordered[-1 - trimmed]
    allowed = OUTLIER_FACTOR * (high - low)
    full_low, full_high = ordered[0], ordered[-1]
    low, high = (full_low if high - full_low < allowed else low), (full_high if full_high - low < allowed else high)
    if low > 0 and high / low > LOG_SCALE_RATIO:
        return Scale(low / 1.1, high * 1.1, log=True)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 0.5
    floor = 0.0 if 0 <= low < 0.4 * high else low - margin  # show zero if it is near
    return Scale(floor, high + margin)


def _round_step(step: float) -> float:
    """Return `step` rounded up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step * (1 - 1e-9))
