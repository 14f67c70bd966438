"""Running averages of a loss: over about 10 steps, over about 100, and its standard deviation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass
class LossAverage:
    """Exponential moving averages of a loss.

    mean, variance: over about 100 steps; the variance is about that mean.
    count: losses so far; until there are enough, each counts the same.
    fast_mean: mean over about 10 steps.
    """

    mean: float = 0.0
    variance: float = 0.0
    count: int = 0
    fast_mean: float = 0.0

    def add(self, loss: float) -> None:
        """Take the loss of the next step into the averages."""
        self.count += 1
        weight = max(0.01, 1 / self.count)
        deviation = loss - self.mean
        self.mean += weight * deviation
        self.variance += weight * (deviation * deviation - self.variance)
        self.fast_mean += max(0.1, weight) * (loss - self.fast_mean)

    @property
    def std(self) -> float:
        """Return the standard deviation over about 100 steps."""
        return float(self.variance**0.5)


def loss_metrics(averages: Mapping[str, LossAverage], names: Iterable[str]) -> dict[str, float]:
    """Return the fast mean, slow mean and standard deviation of each named loss."""
    metrics: dict[str, float] = {}
    for name in names:
        average = averages[name]
        metrics |= {
            f"{name}_loss": average.fast_mean,
            f"{name}_loss_slow": average.mean,
            f"{name}_loss_std": average.std,
        }
    return metrics
