"""The generator of FastGAN (Liu et al. 2021), as Projected GAN takes it: light, quick to learn from few pictures."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .conditional import LabelledLatent
from .layers import Shape, grids

REACH = 3  # grids that a skip-layer excitation leaps over: from 4 px to 32 px, from 8 px to 64 px


class Excitation(nn.Module):
    """Weigh the channels of fine features by what coarse ones say: big * s(1x1(swish(4x4(pool(small))))).

    Source: Liu et al. 2021, section 3.1, skip-layer excitation.

    Args:
        coarse, fine: channels.
    """

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), nn.Conv2d(coarse, fine, 4), nn.SiLU(), nn.Conv2d(fine, fine, 1), nn.Sigmoid()
        )

    def forward(self, small: Tensor, big: Tensor) -> Tensor:
        """Return (B, fine, H, W) for coarse features (B, coarse, h, w) and fine ones (B, fine, H, W)."""
        weighed: Tensor = big * self.layers(small)
        return weighed


class FastGANGenerator(nn.Module):
    """Grow pictures grid by grid: nearest pixels, a convolution, a norm and a gate; far grids speak to each other.

    The paper's spectral norm and noise are left out: batch norms keep features in size without the one, and equal
    latents make equal pictures without the other.

    Args:
        latent: length of z.
        widths: channels from the coarsest grid to the finest.
        shape: (C, H, W) of the pictures.
        classes: 0, or their number.
    """

    def __init__(self, latent: int, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        (high, wide), *finer = grids(height, width, len(widths) - 1)
        self.latents = LabelledLatent(latent, classes)
        first = 2 * widths[0]
        self.beginning = nn.Sequential(
            nn.Linear(self.latents.length, first * high * wide, bias=False),
            nn.Unflatten(1, (first, high, wide)),
            nn.BatchNorm2d(first),
            nn.GLU(1),
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(grid),
                nn.Conv2d(before, 2 * after, 3, padding=1, bias=False),
                nn.BatchNorm2d(2 * after),
                nn.GLU(1),
            )
            for (before, after), grid in zip(pairwise(widths), finer, strict=True)
        )
        self.excitations = nn.ModuleList(Excitation(*pair) for pair in zip(widths, widths[REACH:], strict=False))
        self.to_rgb = nn.Sequential(nn.Conv2d(widths[-1], channels, 3, padding=1), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return pictures (B, C, H, W) in [-1, 1] for latents (B, latent) and labels (B,)."""
        features = self.beginning(self.latents(z, labels)).contiguous(memory_format=torch.channels_last)
        passed = [features]
        for block in self.blocks:
            features = block(features)
            if len(passed) >= REACH:
                features = self.excitations[len(passed) - REACH](passed[len(passed) - REACH], features)
            passed.append(features)
        pictures: Tensor = self.to_rgb(features)
        return pictures
