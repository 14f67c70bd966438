"""Axes of a latent space along which pictures change most: principal components, and the styles' own (SeFa).

Everything is computed in double precision on the CPU, so that a run has the same axes wherever they are found.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import GanvasError
from ..translation import _

FLAT = 1e-12  # variance below which samples are all alike


def principal_axes(samples: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the principal components of samples, largest first.

    Args:
        samples: (N, F).
        count: components at most; there are no more than samples - 1 or F.

    Returns:
        the components (K, F), each as long as one standard deviation, and their shares (K,) of the whole variance.

    Raises:
        GanvasError: the samples are all alike.
    """
    centered = samples.double() - samples.double().mean(0)
    rows, columns = centered.shape
    is_wide = columns > rows
    gram = (centered @ centered.T if is_wide else centered.T @ centered) / max(1, rows - 1)
    variances, vectors = largest_eigenvectors(gram, min(count, rows - 1, columns))
    whole = gram.diagonal().sum()
    if not whole > FLAT:
        raise GanvasError(
            _("All pictures of this generator are alike: there is no direction in which they change."),
            _("See what went wrong: ganvas doctor RUN"),
        )
    kept = variances > FLAT * whole
    variances, vectors = variances[kept], vectors[kept]
    if is_wide:  # eigenvectors of X X^T, which X^T turns into those of X^T X
        vectors = _of_unit_length(vectors @ centered)
    return _with_a_sign(vectors * variances.sqrt()[:, None]), variances / whole


def coordinates(samples: Tensor, axes: Tensor) -> Tensor:
    """Return where samples (N, F) lie along orthogonal axes (K, F), in multiples of their lengths (N, K)."""
    axes = axes.double()
    return samples.double() @ (axes / axes.square().sum(1, keepdim=True)).T


def regressed(latents: Tensor, along: Tensor) -> Tensor:
    """Return the latents (K, D) that belong to a step along each axis: the least squares of GANSpace, section 3.2.

    U = argmin sum |U x_j - z_j|^2 (Härkönen et al. 2020), for latents z_j (N, D) and coordinates x_j (N, K). Where
    coordinates begin makes no difference.
    """
    centered = along.double() - along.double().mean(0)
    solution: Tensor = torch.linalg.lstsq(centered, latents.double()).solution
    return solution


def style_axes(weights: Sequence[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """Return the axes of w that change the styles most: eigenvectors of A^T A, largest first.

    Source: Shen and Zhou 2021, SeFa, eq. 7, of all layers' weights A, one below the other.

    Args:
        weights: (styles, w_dim) of each layer.
        count: axes at most.

    Returns:
        the axes (K, w_dim), of unit length, and their shares (K,) of the sum of all eigenvalues.
    """
    stacked = torch.cat([weight.double().cpu() for weight in weights])
    gram = stacked.T @ stacked
    values, vectors = largest_eigenvectors(gram, min(count, len(gram)))
    return _with_a_sign(vectors), values / gram.diagonal().sum()


def largest_eigenvectors(matrix: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the largest eigenvalues (K,) of a symmetric matrix (F, F) and their eigenvectors (K, F)."""
    values, vectors = torch.linalg.eigh(matrix)
    return values.flip(0)[:count].clamp_min(0), vectors.T.flip(0)[:count]


def _of_unit_length(vectors: Tensor) -> Tensor:
    units: Tensor = vectors / vectors.norm(dim=1, keepdim=True)
    return units


def _with_a_sign(vectors: Tensor) -> Tensor:
    """Return vectors (K, F) whose largest number is positive: an eigenvector may as well point the other way."""
    largest = vectors.abs().argmax(1, keepdim=True)
    return vectors * vectors.gather(1, largest).sign()
