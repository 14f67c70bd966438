"""The colours of a painting: its own, or the picture's. Nothing is painted anew, so they may change afterwards."""

from collections.abc import Callable

import torch
from torch import Tensor

# Oklab's matrices, from linear sRGB to cone answers and from their cube roots to lightness, green-red and blue-yellow.
# Source: Ottosson, "A perceptual color space for image processing", 2020.
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OPPONENTS = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def to_oklab(picture: Tensor) -> Tensor:
    """Return sRGB (1, 3, H, W) in [-1, 1] in Oklab: lightness in [0, 1], green-red, blue-yellow."""
    encoded = (picture.double() + 1) / 2
    linear = torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp(min=0) + 0.055) / 1.055) ** 2.4)
    cones = _mapped(linear, _matrix(CONES, picture))
    return _mapped(cones.sign() * cones.abs() ** (1 / 3), _matrix(OPPONENTS, picture))


def from_oklab(picture: Tensor) -> Tensor:
    """Return the inverse of `to_oklab`, clipped to what sRGB can show."""
    cones = _mapped(picture, _matrix(OPPONENTS, picture).inverse()) ** 3
    linear = _mapped(cones, _matrix(CONES, picture).inverse()).clamp(0, 1)
    encoded = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-9) ** (1 / 2.4) - 0.055)
    return (2 * encoded - 1).clamp(-1, 1).float()


def keep_luma(painting: Tensor, content: Tensor) -> Tensor:
    """Return the painting's light and dark with the content's colours."""
    light, colours = to_oklab(painting), to_oklab(content)
    return from_oklab(torch.cat((light[:, :1], colours[:, 1:]), 1))


def match_covariance(painting: Tensor, content: Tensor) -> Tensor:
    """Return the painting with the means and covariances of the content's red, green and blue."""
    return matched(painting.double(), content.double()).clamp(-1, 1).float()


def match_oklab(painting: Tensor, content: Tensor) -> Tensor:
    """Return the painting with the means and covariances of the content's colours as eyes tell them apart."""
    return from_oklab(matched(to_oklab(painting), to_oklab(content)))


def matched(picture: Tensor, like: Tensor) -> Tensor:
    """Return a picture (1, 3, H, W) moved, as little as can be, to the mean and covariance of another.

    x -> n + A (x - m), A = C^-1/2 (C^1/2 D C^1/2)^1/2 C^-1/2, the optimal transport between two Gaussians.
    """
    flat, aim = picture.flatten(2)[0], like.flatten(2)[0]
    mean, target = flat.mean(1, keepdim=True), aim.mean(1, keepdim=True)
    covariance = (flat - mean) @ (flat - mean).T / flat.shape[1] + 1e-6 * torch.eye(3).to(flat)
    wanted = (aim - target) @ (aim - target).T / aim.shape[1] + 1e-6 * torch.eye(3).to(flat)
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    move = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    return (move @ (flat - mean) + target).view_as(picture)


COLOURS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "free": lambda painting, _: painting,
    "luma": keep_luma,
    "covariance": match_covariance,
    "oklab": match_oklab,
}


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """Return a power of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    powered: Tensor = (vectors * values.clamp(min=1e-12) ** exponent) @ vectors.T
    return powered


def _mapped(picture: Tensor, matrix: Tensor) -> Tensor:
    """Return each pixel of (1, 3, H, W) multiplied by a matrix."""
    return torch.einsum("ij,bjhw->bihw", matrix, picture)


def _matrix(rows: tuple[tuple[float, ...], ...], like: Tensor) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, device=like.device)
