"""The colours of a painting: its own, or the picture's. Nothing is painted anew, so they may change afterwards."""

from collections.abc import Callable, Iterator

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

STRIP = 128  # rows that are worked on at once


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


def keep_luma(painting: Tensor, content: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return the painting's light and dark with the content's colours."""

    def mixed(strip: Tensor, colours: Tensor) -> Tensor:
        return from_oklab(torch.cat((to_oklab(strip)[:, :1], to_oklab(colours)[:, 1:]), 1))

    return _by_strips(mixed, painting, content)


def match_covariance(painting: Tensor, content: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return the painting with the means and covariances of the content's red, green and blue."""
    move = transport(painting, content, seen, Tensor.double)
    return _by_strips(lambda strip: move(strip.double()).clamp(-1, 1).float(), painting)


def match_oklab(painting: Tensor, content: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return the painting with the means and covariances of the content's colours as eyes tell them apart."""
    move = transport(painting, content, seen, to_oklab)
    return _by_strips(lambda strip: from_oklab(move(to_oklab(strip))), painting)


def transport(
    picture: Tensor, like: Tensor, seen: Tensor | None, space: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """Return what moves colours, as little as can be, so that a picture has the mean and covariance of another.

    x -> n + A (x - m), A = C^-1/2 (C^1/2 D C^1/2)^1/2 C^-1/2, the optimal transport between two Gaussians.

    Args:
        picture, like: (1, 3, H, W).
        seen: how much of each pixel is to be seen, (1, 1, H, W) in [0, 1]; None if all of them are.
        space: takes pictures to where colours are compared, in double precision.
    """
    mean, covariance = _moments(picture, seen, space)
    target, wanted = _moments(like, seen, space)
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    matrix = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    return lambda colours: _mapped(colours - mean, matrix) + target


def _moments(picture: Tensor, seen: Tensor | None, space: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Return the mean (1, 3, 1, 1) and the covariance (3, 3) of a picture's colours, strip by strip."""
    shares = torch.ones_like(picture[:, :1]) if seen is None or not bool((seen > 0).any()) else seen
    total = float(shares.double().sum())
    mean = torch.zeros(1, 3, 1, 1, dtype=torch.float64)
    for part, share in _strips(picture, shares):
        mean += (space(part) * share).sum((2, 3), keepdim=True) / total
    covariance = 1e-6 * torch.eye(3, dtype=torch.float64)
    for part, share in _strips(picture, shares):
        away = (space(part) - mean).flatten(2)[0]
        covariance += (away * share.flatten()) @ away.T / total
    return mean, covariance


def _strips(*pictures: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Yield pictures of one size in strips, so that what is double, and several times so, is never large."""
    return zip(*(torch.split(each, STRIP, dim=2) for each in pictures), strict=True)


def _by_strips(change: Callable[..., Tensor], *pictures: Tensor) -> Tensor:
    return torch.cat([change(*parts) for parts in _strips(*pictures)], 2)


Colouring = Callable[[Tensor, Tensor, Tensor | None], Tensor]
COLOURS: dict[str, Colouring] = {
    "free": lambda painting, content, seen: painting,
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
