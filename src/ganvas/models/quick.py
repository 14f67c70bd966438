"""The networks of the `quick` recipe: a decoder that draws, a prior that says what to draw, and their two helpers.

The generator is two networks in a row. The *prior* turns z ~ N(0, I) into a code by following a learned flow (a small
dense network, almost free); the *decoder* turns the code into a picture (convolutions, nearly all of the cost). The
*encoder* is needed for training only: it says which code a real picture has.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Shape, doubling, grids, halving


class Decoder(nn.Module):
    """Draw pictures from codes by transposed convolutions from a grid of about 4 x 4 on.

    Args:
        code: length of a code.
        widths: channels from the coarsest grid to the finest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, code: int, widths: tuple[int, ...], shape: Shape) -> None:
        super().__init__()
        channels, height, width = shape
        (high, wide), *finer = grids(height, width, len(widths) - 1)
        layers: list[nn.Module] = [
            nn.Linear(code, widths[0] * high * wide, bias=False),
            nn.Unflatten(1, (widths[0], high, wide)),
            nn.BatchNorm2d(widths[0]),
            nn.LeakyReLU(0.2),
        ]
        for (before, after), grid in zip(pairwise(widths), finer, strict=True):
            layers += [doubling(before, after, grid), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], channels, 3, 1, 1), nn.Tanh())

    def forward(self, codes: Tensor) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for codes (B, code)."""
        pictures: Tensor = self.layers(codes)
        return pictures


class Encoder(nn.Module):
    """Say which code a picture has; over the pictures each number of a code has mean 0 and variance 1.

    Args:
        code: length of a code.
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, code: int, widths: tuple[int, ...], shape: Shape) -> None:
        super().__init__()
        self.layers = halving(widths, shape, code, norm=True)
        self.norm = nn.BatchNorm1d(code, affine=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return codes (B, code) of pictures (B, C, H, W)."""
        codes: Tensor = self.norm(self.layers(pictures))
        return codes


class QuickDiscriminator(nn.Module):
    """Judge pictures by strided convolutions without normalisation.

    Args:
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, widths: tuple[int, ...], shape: Shape) -> None:
        super().__init__()
        self.layers = halving(widths, shape, 1, norm=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W)."""
        logits: Tensor = self.layers(pictures).squeeze(1)
        return logits


class Flow(nn.Module):
    """Carry noise to codes along a learned velocity field (rectified flow: Liu et al. 2023; Lipman et al. 2023).

    Args:
        code: length of a code and of z.
        width: of the dense layers.
        classes: 0, or the number of classes that codes are told apart by.
    """

    STEPS = 8  # of Heun's method, from noise at time 0 to codes at time 1
    FREQUENCIES = 8  # sines and cosines that tell the time

    def __init__(self, code: int, width: int, classes: int) -> None:
        super().__init__()
        self.enter = nn.Linear(code + 1 + 2 * self.FREQUENCIES, width)
        self.label = nn.Embedding(classes, width) if classes else None
        self.blocks = nn.ModuleList([_Residual(width), _Residual(width)])
        self.leave = nn.Linear(width, code)

    def velocity(self, place: Tensor, time: Tensor, labels: Tensor | None) -> Tensor:
        """Return the direction of travel (B, code) at `place` (B, code) and `time` (B, 1) in [0, 1]."""
        angles = time * math.pi * 2.0 ** torch.arange(self.FREQUENCIES, device=time.device)
        hidden: Tensor = self.enter(torch.cat([place, time, angles.sin(), angles.cos()], dim=1))
        if self.label is not None and labels is not None:
            hidden = hidden + self.label(labels)
        for block in self.blocks:
            hidden = block(hidden)
        velocity: Tensor = self.leave(F.silu(hidden))
        return velocity

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the codes (B, code) that z (B, code) arrives at."""
        place = z
        for step in range(self.STEPS):
            time = torch.full((len(z), 1), step / self.STEPS, device=z.device, dtype=z.dtype)
            first = self.velocity(place, time, labels)
            second = self.velocity(place + first / self.STEPS, time + 1 / self.STEPS, labels)
            place = place + (first + second) / (2 * self.STEPS)
        return place


class _Residual(nn.Module):
    """Add to the input what a small dense network makes of it; nothing at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return (B, width) for (B, width)."""
        added: Tensor = hidden + self.layers(hidden)
        return added


class QuickGenerator(nn.Module):
    """Make pictures from latents: prior, then decoder.

    Args:
        latent: length of z and of a code.
        widths: channels of the decoder.
        shape: (C, H, W) of the pictures.
        classes: 0, or how many classes the prior tells apart.
    """

    PRIOR_WIDTH = 256

    def __init__(self, latent: int, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        self.prior = Flow(latent, self.PRIOR_WIDTH, classes)
        self.decoder = Decoder(latent, widths, shape)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent) and labels (B,), if there are classes."""
        pictures: Tensor = self.decoder(self.prior(z, labels))
        return pictures
