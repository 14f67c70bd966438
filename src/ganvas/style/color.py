"""Colours of a painting: its own or the content's. They are applied after painting, so they can be changed later."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

# Oklab's matrices: from linear sRGB to cone responses, and from their cube roots to lightness, green-red, blue-yellow.
# Source: Ottosson, "A perceptual color space for image processing", 2020.
LINEAR_RGB_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LMS_TO_OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

STRIP_ROWS = 128  # rows that are processed at once, to bound the memory of double precision


def to_oklab(image: Tensor) -> Tensor:
    """Convert sRGB (1, 3, H, W) in [-1, 1] to Oklab: lightness in [0, 1], green-red, blue-yellow."""
    encoded = (image.double() + 1) / 2
    linear = torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    cones = _apply_matrix(linear, _matrix_on(LINEAR_RGB_TO_LMS, image))
    return _apply_matrix(cones.sign() * cones.abs() ** (1 / 3), _matrix_on(LMS_TO_OKLAB, image))


def from_oklab(image: Tensor) -> Tensor:
    """Convert Oklab back to sRGB, clipped to its gamut: the inverse of `to_oklab`."""
    cones = _apply_matrix(image, _matrix_on(LMS_TO_OKLAB, image).inverse()) ** 3
    linear = _apply_matrix(cones, _matrix_on(LINEAR_RGB_TO_LMS, image).inverse()).clamp(0, 1)
    encoded = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-9) ** (1 / 2.4) - 0.055)
    return (2 * encoded - 1).clamp(-1, 1).float()


def keep_luma(painting: Tensor, content: Tensor, opacity: Tensor | None = None) -> Tensor:
    """Return the painting's lightness with the content's colours."""

    def recolored(painting: Tensor, content: Tensor) -> Tensor:
        return from_oklab(torch.cat((to_oklab(painting)[:, :1], to_oklab(content)[:, 1:]), 1))

    return _map_strips(recolored, painting, content)


def match_covariance(painting: Tensor, content: Tensor, opacity: Tensor | None = None) -> Tensor:
    """Return the painting with the mean and covariance of the content's colours in RGB."""
    transfer = gaussian_transport(painting, content, opacity, Tensor.double)
    return _map_strips(lambda strip: transfer(strip.double()).clamp(-1, 1).float(), painting)


def match_oklab(painting: Tensor, content: Tensor, opacity: Tensor | None = None) -> Tensor:
    """Return the painting with the mean and covariance of the content's colours in Oklab, which is perceptual."""
    transfer = gaussian_transport(painting, content, opacity, to_oklab)
    return _map_strips(lambda strip: from_oklab(transfer(to_oklab(strip))), painting)


def gaussian_transport(
    image: Tensor, target: Tensor, opacity: Tensor | None, to_color_space: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """Return the map that gives the colours of `image` the mean and covariance of those of `target`.

    Of all such maps it moves colours least, the optimal transport between two Gaussians:
    x -> n + A (x - m), with A = C^-1/2 (C^1/2 D C^1/2)^1/2 C^-1/2, means m, n and covariances C, D.

    Args:
        image, target: (1, 3, H, W).
        opacity: weight of each pixel, (1, 1, H, W) in [0, 1]; None if all are opaque.
        to_color_space: converts images to the space where colours are compared, in double precision.
    """
    mean, covariance = _mean_and_covariance(image, opacity, to_color_space)
    target_mean, target_covariance = _mean_and_covariance(target, opacity, to_color_space)
    root, inverse = _matrix_power(covariance, 0.5), _matrix_power(covariance, -0.5)
    matrix = inverse @ _matrix_power(root @ target_covariance @ root, 0.5) @ inverse
    return lambda colors: _apply_matrix(colors - mean, matrix) + target_mean


def _mean_and_covariance(
    image: Tensor, opacity: Tensor | None, to_color_space: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the mean (1, 3, 1, 1) and covariance (3, 3) of an image's colours, weighted by opacity."""
    weights = torch.ones_like(image[:, :1]) if opacity is None or not bool((opacity > 0).any()) else opacity
    total = float(weights.double().sum())
    mean = torch.zeros(1, 3, 1, 1, dtype=torch.float64)
    for strip, weight in _strips(image, weights):
        mean += (to_color_space(strip) * weight).sum((2, 3), keepdim=True) / total
    covariance = 1e-6 * torch.eye(3, dtype=torch.float64)
    for strip, weight in _strips(image, weights):
        centered = (to_color_space(strip) - mean).flatten(2)[0]
        covariance += (centered * weight.flatten()) @ centered.T / total
    return mean, covariance


def _strips(*images: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield images of one size in strips of rows, so that copies in double precision are never large."""
    return zip(*(torch.split(image, STRIP_ROWS, dim=2) for image in images), strict=True)


def _map_strips(function: Callable[..., Tensor], *images: Tensor) -> Tensor:
    """Apply a function to images strip by strip, and join what it returns."""
    return torch.cat([function(*strips) for strips in _strips(*images)], 2)


ColorTransfer = Callable[[Tensor, Tensor, Tensor | None], Tensor]
COLOR_MODES: dict[str, ColorTransfer] = {
    "free": lambda painting, content, opacity: painting,
    "luma": keep_luma,
    "covariance": match_covariance,
    "oklab": match_oklab,
}


def _matrix_power(matrix: Tensor, exponent: float) -> Tensor:
    """Return a power of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    powered: Tensor = (vectors * values.clamp(min=1e-12) ** exponent) @ vectors.T
    return powered


def _apply_matrix(image: Tensor, matrix: Tensor) -> Tensor:
    """Return an image (1, 3, H, W) with each pixel multiplied by a matrix (3, 3)."""
    return torch.einsum("ij,bjhw->bihw", matrix, image)


def _matrix_on(rows: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, device=like.device)
