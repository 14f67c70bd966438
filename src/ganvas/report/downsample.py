"""Numbers made fit to be drawn: curves of a few hundred points, limits that one spike does not upset, ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from .history import Point

MOST = 200  # stretches of a curve; each keeps its least and its greatest value, so at most 400 values
WINDOW = 5  # reports on either side that the mean line is taken over: about 100 steps in all, as the swing is


LARGEST = 1e100
STRAY = 2.0  # times the usual range: what lies beyond is pointed out rather than shown
DECADES = 30.0  # greatest over least value from which on a logarithm shows more


@dataclass(frozen=True)
class Stretch:
    """Sum up neighbouring points of a curve: when, their mean, the swing about it, the least and the greatest value."""

    seconds: float
    phase: str
    mean: float
    swing: float
    least: float
    greatest: float


def thin(points: Sequence[Point], most: int = MOST) -> list[list[Stretch]]:
    """Return a curve as pieces, one each time that a phase is entered, with at most `most` stretches or so in all.

    Values that are not finite or too large to be drawn are left out; extremes are kept.
    """
    finite = [point for point in points if drawable(point.value)]
    size = max(1, math.ceil(len(finite) / most))
    pieces = []
    for _, group in groupby(finite, key=lambda point: point.phase):
        piece = list(group)
        means = _moving_mean([point.value for point in piece])
        pieces.append([_sum_up(piece[at : at + size], means[at : at + size]) for at in range(0, len(piece), size)])
    return pieces


def drawable(value: float) -> bool:
    """Tell whether a value is a number that arithmetic can bear."""
    return abs(value) < LARGEST


def _moving_mean(values: Sequence[float]) -> list[float]:
    """Return the mean of each value and its neighbours, at the start as few after as before: a steep fall is no lag."""
    reach = [min(index, WINDOW) for index in range(len(values))]
    return [fmean(values[index - far : index + far + 1]) for index, far in enumerate(reach)]


def _sum_up(points: Sequence[Point], means: Sequence[float]) -> Stretch:
    values = [point.value for point in points]
    swings = [point.swing for point in points if drawable(point.swing)]
    return Stretch(
        fmean(point.seconds for point in points),
        points[0].phase,
        fmean(means),
        fmean(swings) if swings else 0.0,
        min(values),
        max(values),
    )


@dataclass(frozen=True)
class Scale:
    """Map values from `low`..`high` to 0..1, evenly or by their logarithm."""

    low: float
    high: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return where `value` lies; beyond 0..1 if it is outside the limits."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -math.inf
        return math.log(value / self.low) / math.log(self.high / self.low)

    def inside(self, value: float) -> float:
        """Return where `value` lies, moved to the nearest limit if it is outside."""
        return min(1.0, max(0.0, self(value)))

    def ticks(self, most: int = 5) -> list[float]:
        """Return at most `most` round values within the limits, at least one unless they are very close."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1, 2, 5), (1, 3), (1,)):
                ticks = [digit * 10.0**power for power in decades for digit in digits]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
                if len(ticks) <= most:
                    return ticks
            return ticks[:: math.ceil(len(ticks) / most)]
        first, last, parts = 1, 0, most
        while last < first:  # a step may be so wide that none of its multiples lies inside
            step = _round_up((self.high - self.low) / parts)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            parts *= 2
        return [index * step for index in range(first, last + 1)]


def robust_scale(values: Sequence[float], outliers: float = 0.01) -> Scale:
    """Return limits that hold `values`, by logarithm if they span decades.

    The `outliers` share at either end is held too unless it strays far; of few values none is an outlier.
    """
    ordered = sorted(value for value in values if drawable(value)) or [0.0, 1.0]
    cut = int(outliers * len(ordered))
    low, high = ordered[cut], ordered[-1 - cut]
    usual = STRAY * (high - low)
    low, high = (ordered[0] if high - ordered[0] < usual else low), (ordered[-1] if ordered[-1] - low < usual else high)
    if low > 0 and high / low > DECADES:
        return Scale(low / 1.1, high * 1.1, log=True)
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 0.5
    floor = 0.0 if 0 <= low < 0.4 * high else low - margin  # near zero, show it
    return Scale(floor, high + margin)


def _round_up(step: float) -> float:
    """Return the least of 1, 2, 5 times a power of ten that is not below `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step * (1 - 1e-9))
