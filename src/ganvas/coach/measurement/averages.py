"""Losses as they run: over a few steps, over many, and how far they swing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass
class Average:
    """Follow a loss: its slow mean and how far it swings about it (root mean square), over about 100 steps.

    `fast` is its mean over about 10 steps.
    """

    mean: float = 0.0
    square: float = 0.0
    count: int = 0
    fast: float = 0.0

    def add(self, value: float) -> None:
        """Take in the next value."""
        self.count += 1
        rate = max(0.01, 1 / self.count)
        deviation = value - self.mean
        self.mean += rate * deviation
        self.square += rate * (deviation * deviation - self.square)
        self.fast += max(0.1, rate) * (value - self.fast)

    @property
    def swing(self) -> float:
        """Return the root mean square of the loss about its mean."""
        return float(self.square**0.5)


def loss_signs(averages: Mapping[str, Average], names: Iterable[str]) -> dict[str, float]:
    """Return each named loss over about 10 and over about 100 steps, and how far it swings."""
    found: dict[str, float] = {}
    for name in names:
        average = averages[name]
        found |= {f"{name}_loss": average.fast, f"{name}_loss_slow": average.mean, f"{name}_swing": average.swing}
    return found
