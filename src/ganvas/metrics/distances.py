"""Distances between two sets of features: Frechet and kernel distance, each with a 95 % bootstrap interval.

Only the Frechet distance on Inception features may be called FID. On other networks the network's name is always given.
torch-fidelity computes the same values from the same features. We have our own code for two reasons: an interval takes
a hundred evaluations, and the square root of a symmetric matrix stays real with fewer images than features.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import GanvasError
from ..translation import _

KERNEL_CHUNK_ROWS = 1000  # rows of the kernel matrix in memory at once; 10,000 x 10,000 doubles would be 800 MB
BOOTSTRAP_REPLICATES = 40  # bootstrap resamples per interval; they estimate its width to within about 10 %
Z_95 = 1.96  # a normal distribution has 95 % of its mass within this many standard deviations of the mean


class Interval(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the Frechet distance between Gaussians fitted to two sets of features (N, D) and (M, D).

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2), which is never negative and 0 for equal sets.
    The square root is that of a symmetric matrix, by its eigenvalues, so it has no imaginary part even where N < D.
    The estimate is biased upwards for few images: compare only values with the same N and M, or use
    `bootstrap_frechet_distance`.

    Raises:
        GanvasError: a set has fewer than two rows, the widths differ, or a value is not finite.

    Source: Dowson and Landau 1982; Heusel et al. 2017, arXiv:1706.08500.
    """
    return max(0.0, _frechet(*_validated_pair(a, b)))


def bootstrap_frechet_distance(
    a: Tensor, b: Tensor, rng: torch.Generator, replicates: int = BOOTSTRAP_REPLICATES
) -> tuple[Interval, Interval]:
    """Return the plain and the bias-corrected Frechet distance, each with its interval.

    The bias of the plain distance falls with 1 / N. Twice the distance of the whole sets minus that of their halves
    has no such bias: it is about 0, or slightly below, for two sets of real images. The interval comes from resampling
    both sets with replacement. The rows must be in random order.

    Args:
        a, b: features (N, D) and (M, D).
        rng: random numbers for the resampling.
        replicates: number of bootstrap resamples; 0 gives an interval of zero width.

    Raises:
        GanvasError: a set has fewer than four rows, the widths differ, or a value is not finite.

    Source: Chong and Forsyth 2020, arXiv:1911.07023, with two sizes and both sets shrunk; Efron 1979.
    """
    a, b = _validated_pair(a, b, min_rows=4)

    def plain_and_corrected(a: Tensor, b: Tensor) -> tuple[float, float]:
        whole = _frechet(a, b)
        halves = (_frechet(a[0::2], b[0::2]) + _frechet(a[1::2], b[1::2])) / 2
        return whole, 2 * whole - halves

    resampled = [
        plain_and_corrected(a[_bootstrap_indices(len(a), rng)], b[_bootstrap_indices(len(b), rng)])
        for _ in range(replicates)
    ]
    plain, corrected = plain_and_corrected(a, b)
    stds = torch.tensor(resampled, dtype=torch.float64).std(0).tolist() if replicates > 1 else (0.0, 0.0)
    return _interval(max(0.0, plain), stds[0]), _interval(corrected, stds[1])


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return the unbiased squared MMD of two sets of features (N, D) and (M, D) under k(x, y) = (x.y / D + 1)^3.

    This is KID on the whole sets instead of random subsets. The expectation is the same, nothing is random, and the
    sets may differ in size. It is about 0, possibly slightly negative, if both sets follow one distribution.

    Raises:
        GanvasError: a set has fewer than two rows, the widths differ, or a value is not finite.

    Source: Binkowski et al. 2018, arXiv:1801.01401, equation 4.
    """
    a, b = _validated_pair(a, b)
    return float(_squared_mmd(a, b, a.new_ones(1, len(a)), b.new_ones(1, len(b)))[0])


def bootstrap_kernel_distance(
    a: Tensor, b: Tensor, rng: torch.Generator, replicates: int = BOOTSTRAP_REPLICATES
) -> Interval:
    """Return `kernel_distance` with its interval, from resampling both sets with replacement.

    Args:
        a, b: features (N, D) and (M, D).
        rng: random numbers for the resampling.
        replicates: number of bootstrap resamples; 0 gives an interval of zero width.

    Raises:
        GanvasError: see `kernel_distance`.
    """
    a, b = _validated_pair(a, b)
    weights_a, weights_b = (
        torch.cat([rows.new_ones(1, len(rows)), *(_bootstrap_counts(len(rows), rng) for _ in range(replicates))])
        for rows in (a, b)
    )
    values = _squared_mmd(a, b, weights_a, weights_b)
    return _interval(float(values[0]), float(values[1:].std()) if replicates > 1 else 0.0)


def _squared_mmd(a: Tensor, b: Tensor, weights_a: Tensor, weights_b: Tensor) -> Tensor:
    """Return the unbiased squared MMD (R,), one value per row of weights (R, N) and (R, M).

    A weight says how often a row of features counts.
    """
    n, m = len(a), len(b)
    within_a = _kernel_sums(a, a, weights_a, weights_a) - weights_a @ _kernel_diagonal(a)
    within_b = _kernel_sums(b, b, weights_b, weights_b) - weights_b @ _kernel_diagonal(b)
    between = _kernel_sums(a, b, weights_a, weights_b)
    return within_a / (n * (n - 1)) + within_b / (m * (m - 1)) - 2 * between / (n * m)


def _kernel_sums(a: Tensor, b: Tensor, weights_a: Tensor, weights_b: Tensor) -> Tensor:
    """Return sum_ij w_i k(a_i, b_j) v_j for each pair (w, v) of rows of `weights_a` and `weights_b`."""
    total = a.new_zeros(len(weights_a))
    for rows, weights in zip(
        torch.split(a, KERNEL_CHUNK_ROWS), torch.split(weights_a, KERNEL_CHUNK_ROWS, 1), strict=True
    ):
        total += (weights @ (rows @ b.T / b.shape[1] + 1).pow(3)).mul(weights_b).sum(1)
    return total


def _kernel_diagonal(a: Tensor) -> Tensor:
    """Return k(a_i, a_i) for each row."""
    return (a.square().mean(1) + 1).pow(3)


def _frechet(a: Tensor, b: Tensor) -> float:
    sqrt_cov = _symmetric_sqrt(torch.cov(a.T, correction=1))
    cross = torch.linalg.eigvalsh(sqrt_cov @ torch.cov(b.T, correction=1) @ sqrt_cov).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.var(0).sum() + b.var(0).sum() - 2 * cross)


def _symmetric_sqrt(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _validated_pair(a: Tensor, b: Tensor, min_rows: int = 2) -> tuple[Tensor, Tensor]:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < min_rows:
        raise GanvasError(
            _("A distance needs two sets of at least {min_rows} rows with equal width, not {one} and {other}.").format(
                min_rows=min_rows, one=tuple(a.shape), other=tuple(b.shape)
            )
        )
    if not (a.isfinite().all() and b.isfinite().all()):
        raise GanvasError(
            _("The features contain NaN or infinite values."), _("Look at the samples: the training may have failed.")
        )
    return a.double(), b.double()


def _bootstrap_indices(count: int, rng: torch.Generator) -> Tensor:
    return torch.randint(count, (count,), generator=rng)


def _bootstrap_counts(count: int, rng: torch.Generator) -> Tensor:
    return torch.bincount(_bootstrap_indices(count, rng), minlength=count).double()[None]


def _interval(value: float, std: float) -> Interval:
    return Interval(value, value - Z_95 * std, value + Z_95 * std)
