"""Pieces that several networks share."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Shape = tuple[int, int, int]


def grids(height: int, width: int, halvings: int) -> list[tuple[int, int]]:
    """Return the grids (H, W) from coarse to fine that lead to height x width, each side halved and rounded up."""
    return [(-(-height >> n), -(-width >> n)) for n in range(halvings, -1, -1)]


def doubling(before: int, after: int, grid: tuple[int, int], bias: bool = False) -> nn.ConvTranspose2d:
    """Return a transposed convolution that leads to `grid`: twice the grid before, or one less where a side is odd.

    (28 = 2 * 14, 14 = 2 * 7, 7 = 2 * 4 - 1: an odd side has a kernel of 3 in place of 4.)
    """
    height, width = grid
    return nn.ConvTranspose2d(before, after, (4 - height % 2, 4 - width % 2), 2, 1, bias=bias)


def halving(widths: tuple[int, ...], shape: Shape, outputs: int, norm: bool) -> nn.Sequential:
    """Return convolutions that halve the picture at each width, and a dense layer on what is left."""
    channels, height, width = shape
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(pairwise((channels, *widths))):
        layers.append(nn.Conv2d(before, after, 4, 2, 1))
        if norm and index > 0:
            layers.append(nn.BatchNorm2d(after))
        layers.append(nn.LeakyReLU(0.2))
    left = (height >> len(widths)) * (width >> len(widths))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * left, outputs))


def wide(features: Tensor) -> Tensor:
    """Return features in float32 at least: squares and small sums do not fit into less."""
    return features.float() if features.dtype in (torch.float16, torch.bfloat16) else features


def resampled(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Return features (B, C, H, W) on another grid, by triangles: between a grid and its double, [1, 3, 3, 1].

    In float32 at least, since processors cannot do it in less.
    """
    if features.shape[2:] == grid:
        return features
    found = F.interpolate(wide(features), grid, mode="bilinear", antialias=grid[0] < features.shape[2])
    return found.to(features.dtype)
