"""Compare two sets of features: the Frechet distance and the kernel distance, in double precision.

Only Inception's Frechet distance may be called FID; ours always goes with the name of its network.
"""

import torch
from torch import Tensor

from ..errors import GanvasError
from .features import Features

CHUNK = 1000  # rows of a kernel matrix held at once: 10,000 x 10,000 doubles would be 800 MB


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the Frechet distance between Gaussians fitted to two sets of features (N, D) and (M, D).

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2), which is never negative and 0 for equal sets.
    The root is taken of a symmetric matrix by its eigenvalues, so that no imaginary part arises even where N < D.
    It is biased upwards for few pictures: compare only numbers from the same N and M.

    Raises:
        GanvasError: fewer than two rows in a set, another width, or a value that is not finite.

    Source: Dowson and Landau 1982; Heusel et al. 2017, arXiv:1706.08500.
    """
    a, b = _paired(a, b)
    root = _symmetric_root(torch.cov(a.T, correction=1))
    cov_b = torch.cov(b.T, correction=1)
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    mean_gap = (a.mean(0) - b.mean(0)).square().sum()
    distance = mean_gap + a.var(0).sum() + b.var(0).sum() - 2 * cross
    return max(0.0, float(distance))


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return the unbiased squared MMD of two sets of features (N, D) and (M, D) under k(x, y) = (x.y / D + 1)^3.

    This is KID over the whole sets at once, without the usual random subsets: the same expectation, no random
    number, and the sets may differ in size. About 0 (it may be slightly negative) when both follow one distribution.

    Raises:
        GanvasError: fewer than two rows in a set, another width, or a value that is not finite.

    Source: Binkowski et al. 2018, arXiv:1801.01401, equation 4.
    """
    a, b = _paired(a, b)
    n, m = len(a), len(b)
    within_a = (_kernel_sum(a, a) - _self_kernel_sum(a)) / (n * (n - 1))
    within_b = (_kernel_sum(b, b) - _self_kernel_sum(b)) / (m * (m - 1))
    return within_a + within_b - 2 * _kernel_sum(a, b) / (n * m)


def score(fake: Features, real: Features) -> dict[str, float]:
    """Return {"frechet", "kid"}: the Frechet distance on the 192-channel stage, and KID on the 1280-channel head.

    Raises:
        GanvasError: the features come from two different networks.
    """
    if fake.network != real.network:
        raise GanvasError(
            f"Features of {fake.network} cannot be compared with features of {real.network}.",
            "Extract both sets with the same network.",
        )
    return {"frechet": frechet_distance(real.stage, fake.stage), "kid": kernel_distance(real.head, fake.head)}


def _paired(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise GanvasError(
            f"A distance needs two sets of at least 2 rows of equal width, not {tuple(a.shape)} and {tuple(b.shape)}."
        )
    if not (a.isfinite().all() and b.isfinite().all()):
        raise GanvasError("The features hold NaN or infinite values.", "Look at the samples: training may have failed.")
    return a.double(), b.double()


def _symmetric_root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root


def _kernel_sum(a: Tensor, b: Tensor) -> float:
    return sum(float((rows @ b.T / b.shape[1] + 1).pow(3).sum()) for rows in torch.split(a, CHUNK))


def _self_kernel_sum(a: Tensor) -> float:
    return float((a.square().mean(1) + 1).pow(3).sum())
