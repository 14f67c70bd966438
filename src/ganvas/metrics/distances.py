"""How far a set of pictures lies from another in features: Frechet and kernel distance, each with a 95 % interval.

Only Inception's Frechet distance may be called FID; ours always goes with the name of its network. torch-fidelity
computes the same values from the same features; ours are kept because an interval takes a hundred of them, and because
the root of a symmetric matrix stays real where there are fewer pictures than features.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import GanvasError

CHUNK = 1000  # rows of a kernel matrix held at once: 10,000 x 10,000 doubles would be 800 MB
REPLICATES = 40  # resamplings for an interval: its width is then known to about a tenth
SPREAD = 1.96  # standard deviations on either side that hold 95 % of a normal distribution


class Interval(NamedTuple):
    """Give a value and the 95 % interval around it."""

    value: float
    low: float
    high: float


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the Frechet distance between Gaussians fitted to two sets of features (N, D) and (M, D).

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2), which is never negative and 0 for equal sets.
    The root is taken of a symmetric matrix by its eigenvalues, so that no imaginary part arises even where N < D.
    It is biased upwards for few pictures: compare only numbers from the same N and M, or use `frechet`.

    Raises:
        GanvasError: fewer than two rows in a set, another width, or a value that is not finite.

    Source: Dowson and Landau 1982; Heusel et al. 2017, arXiv:1706.08500.
    """
    return max(0.0, _frechet(*_paired(a, b)))


def frechet(a: Tensor, b: Tensor, random: torch.Generator, replicates: int = REPLICATES) -> tuple[Interval, Interval]:
    """Return the Frechet distance (plain, corrected), each with its interval.

    The bias of the plain distance falls with 1 / N, so twice the distance of the whole sets less that of their halves
    is free of it: about 0, or a little below, for two sets of real pictures. The interval is the spread under
    resampling both sets with replacement. The order of the rows must be random.

    Args:
        random: of the resampling.
        replicates: how many resamplings; 0 for an interval without width.

    Raises:
        GanvasError: fewer than four rows in a set, another width, or a value that is not finite.

    Source: Chong and Forsyth 2020, arXiv:1911.07023, with two sizes and both sets shrunk; Efron 1979.
    """
    a, b = _paired(a, b, least=4)

    def both(a: Tensor, b: Tensor) -> tuple[float, float]:
        whole = _frechet(a, b)
        halves = (_frechet(a[0::2], b[0::2]) + _frechet(a[1::2], b[1::2])) / 2
        return whole, 2 * whole - halves

    again = [both(a[_draw(len(a), random)], b[_draw(len(b), random)]) for _ in range(replicates)]
    plain, corrected = both(a, b)
    spreads = torch.tensor(again, dtype=torch.float64).std(0).tolist() if replicates > 1 else (0.0, 0.0)
    return _interval(max(0.0, plain), spreads[0]), _interval(corrected, spreads[1])


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return the unbiased squared MMD of two sets of features (N, D) and (M, D) under k(x, y) = (x.y / D + 1)^3.

    This is KID over the whole sets at once, without the usual random subsets: the same expectation, no random
    number, and the sets may differ in size. About 0 (it may be slightly negative) when both follow one distribution.

    Raises:
        GanvasError: fewer than two rows in a set, another width, or a value that is not finite.

    Source: Binkowski et al. 2018, arXiv:1801.01401, equation 4.
    """
    a, b = _paired(a, b)
    return float(_squared_mmd(a, b, a.new_ones(1, len(a)), b.new_ones(1, len(b)))[0])


def kid(a: Tensor, b: Tensor, random: torch.Generator, replicates: int = REPLICATES) -> Interval:
    """Return `kernel_distance` with its interval, the spread under resampling both sets with replacement.

    Raises:
        GanvasError: as `kernel_distance`.
    """
    a, b = _paired(a, b)
    weights_a, weights_b = (
        torch.cat([each.new_ones(1, len(each)), *(_multiplicities(len(each), random) for _ in range(replicates))])
        for each in (a, b)
    )
    values = _squared_mmd(a, b, weights_a, weights_b)
    return _interval(float(values[0]), float(values[1:].std()) if replicates > 1 else 0.0)


def _squared_mmd(a: Tensor, b: Tensor, weights_a: Tensor, weights_b: Tensor) -> Tensor:
    """Return the unbiased squared MMD (R,) for each row of weights (R, N) and (R, M): how often each picture counts."""
    n, m = len(a), len(b)
    within_a = _kernel_sums(a, a, weights_a, weights_a) - weights_a @ _self_kernel(a)
    within_b = _kernel_sums(b, b, weights_b, weights_b) - weights_b @ _self_kernel(b)
    between = _kernel_sums(a, b, weights_a, weights_b)
    return within_a / (n * (n - 1)) + within_b / (m * (m - 1)) - 2 * between / (n * m)


def _kernel_sums(a: Tensor, b: Tensor, weights_a: Tensor, weights_b: Tensor) -> Tensor:
    """Return sum_ij w_i k(a_i, b_j) v_j for each row of weights."""
    total = a.new_zeros(len(weights_a))
    for rows, weights in zip(torch.split(a, CHUNK), torch.split(weights_a, CHUNK, 1), strict=True):
        total += (weights @ (rows @ b.T / b.shape[1] + 1).pow(3)).mul(weights_b).sum(1)
    return total


def _self_kernel(a: Tensor) -> Tensor:
    return (a.square().mean(1) + 1).pow(3)


def _frechet(a: Tensor, b: Tensor) -> float:
    root = _symmetric_root(torch.cov(a.T, correction=1))
    cross = torch.linalg.eigvalsh(root @ torch.cov(b.T, correction=1) @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + a.var(0).sum() + b.var(0).sum() - 2 * cross)


def _symmetric_root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _paired(a: Tensor, b: Tensor, least: int = 2) -> tuple[Tensor, Tensor]:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < least:
        raise GanvasError(
            f"A distance needs two sets of at least {least} rows of equal width, "
            f"not {tuple(a.shape)} and {tuple(b.shape)}."
        )
    if not (a.isfinite().all() and b.isfinite().all()):
        raise GanvasError("The features hold NaN or infinite values.", "Look at the samples: training may have failed.")
    return a.double(), b.double()


def _draw(count: int, random: torch.Generator) -> Tensor:
    return torch.randint(count, (count,), generator=random)


def _multiplicities(count: int, random: torch.Generator) -> Tensor:
    return torch.bincount(_draw(count, random), minlength=count).double()[None]


def _interval(value: float, deviation: float) -> Interval:
    return Interval(value, value - SPREAD * deviation, value + SPREAD * deviation)
